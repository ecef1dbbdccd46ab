"""The listener that tells of files of DAGs that cannot be read. The DAG processor imports it: it is light."""

from __future__ import annotations

from airflow.listeners import hookimpl


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

    from airflow_provider_wahelp.notifications.every_dag import file_broken
    from airflow_provider_wahelp.notifications.threads import DaemonExecutor

    told = DaemonExecutor().submit(file_broken, filename, stacktrace, new=new)
    # On Airflow 3 nothing may wait here: it is the process that watches all files, in a transaction.
    if not AIRFLOW_V_3_0_PLUS:
        told.result()
