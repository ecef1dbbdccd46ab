"""Replies that a poll has found, told to the receiver: where Wahelp itself cannot reach this Airflow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from airflow_provider_wahelp.assets.event import IncomingEvent
from airflow_provider_wahelp.client.errors import NotFoundError, WahelpError
from airflow_provider_wahelp.hooks.wahelp import WahelpHook

_SECONDS = 30.0
_AT_ONCE = 100


class ForwardingError(WahelpError):
    """The receiver did not take what it was told; ``words`` says what it answered."""

    meaning = "this Airflow's receiver did not take it"
    advice = "See whether [api] base_url is reached from this worker, and the connection has a webhook_token."
    temporary = True


def forward_replies(messages: Sequence[IncomingEvent], wahelp_conn_id: str = "wahelp_default") -> None:
    """Let replies decide what was asked by phone, as if their webhooks had come. For ``@task``.

    The worker must reach ``[api] base_url``, and the connection needs its ``webhook_token``; Wahelp needs to
    reach nothing. The receiver reads each message back, as those of webhooks.

    :param messages: what a poll has found, from
        :func:`~airflow_provider_wahelp.incoming.reading.new_messages`.
    :param wahelp_conn_id: the connection that the question was sent through.
    :raises WahelpError: if the receiver did not take them; a retry of the task tells it again.
    """
    from airflow_provider_wahelp.failures import airflow_errors
    from airflow_provider_wahelp.hooks.receiver import receiver_address

    with airflow_errors(), WahelpHook(wahelp_conn_id) as hook:
        address = receiver_address(wahelp_conn_id)
        events = list(_events(hook, address.project_id, messages))
        for first in range(0, len(events), _AT_ONCE):
            _post(address.url, events[first : first + _AT_ONCE])


def _events(hook: WahelpHook, project_id: int, messages: Sequence[IncomingEvent]) -> Iterator[dict[str, Any]]:
    for each in messages:
        if each.kind != "message":
            continue
        try:
            message = hook.get_message(each.id, each.channel_uuid, project_id)
        except NotFoundError:  # deleted meanwhile
            continue
        payload = {
            "id": message.id,
            "user_id": message.user_id,
            "channel_id": message.channel_id,
            "destination": message.destination,
            "message": "",  # what counts is what the receiver reads
            "user": {"id": message.user_id, "phone": message.phone},
        }
        yield {"action": "channel.message.created", "payload": payload}


def _post(url: str, events: Sequence[dict[str, Any]]) -> None:
    import requests

    try:
        answer = requests.post(url, json=events, timeout=_SECONDS, allow_redirects=False)
    except requests.RequestException as error:  # its words have the address, with its secret
        raise ForwardingError("tell the receiver of replies", type(error).__name__) from None
    if answer.status_code != requests.codes.ok:
        raise ForwardingError("tell the receiver of replies", f"HTTP {answer.status_code}")
