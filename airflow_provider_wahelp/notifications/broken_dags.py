"""The listener that tells of files of DAGs that cannot be read. The DAG processor imports it: it is light."""

from __future__ import annotations

import json
import subprocess
import sys

from airflow.listeners import hookimpl

_LONGEST = 5000  # characters of a stack trace: a pipe takes so many before anybody reads them

_told: dict[str, subprocess.Popen[str]] = {}
"""Who was asked to tell, by the file."""


@hookimpl
def on_new_dag_import_error(filename: str, stacktrace: str) -> None:
    """Tell of a file that was not broken before."""
    _tell(filename, stacktrace, new=True)


@hookimpl
def on_existing_dag_import_error(filename: str, stacktrace: str) -> None:
    """Tell of a file that still is, if that has not worked yet: Airflow calls this with each look at it."""
    _tell(filename, stacktrace, new=False)


def _tell(filename: str, stacktrace: str, *, new: bool) -> None:
    from airflow.providers.common.compat.version_compat import AIRFLOW_V_3_0_PLUS

    if not AIRFLOW_V_3_0_PLUS:  # each look at a file is a process of its own
        from airflow_provider_wahelp.notifications.every_dag import file_broken

        file_broken(filename, stacktrace, new=new)
    elif new or (filename in _told and _told[filename].poll()):
        _told[filename] = _in_a_process(filename, stacktrace)


def _in_a_process(filename: str, stacktrace: str) -> subprocess.Popen[str]:
    """Let another process tell. This one watches all files: it cannot wait, and it forks.

    With a thread in it, what is forked may wait for ever for a lock that the thread had.
    """
    command = [sys.executable, "-m", "airflow_provider_wahelp.notifications.broken_file"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, text=True, start_new_session=True)  # noqa: S603
    assert process.stdin  # noqa: S101 - for the types
    with process.stdin as told:
        json.dump({"filename": filename, "stacktrace": stacktrace[-_LONGEST:]}, told)
    return process
