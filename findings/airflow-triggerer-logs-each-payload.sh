#!/usr/bin/env bash
# Airflow 3.3.2: the triggerer writes the whole payload of each trigger's event into its log, at level INFO, also of a
# trigger that logs nothing itself. A watcher that hands people's messages to an asset so leaves them in a log file,
# besides the database. What is logged is str() of the event: a subclass of TriggerEvent with a __repr__ and a __str__ of
# its own keeps the payload out of the log, and the event goes on with it all the same.
#
# Expected: the name of the trigger, as in its lines "starting" and "completed".
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" --disable-pip-version-check install --quiet \
	apache-airflow-core==3.3.2 apache-airflow-task-sdk==1.3.2

export AIRFLOW_HOME="$folder/airflow" AIRFLOW__CORE__LOAD_EXAMPLES=False
cat >"$folder/run.py" <<'PY'
import asyncio

from airflow.jobs.triggerer_job_runner import TriggerRunner
from airflow.triggers.base import BaseEventTrigger, TriggerEvent
from structlog.testing import capture_logs


class Terse(TriggerEvent):
    def __repr__(self):
        return "an event"

    __str__ = __repr__


class Letters(BaseEventTrigger):
    def __init__(self, kind):
        super().__init__()
        self.kind = kind

    def serialize(self):
        return "letters.Letters", {}

    async def run(self):
        yield self.kind({"text": "the door code is on the fridge"})


for kind in (TriggerEvent, Terse):
    runner = TriggerRunner()
    runner.triggers[1] = {"name": "letters", "events": 0}
    with capture_logs() as lines:
        asyncio.run(runner.run_trigger(1, Letters(kind)))
    (fired,) = [line for line in lines if line["event"] == "Trigger fired event"]
    print(fired["log_level"], f"{fired['result']}")
    (entry,) = runner.events
    print("handed on:", entry.event.payload)
PY
"$folder/venv/bin/python" "$folder/run.py" >"$folder/seen" 2>"$folder/log" || { cat "$folder/log"; exit 1; }
cat "$folder/seen"
diff "$folder/seen" - <<'OUT'
info payload={'text': 'the door code is on the fridge'}
handed on: {'text': 'the door code is on the fridge'}
info an event
handed on: {'text': 'the door code is on the fridge'}
OUT
