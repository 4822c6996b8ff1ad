"""Imported last by the process that commands are forked from: what each of them would do first, and alike."""

import atexit
import gc

from sparkify.cli.app import _command

_command()
# Or each would look for garbage among all that was imported.
gc.freeze()
atexit.register(gc.unfreeze)  # or extension modules report what they take for leaks
