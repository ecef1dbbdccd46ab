#!/usr/bin/env bash
# Airflow 3.3.2 (cadwyn 7.0.0): with the first request of a worker after its start, the API server answers nobody for
# seconds: 3 s of CPU, 4 to 10 s on two busy cores. Cadwyn builds all versions of the execution API then, on the event
# loop, and not when the server starts. So whatever the server is asked beside its first task waits, the UI, the REST
# API, heartbeats, what plugins serve, when it has been called ready for long. Each of several workers does it again.
# What helps: to ask for /execution/health once, before the server is given anything to do.
#
# Expected: that it is built before the server listens, or in a thread.
set -euo pipefail

folder=$(mktemp -d)
trap 'kill "${server:-}" 2>/dev/null || true; wait; rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" --disable-pip-version-check install --quiet \
	apache-airflow-core==3.3.2 apache-airflow-task-sdk==1.3.2 cadwyn==7.0.0

export AIRFLOW_HOME="$folder/airflow" AIRFLOW__CORE__LOAD_EXAMPLES=False PATH="$folder/venv/bin:$PATH"
airflow db migrate >"$folder/log" 2>&1
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
airflow api-server --host 127.0.0.1 --port "$port" --workers 1 >>"$folder/log" 2>&1 &
server=$!
cat >"$folder/ask.py" <<'PY'
import sys
import threading
import time
from urllib.request import ProxyHandler, build_opener

at = sys.argv[1]
get = build_opener(ProxyHandler({})).open


def seconds(path):
    began = time.monotonic()
    get(at + path, timeout=120).read()
    return time.monotonic() - began


deadline = time.monotonic() + 120
while time.monotonic() < deadline:
    try:
        seconds("/api/v2/version")
        break
    except OSError:
        time.sleep(0.5)
for number in range(5):
    seconds("/api/v2/version")  # it is up, and has answered before
for worker in ("first", "second"):
    asks = threading.Thread(target=seconds, args=("/execution/health",))
    asks.start()
    longest = 0.0
    while asks.is_alive():
        longest = max(longest, seconds("/api/v2/version"))
    asks.join()
    print(f"{longest:.2f} s", file=sys.stderr)
    print(f"beside the {worker} request of a worker:", "over a second" if longest > 1 else "at once")
PY
python3 "$folder/ask.py" "http://127.0.0.1:$port" | tee "$folder/seen"
diff "$folder/seen" - <<'OUT'
beside the first request of a worker: over a second
beside the second request of a worker: at once
OUT
