"""Every example DAG: parsed without a connection, without I/O, and kept by a serialization."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import DAG
from airflow.providers.common.compat.version_compat import AIRFLOW_V_3_0_PLUS

LISTENING = ("bot.py",)
EXAMPLES = sorted(
    path
    for path in (Path(__file__).parents[2] / "example_dags").glob("*.py")
    if AIRFLOW_V_3_0_PLUS or path.name not in LISTENING
)


def dags_of(path: Path) -> list[DAG]:
    """Parse a file as Airflow does."""
    try:
        from airflow.dag_processing.dagbag import DagBag
    except ImportError:  # before Airflow 3.2
        from airflow.models.dagbag import DagBag

    bag = DagBag(dag_folder=str(path))
    assert bag.import_errors == {}
    return list(bag.dags.values())


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise AssertionError("a DAG file must not use the network when it is parsed")

    monkeypatch.setattr(socket.socket, "connect", refuse)


def test_there_are_examples() -> None:
    assert "onboarding.py" in {path.name for path in EXAMPLES}


@pytest.mark.usefixtures("no_network")
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_it_parses_without_touching_the_network(path: Path) -> None:
    assert dags_of(path)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_it_survives_serialization(path: Path) -> None:
    for dag in dags_of(path):
        serialized = serialize(dag)
        again = {task["__var"]["task_id"] for task in serialized["dag"]["tasks"]}
        assert again == set(dag.task_ids)


def serialize(dag: DAG) -> dict[str, Any]:
    from airflow.serialization import serialized_objects

    kind = getattr(serialized_objects, "DagSerialization", None) or serialized_objects.SerializedDAG
    result: dict[str, Any] = kind.to_dict(dag)
    return result


def test_the_onboarding_goes_through_its_steps_in_order() -> None:
    (dag,) = dags_of(next(path for path in EXAMPLES if path.name == "onboarding.py"))
    steps = ["project", "channel", "wait", "user", "send", "webhook", "history"]
    for step, following in zip(steps, [*steps[1:], "summary"], strict=True):
        assert following in dag.get_task(step).downstream_task_ids
