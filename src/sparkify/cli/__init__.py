"""The command line: commands, what they print, progress, exit codes."""

from sparkify.cli.app import main

__all__ = ["main"]
