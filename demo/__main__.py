"""`make demo`: onboard a client in a real Airflow, against a sandbox instead of Wahelp."""

from __future__ import annotations

import argparse
import fcntl
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from demo.airflow import Airflow
from demo.airflow_api import TaskInstance
from demo.airflow_version import VERSION
from demo.connections import PASSWORD, connect, name_defaults
from demo.interrupts import Interrupts, StopRequestedError
from demo.question import Question
from demo.report import Report
from demo.sandbox import Sandbox
from demo.shop import make_shop

REPOSITORY = Path(__file__).resolve().parents[1]
DAG_ID = "wahelp_onboarding"
RUN_SECONDS = 150
FIRST_CHANNEL = "0a0b0c0d-0000-4000-8000-000000000001"
"""The channel that the onboarding makes: examples that listen name it."""


class RunFailedError(RuntimeError):
    """The DAG has run, and not to a good end."""


def main() -> int:
    """Run the demo and return its exit code."""
    options = _options()
    report, interrupts = Report(), Interrupts()
    interrupts.listen()
    try:
        with _fresh(options.home):
            _demonstrate(options.home, options.dags, report, interrupts)
    except StopRequestedError as interrupted:
        report.say(f"\nThe demo was {interrupted}.")
        return interrupted.exit_code
    except (RuntimeError, OSError, httpx.HTTPError) as error:
        report.say(f"\nThe demo has failed. {error}")
        report.say(f"All logs are below {options.home}.")
        return 1
    report.say("Everything has been stopped.")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__)
    parser.add_argument(
        "--home",
        type=Path,
        default=REPOSITORY / ".demo",
        help="folder for Airflow's files; it is emptied first",
    )
    parser.add_argument(
        "--dags",
        type=Path,
        default=REPOSITORY / "dags",
        help="folder for DAGs of your own; it is left as it is",
    )
    return parser.parse_args()


@contextmanager
def _fresh(home: Path) -> Iterator[None]:
    """Empty the folder, unless another demo is using it, and keep others out of it."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    home.chmod(0o700)
    lock = os.open(home, os.O_RDONLY)
    try:
        _lock(lock, home)
        for entry in home.iterdir():
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink()
        yield
    finally:
        os.close(lock)


def _lock(folder: int, home: Path) -> None:
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise RuntimeError(f"Another demo is running in {home}.") from None


def _demonstrate(home: Path, dags: Path, report: Report, interrupts: Interrupts) -> None:
    report.say("Starting the Wahelp sandbox and Airflow ...")
    dags.mkdir(parents=True, exist_ok=True)
    shop = home / "shop.sqlite"
    make_shop(shop)
    options = ("--password", PASSWORD, "--first-channel", FIRST_CHANNEL)
    with Sandbox(home / "sandbox.log", *options) as sandbox:
        airflow = Airflow(
            home / "airflow",
            [REPOSITORY / "example_dags"],
            own_dags=dags,
            on_poll=lambda: _check(sandbox, interrupts),
        )
        with airflow:
            connect(airflow.api, sandbox.url, shop)
            report.say(f"Both are up after {report.seconds:.0f} s. Running DAG {DAG_ID}:\n")
            _run(airflow, sandbox, report)
            report.say()
            report.conversations(sandbox.get("/sandbox/conversations"))
            question = Question(airflow, sandbox, report, shop)
            question.ask()
            if sys.stdin.isatty() and sys.stdout.isatty():
                if VERSION >= (3,):
                    airflow.api.listen("wahelp_bot")
                report.places(f"{airflow.url}/dags/{DAG_ID}", sandbox.url, dags)
                _stay(airflow, question, report, interrupts)
            else:
                question.answer()
                report.say(f"\nDone in {report.seconds:.0f} s.\n")


def _check(sandbox: Sandbox, interrupts: Interrupts) -> None:
    interrupts.check()
    sandbox.check()


def _run(airflow: Airflow, sandbox: Sandbox, report: Report) -> None:
    """Run the DAG, and make what it has made the connection's defaults; what failed is told by its log."""
    failed: list[TaskInstance] = []

    def on_task(task: TaskInstance) -> None:
        report.task(task)
        if task.state == "failed":
            failed.append(task)

    # Nobody listens there; but a demo has no business with an address on the internet.
    run_id = airflow.trigger(DAG_ID, {"webhook_url": f"{sandbox.url}/nobody"})
    state = airflow.wait_for_run(DAG_ID, run_id, RUN_SECONDS, on_task)
    if state != "success":
        logs = [airflow.api.task_log(DAG_ID, run_id, t.task_id, t.try_number, t.map_index) for t in failed]
        raise RunFailedError("\n\n".join([f"The run ended as {state}.", *logs]))
    name_defaults(airflow.api, DAG_ID, run_id)


def _stay(airflow: Airflow, question: Question, report: Report, interrupts: Interrupts) -> None:
    report.say("Both stay up for you to look around. Ctrl-C stops them.")
    while not interrupts.wait(1):
        question.look()
    report.say("\nStopping ...")


if __name__ == "__main__":
    sys.exit(main())
