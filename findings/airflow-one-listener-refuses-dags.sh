#!/usr/bin/env bash
# Airflow 3.3.2 (Task SDK 1.3.2, providers-standard 1.21.0): as soon as any installed plugin has any listener, be it one
# that is told of asset events alone, each DAG in which a sensor has end_from_trigger=True becomes an import error: the
# DAG that ran yesterday is gone after a package was installed that has nothing to do with it. The error is called a
# violation of a cluster policy, though there is no policy, and its text still has its two %s in it: names come after.
# A provider that ships a listener for one process is best off without one in all the others.
#
# Expected: the DAG stays, at least where no listener is told of tasks; or else an error that names the plugin.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" --disable-pip-version-check install --quiet \
	apache-airflow-core==3.3.2 apache-airflow-task-sdk==1.3.2 apache-airflow-providers-standard==1.21.0

export AIRFLOW_HOME="$folder/airflow" AIRFLOW__CORE__LOAD_EXAMPLES=False AIRFLOW__CORE__DAGS_FOLDER="$folder/dags"
"$folder/venv/bin/airflow" db migrate >"$folder/log" 2>&1
mkdir -p "$folder/dags" "$AIRFLOW_HOME/plugins"
cat >"$folder/dags/night.py" <<'PY'
from datetime import datetime

from airflow.providers.standard.sensors.date_time import DateTimeSensorAsync
from airflow.sdk import DAG

with DAG("night", schedule=None, start_date=datetime(2026, 1, 1)):
    DateTimeSensorAsync(task_id="wait", target_time="{{ data_interval_end }}", end_from_trigger=True)
PY
cat >"$folder/parse.py" <<'PY'
import sys

from airflow.dag_processing.dagbag import DagBag

bag = DagBag(sys.argv[1])
print(sorted(bag.dags), *(line.rpartition("DAG %s")[0][:76] for line in bag.import_errors.values()))
PY
parse() { "$folder/venv/bin/python" "$folder/parse.py" "$folder/dags" 2>>"$folder/log" | tail -n 1; }

parse | tee "$folder/seen"
cat >"$AIRFLOW_HOME/plugins/listening.py" <<'PY'
import sys

from airflow.listeners import hookimpl
from airflow.plugins_manager import AirflowPlugin


@hookimpl
def on_asset_created(asset):
    """It is told of nothing else."""


class Listening(AirflowPlugin):
    name = "listening"
    listeners = [sys.modules[__name__]]
PY
parse | tee -a "$folder/seen"
diff "$folder/seen" <(cat <<'EXPECTED'
['night']
[] AirflowClusterPolicyError: ('Listeners are not supported with end_from_trigg
EXPECTED
)
