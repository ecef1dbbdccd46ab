"""What the demo says."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from demo.airflow_api import TaskInstance

MARKS = {"success": "✓", "failed": "✗", "skipped": "-"}


class Report:
    """Lines on standard output, and the time since the start."""

    def __init__(self) -> None:
        self._start = time.monotonic()

    @property
    def seconds(self) -> float:
        """How long the demo has been running."""
        return time.monotonic() - self._start

    def say(self, line: str = "") -> None:
        """Print a line at once, whatever the terminal's encoding can show of it."""
        encoding = sys.stdout.encoding or "utf-8"
        sys.stdout.write(line.encode(encoding, "replace").decode(encoding) + "\n")
        sys.stdout.flush()

    def task(self, task: TaskInstance) -> None:
        """Tell that a task has finished."""
        mapped = f"[{task.map_index}]" if task.map_index >= 0 else ""
        took = f"{task.duration:6.1f} s" if task.duration is not None else ""
        note = "" if task.state == "success" else f"  {task.state}"
        self.say(f"  {MARKS.get(task.state or '', '·')} {task.task_id + mapped:<24}{took}{note}")

    def conversations(self, found: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
        """Show what stands on the phones."""
        for phone, messages in found.items():
            self.say(f"On the phone +{phone}:")
            for message in messages:
                self._message(message)

    def places(self, airflow: str, sandbox: str, dags: Path) -> None:
        """Show where to look around, and what to do next."""
        self.say(f"  Airflow  {airflow}")
        self.say(f"  Sandbox  {sandbox}")
        self.say(f"  DAGs     {dags}: yours; they appear within seconds, and stay")
        self.say("  Next     answer the question in the sandbox, with «да» or «нет»: the DAG goes on")
        self.say("           ask where the shop is, from any phone there: wahelp_bot answers")
        self.say("           trigger wahelp_invoices: reminders of invoices, from a database. At night")
        self.say("           they wait for the morning; empty quiet_hours to send them now\n")

    def _message(self, message: Mapping[str, Any]) -> None:
        margin = "  │ " if message["direction"] == "outgoing" else "  │          > "
        for line in str(message["text"]).splitlines():
            self.say(margin + line)
        self.say(f"{margin}({message['status']}, {str(message['created_at'])[11:16]} UTC)")
