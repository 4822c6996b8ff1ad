"""Create the Redshift cluster, with its role and network: sparkify cluster create."""

import sys

try:
    from sparkify.cli.app import main
except ModuleNotFoundError as error:
    sys.exit(
        f"error: {error.name} is not installed for {sys.executable}\n"
        "  what to do: make setup; then run .venv/bin/python create_cluster.py"
    )

if __name__ == "__main__":
    main(["cluster", "create", *sys.argv[1:]])
