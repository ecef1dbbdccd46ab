"""Everything that waits in the triggerer, or until later."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from airflow.providers.common.compat.sdk import chain, dag, task

from airflow_provider_wahelp.hooks import WahelpHook
from airflow_provider_wahelp.operators import SendMessageOperator, SendMessagesOperator
from airflow_provider_wahelp.sensors import ChannelActiveSensor, MessageStatusSensor

FEW = ["+79161234501", "+79161234502"]
MANY = ["+79161234511", "+79161234512"]
ONE = "+79161234521"
IN_TRIGGERER: dict[str, Any] = {"deferrable": True, "poke_interval": 0.2}
DELIVERED: dict[str, Any] = {"wait_for": "delivered", "poll_interval": 0.2}


@dag(schedule=None, start_date=datetime(2026, 1, 1))
def every_wait() -> None:
    wait = ChannelActiveSensor(task_id="wait", **IN_TRIGGERER)
    send = SendMessageOperator.partial(task_id="send", text="Send", deferrable=True, **DELIVERED)
    mail = SendMessagesOperator(
        task_id="mail", recipients=[{"phone": phone} for phone in MANY], text="Mail", pace=None, **DELIVERED
    )
    one = SendMessageOperator(task_id="one", phone=ONE, text="One")
    status = MessageStatusSensor(task_id="status", message_id=one.output["id"], **IN_TRIGGERER)
    chain(wait, send.expand(phone=FEW), mail, one, status)


@dag(schedule=None, start_date=datetime(2026, 1, 1))
def elsewhere() -> None:
    @task
    def other() -> list[str]:
        with WahelpHook() as hook:
            return [channel.uuid for channel in hook.list_channels() if channel.type == "telegram"]

    SendMessageOperator(
        task_id="send",
        phone=ONE,
        text="One",
        fallback=other(),
        fallback_after=1,
        wait_timeout=2,
        poll_interval=0.2,
        deferrable=True,
    )


every_wait_dag, elsewhere_dag = every_wait(), elsewhere()
