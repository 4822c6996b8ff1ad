"""Stage, transform and audit: sparkify etl."""

import sys

try:
    from sparkify.cli.app import main
except ModuleNotFoundError as error:
    sys.exit(
        f"error: {error.name} is not installed for {sys.executable}\n"
        "  what to do: make setup; then run .venv/bin/python etl.py"
    )

if __name__ == "__main__":
    main(["etl", *sys.argv[1:]])
