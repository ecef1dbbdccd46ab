"""The same sends by Airflow's own hooks for messengers, each to a server in the messenger's place."""

from __future__ import annotations

import json
import os
from importlib.metadata import distributions
from typing import Any

from benchmarks.child import stopwatch
from benchmarks.sending import filled

SENT_BY = {"slack": "hooks.by_slack", "telegram": "hooks.by_telegram"}
"""What sends through each, by the name of its provider."""


def missing() -> set[str]:
    """Return the messengers whose hook is not here: they are an extra."""
    installed = {package.metadata["Name"] for package in distributions()}
    return {name for name in SENT_BY if f"apache-airflow-providers-{name}" not in installed}


def by_slack(recipients: list[dict[str, Any]], url: str) -> dict[str, Any]:
    """Send with the hook for Slack, one after the other.

    :param recipients: the rows.
    :param url: the server.
    """
    from airflow.providers.slack.hooks.slack import SlackHook

    _connect("slack_api_default", conn_type="slack", password="token", extra={"base_url": f"{url}/slack/"})
    hook = SlackHook()
    with stopwatch() as spent:
        for row in recipients:
            hook.call("chat.postMessage", json={"channel": "C1", "text": filled(row)})
    return {"sent": len(recipients), **spent}


def by_telegram(recipients: list[dict[str, Any]], url: str) -> dict[str, Any]:
    """Send with the hook for Telegram, one after the other, each with a hook of its own as its operator does.

    It has an event loop for each message. Used again, it begins with a connection of the last loop, fails,
    and waits a second.

    :param recipients: the rows.
    :param url: the server.
    """
    from airflow.providers.telegram.hooks.telegram import TelegramHook
    from telegram import Bot

    class Hook(TelegramHook):
        """The hook, with another server: the connection cannot name one."""

        def get_conn(self) -> Bot:
            """Return what the hook calls."""
            return Bot(self.token, base_url=f"{url}/telegram")

    _connect("telegram_default", conn_type="telegram", password="token", host="1")
    with stopwatch() as spent:
        for row in recipients:
            Hook().send_message({"text": filled(row)})
    return {"sent": len(recipients), **spent}


def _connect(conn_id: str, **fields: Any) -> None:
    os.environ[f"AIRFLOW_CONN_{conn_id.upper()}"] = json.dumps(fields)
