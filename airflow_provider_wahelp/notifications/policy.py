"""The policy that lets every task and DAG tell of its failures, where ``[wahelp] alert_to`` says whom.

Each process of Airflow imports this: it is light.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from airflow.policies import hookimpl

Callback = Callable[[Any], None]

LISTENER = "airflow_provider_wahelp.notifications.broken_dags"


def _without_source(callback: Callback) -> Callback:
    """Return a callback written in C: Airflow 2 looks for the source of each with each task, for 0.2 ms."""
    wrapper = lru_cache(maxsize=0)(callback)
    del wrapper.__wrapped__
    return wrapper


@_without_source
def tell_of_failure(context: Any) -> None:
    """Tell of a task that has failed."""
    from airflow_provider_wahelp.notifications.every_dag import task_failed as tell

    tell(context)


@_without_source
def tell_of_recovery(context: Any) -> None:
    """Tell of a task that succeeds after it had failed."""
    from airflow_provider_wahelp.notifications.every_dag import task_succeeded as tell

    tell(context)


@_without_source
def tell_of_run(context: Any) -> None:
    """Tell of a run what its tasks did not."""
    from airflow_provider_wahelp.notifications.every_dag import run_failed as tell

    tell(context)


tell_of_failure.tells_of_failures = True  # type: ignore[attr-defined]  # as a notifier does


@hookimpl
def task_policy(task: Any) -> None:
    """Let a task tell of its failure, and of its success after one, unless it has a notifier of its own."""
    from airflow_provider_wahelp.notifications.alert_settings import alert_settings

    if not alert_settings() or not _add(task, "on_failure_callback", tell_of_failure):
        return
    # With a callback, what is empty would take a worker to succeed.
    if not getattr(task, "inherits_from_empty_operator", False):
        _add(task, "on_success_callback", tell_of_recovery)


@hookimpl
def dag_policy(dag: Any) -> None:
    """Let a DAG tell what its tasks did not, unless it has a notifier of its own."""
    from airflow_provider_wahelp.notifications.alert_settings import alert_settings

    if not alert_settings():
        return
    if _add(dag, "on_failure_callback", tell_of_run):
        dag.has_on_failure_callback = True
    _drop_listener()


def _add(owner: Any, name: str, callback: Callback) -> bool:
    """Add a callback to those of a task or a DAG; return whether there is no notifier among them."""
    partial = getattr(owner, "partial_kwargs", None)  # of a mapped task
    given = getattr(owner, name, None) if partial is None else partial.get(name)
    callbacks = list(given) if isinstance(given, list | tuple) else [given] if given else []
    if any(getattr(each, "tells_of_failures", False) for each in callbacks):
        return False
    callbacks.append(callback)
    if partial is None:
        setattr(owner, name, callbacks)
    else:
        partial[name] = callbacks
    return True


def _drop_listener() -> None:
    """Forget the listener of broken files in a process that has read one that is not broken.

    Airflow refuses a DAG with a sensor that ends from its trigger wherever there is a listener. On Airflow 3
    another process is told of broken files; Airflow 2 reads each file in a process of its own.
    """
    from airflow.listeners.listener import get_listener_manager

    manager = get_listener_manager().pm  # loads the plugins, where that has not happened yet
    if (listener := sys.modules.get(LISTENER)) and manager.is_registered(listener):
        manager.unregister(listener)
