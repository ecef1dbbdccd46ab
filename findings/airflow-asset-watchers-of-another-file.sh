#!/usr/bin/env bash
# Airflow 3.3.2: a DAG file that merely reads an asset takes the watchers away that another DAG file has given it. The
# watchers of an asset are those of the file that was read last: a file that names the asset without watchers removes
# them, and the file that has them brings them back when it is read again. With the usual interval of 30 s between two
# readings a watcher is stopped and started anew all the time, and no log says so. So an asset with watchers must be
# defined once, in a module that all DAG files import.
#
# Expected: the watchers of all files, as the schedules and inlets of all files are kept.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" --disable-pip-version-check install --quiet \
	apache-airflow-core==3.3.2 apache-airflow-task-sdk==1.3.2

export AIRFLOW_HOME="$folder/airflow" AIRFLOW__CORE__LOAD_EXAMPLES=False AIRFLOW__CORE__DAGS_FOLDER="$folder/dags"
export AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION=False
export PYTHONPATH="$folder"
mkdir "$folder/dags"
cat >"$folder/letters.py" <<'PY'
from airflow.triggers.base import BaseEventTrigger


class Letters(BaseEventTrigger):
    def serialize(self):
        return "letters.Letters", {}

    async def run(self):
        yield
PY
cat >"$folder/dags/watches.py" <<'PY'
from airflow.sdk import DAG, Asset, AssetWatcher
from letters import Letters

box = Asset("box", watchers=[AssetWatcher(name="letters", trigger=Letters())])
dag = DAG("watches", schedule=[box])
PY
cat >"$folder/dags/reads.py" <<'PY'
from airflow.sdk import DAG, Asset

dag = DAG("reads", schedule=[Asset("box")])
PY
cat >"$folder/run.py" <<'PY'
import sys

from airflow.dag_processing.dagbag import DagBag, sync_bag_to_db
from airflow.models.asset import AssetModel
from airflow.models.dagbundle import DagBundleModel
from airflow.utils.session import create_session

with create_session() as session:
    session.merge(DagBundleModel(name="dags"))
for file in ("watches.py", "reads.py", "watches.py"):  # each by itself, as the DAG processor does
    bag = DagBag(f"{sys.argv[1]}/{file}", bundle_name="dags")
    sync_bag_to_db(bag, "dags", None)
    with create_session() as session:
        box = session.query(AssetModel).filter_by(name="box").one()
        dags = sorted(reference.dag_id for reference in box.scheduled_dags)
        watchers = [watcher.name for watcher in box.watchers]
    with open(sys.argv[2], "a") as seen:
        print(f"{file} was read: it starts {dags}, its watchers are {watchers}", file=seen)
PY
"$folder/venv/bin/airflow" db migrate >"$folder/log" 2>&1
"$folder/venv/bin/python" "$folder/run.py" "$folder/dags" "$folder/seen" >>"$folder/log" 2>&1 ||
	{ cat "$folder/log"; exit 1; }
cat "$folder/seen"
diff "$folder/seen" - <<'OUT'
watches.py was read: it starts ['watches'], its watchers are ['letters']
reads.py was read: it starts ['reads', 'watches'], its watchers are []
watches.py was read: it starts ['reads', 'watches'], its watchers are ['letters']
OUT
