#!/usr/bin/env bash
# Airflow 3.3.2 (Task SDK 1.3.2, with httpx 0.28.1): a task that returns the rows of a table with one empty cell, as pandas
# has them, runs to its end and then fails, at "Pushing xcom": the SDK keeps a NaN as it is, and its API client writes JSON
# that has none. In a worker the task's log says API_SERVER_ERROR, though no server was asked. A Decimal gets through, as a
# float (2.50 becomes 2.5), but Decimal("NaN") does not.
#
# Expected: NaN, which Airflow 2 stored in its database, or the error of a serializer that names the value.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" --disable-pip-version-check install --quiet \
	apache-airflow-core==3.3.2 apache-airflow-task-sdk==1.3.2 httpx==0.28.1

AIRFLOW_HOME="$folder/airflow" "$folder/venv/bin/python" - <<'PY' 2>"$folder/log" || { cat "$folder/log"; exit 1; }
from decimal import Decimal

from airflow.sdk.api.client import Client
from airflow.sdk.bases.xcom import BaseXCom


def push(value):
    client = Client(base_url=None, dry_run=True, token="")  # it writes its requests, and sends them nowhere
    try:
        client.xcoms.set("dag", "run", "task", "return_value", BaseXCom.serialize_value(value))
        outcome = "taken"
    except ValueError as error:
        outcome = str(error)
    print(f"{value!r}: {outcome}")
    return outcome


refused = "Out of range float values are not JSON compliant"
assert push([{"phone": 79990000001.0, "name": "Anna"}, {"phone": float("nan"), "name": "Boris"}]) == refused
assert push(Decimal("NaN")) == refused
assert push(Decimal("2.50")) == "taken"
PY
