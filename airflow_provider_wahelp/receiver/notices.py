"""What an approver is told of a reply: each thing once, by the machinery of alerts."""

from __future__ import annotations

import time
from typing import Literal
from zoneinfo import ZoneInfo

from airflow_provider_wahelp.client.errors import WahelpError
from airflow_provider_wahelp.client.models import Message
from airflow_provider_wahelp.client.phones import digits
from airflow_provider_wahelp.delivery.alert.recipients import AlertRecipient, Channels
from airflow_provider_wahelp.language import Words, marked
from airflow_provider_wahelp.notifications.approval_options import shown_options
from airflow_provider_wahelp.notifications.event import Event, Kind
from airflow_provider_wahelp.notifications.notification import Notification
from airflow_provider_wahelp.receiver.decisions import Question, log

Notice = Literal["decided", "late", "refused", "unclear", "several"]

_SECONDS = 20.0
_TEXTS: dict[Notice, str] = {
    "decided": marked("Done: {option}"),
    "late": marked("Too late: this is decided already."),
    "refused": marked("Your Airflow user may not decide this."),
    "unclear": marked("I did not understand. Reply with the number of an option."),
    "several": marked("Several questions wait for you. Reply with the # and number of one, e.g. #{code} 1"),
}


async def tell(question: Question, message: Message, notice: Notice, option: str = "") -> None:
    """Tell the writer of a message, unless they have been told: once for each question and thing to say."""
    event = Event(
        Kind.RUNNING,
        question.dag_id,
        question.run_id,
        question.task_id,
        question.map_index,
        occurrence=f"approval {question.ti_id} {notice}",
    )
    notification = Notification(
        event=event,
        text=lambda _event, _zone, words: _text(question, notice, option, words),
        language=question.record.language or None,
        recipients=[AlertRecipient(phone=f"+{digits(message.phone or '')}")],
        conn_id=question.record.conn_id,
        channels=Channels(None, uuids=[question.record.channel_uuid or None], name=None),
        region=None,
        window=0.0,
        group="",
        quiet=None,
        zone=ZoneInfo("UTC"),
        template=notice,
    )
    try:
        await notification.send(time.monotonic() + _SECONDS)
    except WahelpError as error:
        log.warning("An approver was not told what became of a reply. %s", error)


def _text(question: Question, notice: Notice, option: str, words: Words) -> str:
    shown = dict(zip(question.record.options, shown_options(question.record.options, words), strict=True))
    return words.gettext(_TEXTS[notice], option=shown.get(option, option), code=question.code)
