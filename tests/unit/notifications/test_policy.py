"""Which tasks and DAGs the policy gives a callback, and what it leaves alone."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from airflow.listeners.listener import get_listener_manager
from airflow.providers.common.compat.sdk import DAG, BaseOperator, task_group

from airflow_provider_wahelp.notifications import WahelpNotifier, broken_dags, policy


def own(context: Any) -> None:
    """Do what its author wants."""


try:
    from airflow.providers.standard.operators.empty import EmptyOperator
    from airflow.providers.standard.operators.python import PythonOperator
except ImportError:  # Airflow 2
    from airflow.operators.empty import EmptyOperator  # type: ignore[no-redef]
    from airflow.operators.python import PythonOperator  # type: ignore[no-redef]

OWN_ALERT = WahelpNotifier(phone="+79162223344")


def dag_of(**given: Any) -> DAG:
    return DAG("shop", schedule=None, start_date=datetime(2026, 1, 1), **given)


def apply(dag: DAG) -> DAG:
    """Do to a DAG what Airflow does when it has read it."""
    policy.dag_policy(dag)
    for task in dag.tasks:
        policy.task_policy(task)
    return dag


def on(task: Any, event: str) -> list[Any]:
    """Return the callbacks of a task."""
    found = getattr(task, f"on_{event}_callback")
    return list(found) if isinstance(found, list | tuple) else [found] if found else []


@pytest.mark.parametrize(
    ("given", "kept"), [(None, []), (own, [own]), ([own], [own]), ([own, print], [own, print])]
)
@pytest.mark.parametrize("place", ["task", "default_args"])
def test_callbacks_of_authors_stay_and_come_first(
    given: Any, kept: list[Any], place: str, alerts_for_all: str
) -> None:
    callback = {"on_failure_callback": given}
    with dag_of(default_args=callback if place == "default_args" else {}) as dag:
        PythonOperator(task_id="load", python_callable=print, **(callback if place == "task" else {}))
    (task,) = apply(dag).tasks
    assert on(task, "failure") == [*kept, policy.tell_of_failure]
    assert on(task, "success") == [policy.tell_of_recovery]


def test_a_mapped_task_and_one_of_a_group_tell_too(alerts_for_all: str) -> None:
    with dag_of() as dag:
        PythonOperator.partial(task_id="each", python_callable=print, on_failure_callback=own).expand(
            op_args=[[1], [2]]
        )

        @task_group(default_args={"on_failure_callback": [own]})
        def group() -> None:
            PythonOperator(task_id="one", python_callable=print)

        group()
    for task in apply(dag).tasks:
        assert on(task, "failure") == [own, policy.tell_of_failure], task.task_id


def test_a_dag_tells_of_its_runs(alerts_for_all: str) -> None:
    dag = apply(dag_of(on_failure_callback=own))
    assert dag.on_failure_callback == [own, policy.tell_of_run]
    assert dag.has_on_failure_callback


def test_whoever_has_a_notifier_is_left_alone(alerts_for_all: str) -> None:
    with dag_of(on_failure_callback=OWN_ALERT) as dag:
        PythonOperator(task_id="load", python_callable=print, on_failure_callback=[own, OWN_ALERT])
    apply(dag)
    assert dag.on_failure_callback == OWN_ALERT
    assert on(dag.tasks[0], "failure") == [own, OWN_ALERT]
    assert on(dag.tasks[0], "success") == []


def test_an_empty_task_still_takes_no_worker(alerts_for_all: str) -> None:
    """Airflow hands it to a worker as soon as it has a callback for its success."""
    with dag_of() as dag:
        EmptyOperator(task_id="join")
    (task,) = apply(dag).tasks
    assert on(task, "success") == []


def test_without_a_name_nothing_is_changed() -> None:
    with dag_of() as dag:
        BaseOperator(task_id="load")
    (task,) = apply(dag).tasks
    assert (on(task, "failure"), on(task, "success"), dag.on_failure_callback) == ([], [], None)


def test_a_process_that_has_read_a_dag_has_no_listener_of_ours(alerts_for_all: str) -> None:
    """Airflow would refuse a DAG with a sensor that ends from its trigger."""
    manager = get_listener_manager()
    manager.add_listener(broken_dags)
    try:
        apply(dag_of())
        assert not manager.pm.is_registered(broken_dags)
    finally:
        if manager.pm.is_registered(broken_dags):
            manager.pm.unregister(broken_dags)
