"""What the children do: the same sends in three ways. Airflow is imported by them alone."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from benchmarks.child import peak, stopwatch

TEXT = "Dear {{ row.name }}, order {{ row.number }} is ready."


def rows(users: list[int], count: int) -> list[dict[str, Any]]:
    """Return recipients, each with a text that nobody else gets.

    :param users: the people, who take turns.
    :param count: how many messages.
    """
    return [
        {"user_id": users[number % len(users)], "name": "Anna", "number": number} for number in range(count)
    ]


def by_operator(recipients: Any, task: str = "mailing", try_number: int = 1, **given: Any) -> dict[str, Any]:
    """Send with our operator, its ledger in files.

    :param recipients: the rows, or the path of a file.
    :param task: the task's id.
    :param try_number: which attempt it is.
    :param given: further arguments of the operator.
    """
    from airflow_provider_wahelp.operators import SendMessagesOperator

    ledger = Path(os.environ["AIRFLOW_HOME"]) / "ledger"
    arguments = {"text": TEXT, "pace": None, "daily_cap": None, "ledger_path": f"file://{ledger}", **given}
    operator = SendMessagesOperator(task_id=task, retries=100, recipients=recipients, **arguments)
    ti: Any = SimpleNamespace(
        dag_id="bench", run_id="run", task_id=task, map_index=-1, try_number=try_number, max_tries=100
    )
    with stopwatch() as spent:
        totals = operator.execute({"ti": ti})
    return {**totals, **spent, "peak": peak()}


def by_hook(recipients: list[dict[str, Any]]) -> dict[str, Any]:
    """Send with our hook, one after the other.

    :param recipients: the rows.
    """
    from airflow_provider_wahelp.hooks import WahelpHook

    with WahelpHook() as hook, stopwatch() as spent:
        for row in recipients:
            hook.send_message(text=filled(row), user_id=row["user_id"])
    return {"sent": len(recipients), **spent}


def by_http_operator(recipients: list[dict[str, Any]], token: str, path: str) -> dict[str, Any]:
    """Send with Airflow's operator for any API, one after the other.

    :param recipients: the rows.
    :param token: a token; getting one is not counted.
    :param path: where to send, without the user.
    """
    import json

    from airflow.providers.http.operators.http import HttpOperator

    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    with stopwatch() as spent:
        for row in recipients:
            HttpOperator(
                task_id=f"send-{row['number']}",
                endpoint=f"{path}/{row['user_id']}",
                data=json.dumps({"text": filled(row)}),
                headers=headers,
            ).execute({})
    return {"sent": len(recipients), **spent}


def by_requests(recipients: list[dict[str, Any]], token: str, url: str) -> dict[str, Any]:
    """Send with nothing but a session of requests, one after the other.

    :param recipients: the rows.
    :param token: a token.
    :param url: where to send, without the user.
    """
    import requests

    with requests.Session() as session:
        return _by_client(session, recipients, token, url)


def by_httpx(recipients: list[dict[str, Any]], token: str, url: str) -> dict[str, Any]:
    """Send with nothing but a client of httpx, one after the other.

    :param recipients: the rows.
    :param token: a token.
    :param url: where to send, without the user.
    """
    import httpx

    with httpx.Client() as client:
        return _by_client(client, recipients, token, url)


def _by_client(client: Any, recipients: list[dict[str, Any]], token: str, url: str) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {token}"}
    with stopwatch() as spent:
        for row in recipients:
            answer = client.post(f"{url}/{row['user_id']}", json={"text": filled(row)}, headers=headers)
            answer.raise_for_status()
    return {"sent": len(recipients), **spent}


def filled(row: dict[str, Any]) -> str:
    """Return what :data:`TEXT` says to one of them.

    :param row: the recipient.
    """
    return f"Dear {row['name']}, order {row['number']} is ready."
