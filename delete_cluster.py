"""Remove the Redshift cluster, its role and its network: sparkify cluster delete."""

import sys

try:
    from sparkify.cli.app import main
except ModuleNotFoundError as error:
    sys.exit(
        f"error: {error.name} is not installed for {sys.executable}\n"
        "  what to do: make setup; then run .venv/bin/python delete_cluster.py"
    )

if __name__ == "__main__":
    main(["cluster", "delete", *sys.argv[1:]])
