"""Sends whose tasks die where it hurts most, are cleared, or meet with errors."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow import __version__
from airflow.providers.common.compat.sdk import DAG, task
from packaging.version import Version

from airflow_provider_wahelp.operators import SendMessageOperator

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_wahelp.delivery.ledger import Ledger, Record
    from airflow_provider_wahelp.delivery.message.send import IdempotentSend

PARAMS: dict[str, Any] = {"project_id": 0, "channel_uuid": "", "people": [], "deaths": ""}
ACCOUNT: dict[str, Any] = {
    "wahelp_conn_id": "wahelp_unreliable",
    "project_id": "{{ params.project_id }}",
    "channel_uuid": "{{ params.channel_uuid }}",
    "daily_cap": None,
}
HAS_STORE = Version(__version__) >= Version("3.3")
"""Whether Airflow keeps a task's state, and has policies for its retries."""

if not HAS_STORE:
    ACCOUNT["ledger_path"] = f"file://{os.environ['AIRFLOW_HOME']}/ledger"
PATIENT: dict[str, Any] = {"retries": 30, "retry_delay": timedelta(seconds=1)}
"""Tries are also spent on an API server that is being started again, for long on a busy machine."""


@dataclass(frozen=True)
class LethalLedger:
    """A ledger that kills its process at a chosen moment, with no chance to do anything about it.

    :param ledger: the ledger.
    :param before_post: kill once the send is begun, and nothing was sent.
    :param witness: a file that will tell of it.
    """

    ledger: Ledger
    before_post: bool
    witness: Path

    def read(self, key: str) -> Record | None:
        return self.ledger.read(key)

    def write(self, key: str, record: Record) -> None:
        done = record["message"] is not None
        if not done:
            self.ledger.write(key, record)
        if done != self.before_post:
            self.witness.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        if done:
            self.ledger.write(key, record)

    def forget(self, key: str) -> None:
        self.ledger.forget(key)


class MortalSendMessageOperator(SendMessageOperator):
    """Dies in its first tries.

    :param dies: where in each of them, one word for each: ``begun``, before the message is sent; ``sent``,
        before anybody notes that it was; or ``not`` at all.
    """

    def __init__(self, *, dies: str = "", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dies = dies

    def _idempotent_send(self, context: Context) -> IdempotentSend:
        send, ti = super()._idempotent_send(context), context["ti"]
        point = dict(enumerate(self.dies.split(), 1)).get(ti.try_number, "not")
        if point == "not" or send.ledger is None:
            return send
        witness = Path(context["params"]["deaths"], f"{point}-{ti.task_id}-{ti.map_index}-{ti.try_number}")
        return replace(send, ledger=LethalLedger(send.ledger, point == "begun", witness))


with DAG(dag_id="wahelp_exactly_once", schedule=None, params=PARAMS):

    @task(**PATIENT)
    def people(params: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """Return who gets what, and where the task dies that sends it."""
        return list((params or {})["people"])

    MortalSendMessageOperator.partial(task_id="send", **ACCOUNT, **PATIENT).expand_kwargs(people())


with DAG(dag_id="wahelp_cleared", schedule=None, params=PARAMS):
    SendMessageOperator(task_id="skip", user_id="{{ params.people[0] }}", text="Once", **ACCOUNT, **PATIENT)
    MortalSendMessageOperator(
        task_id="resend",
        user_id="{{ params.people[1] }}",
        text="Once, and once more",
        on_rerun="resend",
        dies="not sent",
        **ACCOUNT,
        **PATIENT,
    )


if HAS_STORE:
    from airflow_provider_wahelp.retry_policy import WahelpRetryPolicy

    with DAG(dag_id="wahelp_retry_policy", schedule=None, params=PARAMS):
        for number, name in enumerate(("busy", "hopeless")):
            SendMessageOperator(
                task_id=name,
                user_id=f"{{{{ params.people[{number}] }}}}",
                text="When you have time",
                retries=5,
                retry_delay=timedelta(hours=1),
                retry_policy=WahelpRetryPolicy(),
                **{**ACCOUNT, "wahelp_conn_id": "wahelp_hasty"},
            )
