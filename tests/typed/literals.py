"""A misspelt option is an error in an editor: ``make lint`` fails where mypy finds none to ignore here."""

from __future__ import annotations

from airflow_provider_wahelp.hooks import WahelpAsyncHook, WahelpHook
from airflow_provider_wahelp.notifications import WahelpNotifier
from airflow_provider_wahelp.operators import (
    AskOperator,
    CreateChannelOperator,
    CreateProjectOperator,
    CreateUserOperator,
    SendMessageOperator,
    SendMessagesOperator,
    SetWebhookOperator,
)
from airflow_provider_wahelp.sensors import MessageStatusSensor
from airflow_provider_wahelp.transfers import SqlToWahelpOperator


def right() -> None:
    SendMessageOperator(task_id="t", text="Hello", phone="+71234567890", wait_for="delivered")
    SendMessageOperator(task_id="t", text="Hello", phone="+71234567890", wait_for=None, on_rerun="resend")
    SendMessagesOperator(task_id="t", text="Hello", recipients="people.csv", if_empty="skip", wait_for="read")
    SendMessagesOperator(task_id="t", text=["Hello", "Good day"], recipients=[], channels=["a", "b"])
    SendMessagesOperator(task_id="t", text="", recipients=[], complaints_to="+71234567890", language="ru")
    CreateChannelOperator(task_id="t", name="Support", channel_type="telegram", if_exists="fail")
    AskOperator(task_id="t", question="Yes?", phones=["+71234567890"], decide="majority", on_unclear="fail")
    AskOperator(task_id="t", question="Yes?", answers={"yes": ["I come"], "no": []}, user_id=1)
    MessageStatusSensor(task_id="t", message_id=1, status="read")
    WahelpNotifier(phone="+71234567890", quiet_zone="project")


def misspelt() -> None:
    CreateProjectOperator(task_id="t", name="Shop", if_exists="resue")  # type: ignore[arg-type]
    CreateChannelOperator(task_id="t", name="Support", channel_type="whatsap")  # type: ignore[arg-type]
    CreateChannelOperator(task_id="t", name="Support", if_exists="resue")  # type: ignore[arg-type]
    CreateUserOperator(task_id="t", name="A", phone="+71234567890", if_exists="no")  # type: ignore[arg-type]
    SetWebhookOperator(task_id="t", url="https://example.com", api="hooks")  # type: ignore[arg-type]
    MessageStatusSensor(task_id="t", message_id=1, status="deliverd")  # type: ignore[arg-type]
    WahelpNotifier(phone="+71234567890", quiet_zone="moon")  # type: ignore[arg-type]
    SqlToWahelpOperator(task_id="t", text="", sql="", sql_conn_id="", if_empty="cry")  # type: ignore[arg-type]


def misspelt_in_a_message() -> None:
    SendMessageOperator(task_id="t", text="Hello", user_id=1, wait_for="deliverd")  # type: ignore[arg-type]
    SendMessageOperator(task_id="t", text="Hello", user_id=1, if_unclear="hope")  # type: ignore[arg-type]
    SendMessageOperator(task_id="t", text="Hello", user_id=1, on_rerun="send")  # type: ignore[arg-type]


def misspelt_in_a_question() -> None:
    AskOperator(task_id="t", question="Yes?", user_id=1, decide="last")  # type: ignore[arg-type]
    AskOperator(task_id="t", question="Yes?", user_id=1, on_unclear="ask")  # type: ignore[arg-type]
    AskOperator(task_id="t", question="Yes?", user_id=1, if_unclear="hope")  # type: ignore[arg-type]


def misspelt_in_a_mailing() -> None:
    SendMessagesOperator(task_id="t", text="", recipients="", wait_for="deliverd")  # type: ignore[arg-type]
    SendMessagesOperator(task_id="t", text="", recipients="", if_unclear="hope")  # type: ignore[arg-type]
    SendMessagesOperator(task_id="t", text="", recipients="", on_rerun="send")  # type: ignore[arg-type]
    SendMessagesOperator(task_id="t", text="", recipients="", quiet_zone="moon")  # type: ignore[arg-type]
    SendMessagesOperator(task_id="t", text="", recipients="", on_bad_rows="skip")  # type: ignore[arg-type]
    SendMessagesOperator(task_id="t", text="", recipients="", if_empty="cry")  # type: ignore[arg-type]


def misspelt_to_a_hook(hook: WahelpHook) -> None:
    hook.create_project("Shop", if_exists="resue")  # type: ignore[arg-type]
    hook.create_channel("Support", "whatsap")  # type: ignore[arg-type]
    hook.create_user("Anna", "+71234567890", if_exists="resue")  # type: ignore[arg-type]
    hook.set_webhook("https://example.com", api="hooks")  # type: ignore[arg-type]


async def misspelt_to_the_asynchronous_hook(hook: WahelpAsyncHook) -> None:
    await hook.create_project("Shop", if_exists="resue")  # type: ignore[arg-type]
    await hook.create_channel("Support", "whatsap")  # type: ignore[arg-type]
