"""Remove the Redshift cluster, its role and its network: sparkify cluster delete."""

import sys

from sparkify.cli import main

if __name__ == "__main__":
    main(["cluster", "delete", *sys.argv[1:]])
