"""Drop and create the staging and star tables without a question: sparkify create-tables --yes."""

import sys

try:
    from sparkify.cli.app import main
except ModuleNotFoundError as error:
    sys.exit(
        f"error: {error.name} is not installed for {sys.executable}\n"
        "  what to do: make setup; then run .venv/bin/python create_tables.py"
    )

if __name__ == "__main__":
    main(["create-tables", "--yes", *sys.argv[1:]])
