"""Drop and create the staging and star tables: sparkify create-tables."""

import sys

from sparkify.cli import main

if __name__ == "__main__":
    main(["create-tables", *sys.argv[1:]])
