"""What the demo ends with: a DAG asks somebody on the phone, and goes on with the answer."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from demo.airflow import Airflow
from demo.airflow_api import FINISHED_RUN
from demo.process import wait_until
from demo.report import Report
from demo.sandbox import Sandbox

DAG_ID = "wahelp_appointment"
PHONE = "74951234567"
"""Of the customer whose booking it is; :mod:`demo.shop` has both."""

SECONDS = 150


class Question:
    """A run of the DAG, and the phone that it asks."""

    def __init__(self, airflow: Airflow, sandbox: Sandbox, report: Report, shop: Path) -> None:
        self._airflow = airflow
        self._sandbox = sandbox
        self._report = report
        self._shop = shop
        self._run_id = ""
        self._told: set[str] = set()

    def ask(self) -> None:
        """Run the DAG until the question is on the phone, and its task waits for the answer."""
        self._report.say(f"\nRunning DAG {DAG_ID}, which asks:\n")
        self._run_id = self._airflow.trigger(DAG_ID)
        # What is answered sooner, Airflow may take for the end of the task.
        wait_until(self._waits, timeout=SECONDS, what="a question that is asked", every=1)
        self._report.conversations({PHONE: self._lines()})
        self._report.say()

    def answer(self) -> None:
        """Answer as the person would, on the sandbox's page, and see the DAG go on."""
        self._sandbox.post(f"/sandbox/phones/{PHONE}/messages", text="Да, приду!")
        wait_until(self.look, timeout=SECONDS, what="a DAG that goes on", every=1)

    def look(self) -> bool:
        """Tell of each task that has ended since the last look, and return whether all have."""
        self._airflow.check()
        if not self._run_id:
            return True
        ended = self._airflow.api.dag_run(DAG_ID, self._run_id) in FINISHED_RUN
        for task in self._airflow.api.task_instances(DAG_ID, self._run_id):
            if task.finished and task.task_id not in self._told:
                self._told.add(task.task_id)
                self._report.task(task)
        if ended:
            self._run_id = ""
            self._report.say(f"\nBooking B-7 is {self._booking()}.")
        return ended

    def _waits(self) -> bool:
        self._airflow.check()
        return bool(self._airflow.let_go(self._run_id, "ask"))

    def _lines(self) -> list[dict[str, object]]:
        found: list[dict[str, object]] = self._sandbox.get(f"/sandbox/phones/{PHONE}/conversation")
        return found

    def _booking(self) -> str:
        with closing(sqlite3.connect(f"file:{self._shop}?mode=ro", uri=True)) as database:
            ((state,),) = database.execute("SELECT state FROM bookings WHERE id = 'B-7'")
        return str(state)
