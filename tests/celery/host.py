"""A machine of its own, as far as a Celery worker can tell."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from demo.process import Process, stop_all, wait_until
from tests.celery.hostname import VARIABLE, hostname

REPOSITORY = Path(__file__).resolve().parents[2]
START_SECONDS = 180


class Host:
    """A host with a worker: a name, a home, and no file that another host sees.

    The worker ends with the ``with`` block.

    :param name: what it is called.
    :param home: a directory that is not there yet.
    :param environment: what all processes of the Airflow have.
    :param slots: how many tasks it runs at once.
    """

    def __init__(self, name: str, home: Path, environment: Mapping[str, str], slots: int) -> None:
        self.name = name
        self.home = home
        self.airflow_home = home / "airflow"
        self._environment = environment
        self._slots = slots
        self._worker: Process | None = None

    def __enter__(self) -> Host:
        for folder in (self.home, self.home / "tmp"):
            folder.mkdir(mode=0o700)
        self.start()
        return self

    def start(self) -> None:
        """Start the worker; after a kill, on the same disk."""
        command = [str(Path(sys.executable).with_name("airflow")), "celery", "worker"]
        # The log server would listen on every address of the machine, and two of them on the same port.
        options = ["--celery-hostname", self.name, "--concurrency", str(self._slots), "--skip-serve-logs"]
        self._worker = Process(
            f"the worker of {self.name}", [*command, *options], log=self._log, env=self._own_environment()
        )

    def __exit__(self, *error: object) -> None:
        if self._worker:
            stop_all([self._worker])
            self._worker = None

    def wait(self) -> None:
        """Wait until the worker takes tasks."""
        wait_until(self._ready, timeout=START_SECONDS, what=f"the worker of {self.name}")

    def check(self) -> None:
        """Raise if the worker has died without having been killed."""
        if self._worker:
            self._worker.check()

    def kill(self) -> None:
        """Kill the worker and whatever it has started, without a word, as if the power had failed."""
        if self._worker:
            self._worker.finish(deadline=0.0)
            self._worker = None

    def logs(self, run_id: str = "") -> Iterator[tuple[Path, str]]:
        """Yield what was logged here, of the worker and of the tasks of a run.

        :param run_id: the run; by default all of them.
        """
        for file in (self._log, *self.airflow_home.glob(f"logs/**/*run_id={run_id}*/**/*.log")):
            yield file, file.read_text(errors="replace")

    @property
    def _log(self) -> Path:
        return self.home / "worker.log"

    def _own_environment(self) -> dict[str, str]:
        return {
            **self._environment,
            "HOME": str(self.home),
            "TMPDIR": str(self.home / "tmp"),
            "AIRFLOW_HOME": str(self.airflow_home),
            "AIRFLOW__CORE__HOSTNAME_CALLABLE": f"{hostname.__module__}.{hostname.__name__}",
            "PYTHONPATH": str(REPOSITORY),
            VARIABLE: self.name,
        }

    def _ready(self) -> bool:
        self.check()
        return " ready." in self._log.read_text(errors="replace")
