"""Writes the five tables as CSV, as ../postgres/export.py does.

Usage: python export.py OUT
"""

import runpy
import sys
from pathlib import Path

folder = Path(__file__).parents[1] / "postgres"
sys.path.append(str(folder))
runpy.run_path(str(folder / "export.py"))
