"""Remove the Redshift cluster, its role and its network: sparkify cluster delete."""

import sys
from pathlib import Path

# Also where only requirements.txt is installed.
sys.path.insert(0, str(Path(__file__).resolve().parent / "src"))

try:
    from sparkify.cli.app import main
except ModuleNotFoundError as error:
    sys.exit(
        f"error: sparkify is not installed for {sys.executable}: {error.name} is missing\n"
        "  hint: pip install -r requirements.txt, or make run and then .venv/bin/python delete_cluster.py"
    )

if __name__ == "__main__":
    main(["cluster", "delete", *sys.argv[1:]])
