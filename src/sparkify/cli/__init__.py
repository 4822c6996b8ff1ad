"""The command line: commands, what they print, progress, exit codes."""
