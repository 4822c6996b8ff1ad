"""Plans and applies the SQLMesh project.

Usage: python run.py DATA OUT
"""

import os
import sys
from pathlib import Path

os.environ["DATA"], os.environ["OUT"] = sys.argv[1:]

from sqlmesh import Context  # noqa: E402 - config.py reads the environment

Context(paths=str(Path(__file__).parent)).plan(auto_apply=True, no_prompts=True)
