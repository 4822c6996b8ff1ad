"""Drop and create the staging and star tables without a question: sparkify create-tables --yes."""

import sys
from pathlib import Path

# Also where only requirements.txt is installed.
sys.path.insert(0, str(Path(__file__).resolve().parent / "src"))

try:
    from sparkify.cli.app import main
except ModuleNotFoundError as error:
    sys.exit(
        f"error: sparkify is not installed for {sys.executable}: {error.name} is missing\n"
        "  hint: pip install -r requirements.txt, or make run and then .venv/bin/python create_tables.py"
    )

if __name__ == "__main__":
    main(["create-tables", "--yes", *sys.argv[1:]])
