#!/usr/bin/env bash
# Airflow 3.3.2 (Task SDK 1.3.2): one connection, written as a URI, is two. In what the server has of it, from
# airflow.models, each value behind the question mark is read as JSON: a phone is a number, "true" is True, the version
# 1.10 is 1.1. In a task, from airflow.sdk, all of them are strings. 3.2.2 and 3.1.8 do the same, 3.0.6 and 2.11.2 have
# strings on the server too. And the server's own get_uri does not come back whole: an extra with the string of a phone
# becomes a number. So what `airflow connections get` and other code of the server see is no proof of what a hook gets in
# a task, where `if extra["live"]` holds for "false" too. A hook has to take both, or the extra be given as JSON.
#
# Expected: the same values in both, and those that were written.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" --disable-pip-version-check install --quiet \
	apache-airflow-core==3.3.2 apache-airflow-task-sdk==1.3.2

export AIRFLOW_HOME="$folder/airflow"
export AIRFLOW_CONN_MESSAGES='http://host.example/?sender=79990000001&live=false&version=1.10&code=0042'
export AIRFLOW_CONN_AS_JSON='{"conn_type": "http", "extra": {"sender": "79990000001", "live": "false"}}'
cat >"$folder/ask.py" <<'PY'
from airflow import models, sdk

for name in ("messages", "as_json"):
    print("server:", models.Connection.get_connection_from_secrets(name).extra_dejson)
    print("task:", sdk.Connection.get(name).extra_dejson)
given = models.Connection(conn_id="given", conn_type="http", host="host.example", extra='{"sender": "79990000001"}')
print("there and back:", models.Connection(conn_id="back", uri=given.get_uri()).extra_dejson)
PY
"$folder/venv/bin/python" "$folder/ask.py" 2>"$folder/log" | grep -E '^(server|task|there)' | tee "$folder/seen" ||
	{ cat "$folder/log"; exit 1; }
diff "$folder/seen" - <<'OUT'
server: {'sender': 79990000001, 'live': False, 'version': 1.1, 'code': '0042'}
task: {'sender': '79990000001', 'live': 'false', 'version': '1.10', 'code': '0042'}
server: {'sender': '79990000001', 'live': 'false'}
task: {'sender': '79990000001', 'live': 'false'}
there and back: {'sender': 79990000001}
OUT
