#!/usr/bin/env bash
# Airflow 3.3.2 (Task SDK 1.3.2): an operator that overrides post_execute(context, result) is never told its result: the
# task runner calls the method with the context alone, so that result is its default, None. The function that is given
# as the argument post_execute= gets the result of the same run. On Airflow 2 both get it, and the signature of the base
# class still has it. An operator that judges its result there, e.g. fails for too few rows, finds nothing to judge.
#
# Expected: the result in both, as in Airflow 2.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" --disable-pip-version-check install --quiet \
	apache-airflow-core==3.3.2 apache-airflow-task-sdk==1.3.2

export AIRFLOW_HOME="$folder/airflow" AIRFLOW__CORE__LOAD_EXAMPLES=False AIRFLOW__CORE__DAGS_FOLDER="$folder/dags"
"$folder/venv/bin/airflow" db migrate >"$folder/log" 2>&1
mkdir "$folder/dags"
cat >"$folder/dags/rows.py" <<'PY'
import os
from pathlib import Path

from airflow.sdk import DAG, BaseOperator

seen = Path(os.environ["SEEN"])


def note(who, result):
    with seen.open("a") as file:
        file.write(f"{who}: {result}\n")


class Count(BaseOperator):
    def execute(self, context):
        return 7

    def post_execute(self, context, result=None):
        note("method", result)


with DAG("rows", schedule=None) as dag:
    Count(task_id="count", post_execute=lambda context, result=None: note("argument", result))
PY
SEEN="$folder/seen" "$folder/venv/bin/airflow" dags test rows >>"$folder/log" 2>&1 || { cat "$folder/log"; exit 1; }
cat "$folder/seen"
diff "$folder/seen" <(printf 'argument: 7\nmethod: None\n')
