"""Stage, transform and audit: sparkify etl."""

import sys

from sparkify.cli import main

if __name__ == "__main__":
    main(["etl", *sys.argv[1:]])
