"""Create the Redshift cluster, with its role and network: sparkify cluster create."""

import sys

from sparkify.cli import main

if __name__ == "__main__":
    main(["cluster", "create", *sys.argv[1:]])
