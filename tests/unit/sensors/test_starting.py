"""Where a wait begins: in a worker, or at once in the triggerer."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
import warnings
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import DAG

from airflow_provider_wahelp.client.errors import InputError
from airflow_provider_wahelp.sensors import ChannelActiveSensor, MessageStatusSensor
from tests.dags.test_example_dags import serialize

PLACE: dict[str, Any] = {"project_id": 7, "channel_uuid": "c-1"}


def test_literals_start_in_the_triggerer() -> None:
    with DAG("dag", schedule=None) as dag:
        sensor = MessageStatusSensor(
            task_id="wait", message_id=42, deferrable=True, start_from_trigger=True, timeout=60, **PLACE
        )
    start = sensor.start_trigger_args
    assert sensor.start_from_trigger is True
    assert (start.next_method, start.timeout.total_seconds()) == ("execute_complete", 60)
    module, _, name = start.trigger_cls.rpartition(".")
    trigger = getattr(importlib.import_module(module), name)(**start.trigger_kwargs)
    assert trigger.serialize() == (start.trigger_cls, start.trigger_kwargs)
    (task,) = serialize(dag)["dag"]["tasks"]
    assert task["__var"]["start_from_trigger"] is True
    assert task["__var"]["start_trigger_args"]["trigger_cls"] == start.trigger_cls


def test_the_triggerer_is_told_ids_as_the_api_has_them() -> None:
    place = {"project_id": " 7 ", "channel_uuid": " c-1 "}
    sensor = MessageStatusSensor(
        task_id="wait", message_id=" 42 ", deferrable=True, start_from_trigger=True, **place
    )
    told = sensor.start_trigger_args.trigger_kwargs
    assert (told["project_id"], told["channel_uuid"], told["message_id"]) == (7, "c-1", 42)


@pytest.mark.parametrize(
    "changes",
    [{"channel_uuid": "{{ params.channel }}"}, {"channel_uuid": None}, {"wahelp_conn_id": "{{ x }}"}],
)
def test_what_is_not_known_yet_begins_in_a_worker(changes: dict[str, Any]) -> None:
    with pytest.warns(UserWarning, match="cannot start in the triggerer"):
        sensor = ChannelActiveSensor(
            task_id="wait", deferrable=True, start_from_trigger=True, **{**PLACE, **changes}
        )
    assert sensor.start_from_trigger is False
    assert sensor.start_trigger_args is None


def test_what_is_not_deferrable_begins_in_a_worker() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        sensor = ChannelActiveSensor(task_id="wait", deferrable=False, start_from_trigger=True, **PLACE)
    assert sensor.start_from_trigger is False


def test_mapped_waits_begin_in_a_worker() -> None:
    with DAG("dag", schedule=None) as dag:
        ChannelActiveSensor.partial(
            task_id="wait", project_id=7, deferrable=True, start_from_trigger=True
        ).expand(channel_uuid=["c-1", "c-2"])
    assert dag.get_task("wait").start_trigger_args is None


DEFAULT = """
from airflow_provider_wahelp.sensors import ChannelActiveSensor
print("deferrable:", ChannelActiveSensor(task_id="wait").deferrable)
"""


@pytest.mark.parametrize("default", ["True", "False"])
def test_the_default_is_airflows(default: str) -> None:
    env = {**os.environ, "AIRFLOW__OPERATORS__DEFAULT_DEFERRABLE": default}
    done = subprocess.run(
        [sys.executable, "-c", DEFAULT], env=env, check=True, capture_output=True, text=True
    )
    assert f"deferrable: {default}" in done.stdout


@pytest.mark.parametrize("arguments", [{"message_id": "a/b"}, {"message_id": 1, "status": "sent"}])
def test_a_bad_literal_is_refused_when_the_dag_is_parsed(arguments: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        MessageStatusSensor(task_id="wait", **arguments)
