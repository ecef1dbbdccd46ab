#!/usr/bin/env bash
# Airflow 3.3.2: of three events of an asset that are committed one after the other, before the scheduler's next look, the
# run that they start has the first one only. The other two are in no run and start none; they wait for the asset's next
# event, for ever if none comes. The queue has one row for an asset and a DAG, with the time of its first event, and a run
# takes the events up to that time. A DAG that works through its triggering_asset_events so loses some of each burst;
# nothing in a log says so. What has no such gap: a task with inlets=[asset] that reads inlet_events with a cursor of its
# own.
#
# Expected: all three in the run, or two runs.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" --disable-pip-version-check install --quiet \
	apache-airflow-core==3.3.2 apache-airflow-task-sdk==1.3.2

export AIRFLOW_HOME="$folder/airflow" AIRFLOW__CORE__LOAD_EXAMPLES=False AIRFLOW__CORE__DAGS_FOLDER="$folder/dags"
export AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION=False
mkdir "$folder/dags"
cat >"$folder/dags/letters.py" <<'PY'
from airflow.sdk import DAG, Asset

dag = DAG("reads", schedule=[Asset("letters")])
PY
cat >"$folder/write.py" <<'PY'
import sys

from airflow.assets.manager import asset_manager
from airflow.models.asset import AssetModel
from airflow.utils.session import create_session

for number in sys.argv[1:]:
    with create_session() as session:
        letters = session.query(AssetModel).filter_by(name="letters").one()
        asset_manager.register_asset_change(asset=letters, extra={"number": int(number)}, session=session)
PY
cat >"$folder/look.py" <<'PY'
from airflow.models.asset import AssetDagRunQueue
from airflow.models.dagrun import DagRun
from airflow.utils.session import create_session

with create_session() as session:
    for run in session.query(DagRun).order_by(DagRun.id):
        print("run:", sorted(event.extra["number"] for event in run.consumed_asset_events))
    print("to come:", session.query(AssetDagRunQueue).count())
PY
run() { "$folder/venv/bin/$@" >>"$folder/log" 2>&1 || { cat "$folder/log"; exit 1; }; }
burst() {
	run python "$folder/write.py" "$@"
	run airflow scheduler --num-runs 5 --skip-serve-logs
	"$folder/venv/bin/python" "$folder/look.py" 2>>"$folder/log"
}
run airflow db migrate
run airflow dags reserialize
{ burst 1 2 3; burst 4; } | tee "$folder/seen"
diff "$folder/seen" - <<'OUT'
run: [1]
to come: 0
run: [1]
run: [2, 3, 4]
to come: 0
OUT
