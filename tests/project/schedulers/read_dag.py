"""Says as JSON what Airflow makes of a file: errors, and the tasks of its DAGs."""

import json
import sys
from pathlib import Path

from airflow.dag_processing.dagbag import DagBag

bag = DagBag(sys.argv[1])
tasks = {
    task.task_id: {"cwd": task.cwd, "command": task.bash_command, "then": sorted(task.downstream_task_ids)}
    for dag in bag.dags.values()
    for task in dag.tasks
}
found = {"errors": bag.import_errors, "dags": list(bag.dags), "tasks": tasks}
Path(sys.argv[2]).write_text(json.dumps(found), encoding="utf-8")
