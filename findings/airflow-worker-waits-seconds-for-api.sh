#!/usr/bin/env bash
# Airflow 3.3.2 (Task SDK 1.3.2): a worker that cannot reach the API server gives up after 4 to 15 seconds, 9.5 in the
# middle. The settings read as if it had minutes ([workers] execution_api_retries = 5, execution_api_retry_wait_max = 90),
# and the source says "fails after 31 seconds": of five attempts the waits are drawn between 1 and 1, 2, 4 and 8 s, so
# that the longest wait that is allowed never comes into play. An API server takes longer than that to start again, so
# that each of its restarts costs the tasks that begin or end meanwhile one of their retries: here a server that was
# away for 60 s cost 30 tasks 14 tries. Who keeps retries for faults of the task sets execution_api_retries to 9 or more.
#
# Expected: something near the setting, or a setting that is named by the seconds that it buys.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" --disable-pip-version-check install --quiet apache-airflow-core==3.3.2 apache-airflow-task-sdk==1.3.2

export AIRFLOW_HOME="$folder/airflow" AIRFLOW__CORE__LOAD_EXAMPLES=False
cat >"$folder/ask.py" <<'PY'
import socket
from statistics import fmean
from uuid import uuid4

import httpx
from airflow.sdk.api.client import Client
from airflow.sdk._shared.timezones import timezone

with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{free.getsockname()[1]}/execution/"

waits = []
Client.request.retry.sleep = waits.append  # nobody need wait to know for how long one would have
spent = []
for _ in range(200):
    waits.clear()
    try:
        Client(base_url=url, token="any").task_instances.start(uuid4(), 1, timezone.utcnow())
    except httpx.ConnectError:
        spent.append((len(waits) + 1, sum(waits)))
attempts = {count for count, _ in spent}
seconds = [total for _, total in spent]
print("attempts", *sorted(attempts))
print("never under 4 s:", min(seconds) >= 4, "| never over 15 s:", max(seconds) <= 15)
print("9 to 10 s on average:", 8.8 < fmean(seconds) < 10.2)
PY
"$folder/venv/bin/python" "$folder/ask.py" 2>"$folder/log" | grep -E "^(attempts|never|9)" | tee "$folder/seen"
diff "$folder/seen" <(cat <<'EXPECTED'
attempts 5
never under 4 s: True | never over 15 s: True
9 to 10 s on average: True
EXPECTED
)
