"""Runs the dbt project.

Usage: python run.py DATA OUT
"""

import json
import os
import sys
from pathlib import Path

from dbt.cli.main import dbtRunner

data, out = map(Path, sys.argv[1:])
os.environ["WAREHOUSE"] = str(out / "warehouse.duckdb")
project = str(Path(__file__).parent)
options = ["--project-dir", project, "--profiles-dir", project, "--vars", json.dumps({"data": str(data)})]
result = dbtRunner().invoke(
    ["run", *options, "--target-path", str(out / "target"), "--log-path", str(out / "logs")]
)
sys.exit(not result.success)
