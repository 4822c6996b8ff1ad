"""Lets ``python -m sparkify`` be the command line tool."""

from sparkify.cli.app import main

if __name__ == "__main__":
    main()
