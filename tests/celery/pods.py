"""An executor whose every task has a machine of its own with an empty disk, as the KubernetesExecutor's."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

from airflow.executors.base_executor import BaseExecutor

from demo.process import Process, _session, stop_all
from tests.celery.hostname import VARIABLE, hostname

DIRECTORY = "WAHELP_TEST_PODS"
"""The variable that says where the disks of the pods are, and what they have printed."""

PID = "pid"
"""The file on its disk that says which process a pod is."""

IMAGE = (sys.executable, "-m", "airflow.sdk.execution_time.execute_workload", "--json-path")
"""What a pod of Kubernetes runs."""


class PodExecutor(BaseExecutor):  # type: ignore[misc]
    """Runs each task in a process that shares no file with another one."""

    def start(self) -> None:
        """Begin with no pod."""
        self._pods: dict[Any, Pod] = {}

    def sync(self) -> None:
        """Tell Airflow of the pods that have ended, and take their disks away."""
        for key, pod in list(self._pods.items()):
            if (succeeded := pod.ended()) is not None:
                del self._pods[key]
                (self.success if succeeded else self.fail)(key)

    def end(self) -> None:
        """End all pods."""
        stop_all([pod.process for pod in self._pods.values()])

    def terminate(self) -> None:
        """End all pods."""
        self.end()

    def _process_workloads(self, workload_items: Sequence[Any]) -> None:
        for workload in workload_items:
            self.queued_tasks.pop(workload.key, None)
            self.running.add(workload.key)
            self._pods[workload.key] = Pod(workload.model_dump_json())


class Pod:
    """A pod that runs.

    :param workload: what it is to do, as JSON.
    """

    def __init__(self, workload: str) -> None:
        self._name = f"pod-{uuid4().hex[:12]}"
        pods = Path(os.environ[DIRECTORY])
        self._disk = pods / self._name
        for folder in (self._disk, self._disk / "tmp"):
            folder.mkdir(mode=0o700, parents=True)
        given = self._disk / "workload.json"
        given.touch(mode=0o600)
        given.write_text(workload)
        own = {
            "HOME": str(self._disk),
            "TMPDIR": str(self._disk / "tmp"),
            "AIRFLOW_HOME": str(self._disk / "airflow"),
            "AIRFLOW__CORE__HOSTNAME_CALLABLE": f"{hostname.__module__}.{hostname.__name__}",
            VARIABLE: self._name,
        }
        log = pods / f"{self._name}.log"
        self.process = Process(self._name, [*IMAGE, str(given)], log=log, env={**os.environ, **own})
        (self._disk / PID).write_text(str(self.process.pid))

    def ended(self) -> bool | None:
        """Return whether it has ended well; ``None`` while it runs."""
        try:
            if not self.process.succeeded():
                return None
            succeeded = True
        except RuntimeError:
            succeeded = False
        shutil.rmtree(self._disk, ignore_errors=True)
        return succeeded


def kill(pods: Path, name: str) -> None:
    """Kill a pod and all that it has started, as if its machine had failed."""
    for pid in _session(int((pods / name / PID).read_text())):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
