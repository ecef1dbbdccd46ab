"""The receiver of webhooks, as a FastAPI application: it answers 200 when the events are in the database."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from fastapi import FastAPI
from starlette.background import BackgroundTask
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from airflow_provider_wahelp.assets.uri import ChannelUri
from airflow_provider_wahelp.client.events import ChannelEvent, events_in
from airflow_provider_wahelp.receiver.body import TooLargeError, decode, read_body
from airflow_provider_wahelp.receiver.channels import ChannelNumbers, ChannelsUnknownError
from airflow_provider_wahelp.receiver.consumers import Consumers
from airflow_provider_wahelp.receiver.group_commit import BusyError, GroupCommit
from airflow_provider_wahelp.receiver.received import Received
from airflow_provider_wahelp.receiver.settings import Receivers, ReceiverSettings

log = logging.getLogger(__name__)

BODY_SECONDS = 20.0
"""So long a body may take to arrive."""

_LONGEST_KEY = 200
_NO_CHANNEL = "channel"
"""Counts events of what is no channel of the connection's project."""


class Receiver:
    """Answers requests. Whatever happens, it answers: an exception would cost the peer its next request too.

    :param register: puts events into the database in one transaction.
    """

    def __init__(
        self,
        register: Callable[[Callable[[], Sequence[Received]]], object],
        receivers: Receivers | None = None,
        channels: ChannelNumbers | None = None,
        consumers: Consumers | None = None,
    ) -> None:
        self._receivers = receivers or Receivers()
        self._channels = channels or ChannelNumbers()
        self._consumers = consumers or Consumers()
        self._commits = GroupCommit(register)
        self.ignored: Counter[str] = Counter()

    async def answer(self, request: Request) -> Response:
        """Answer a request."""
        try:
            return await self._answer(request)
        except TooLargeError:
            return _refusal(413)
        except (ClientDisconnect, TimeoutError):
            return _refusal(408)
        except (BusyError, ChannelsUnknownError):
            return _refusal(503)
        except Exception as error:  # noqa: BLE001 - its words may quote a person
            log.error("An event was not stored: %s", type(error).__name__)  # noqa: TRY400 - as above
            return _refusal(503)

    async def _answer(self, request: Request) -> Response:
        receiver = await self._receivers.admit(
            request.path_params["conn_id"], request.query_params.get("token", "")
        )
        if receiver is None:
            return _refusal(404)
        async with asyncio.timeout(BODY_SECONDS):
            body = await read_body(request.stream())
        events, ignored = events_in(decode(body))
        received = await self._placed(receiver, events, ignored)
        if received:
            await self._commits.add(received)
        self._count(receiver, ignored)
        answer: dict[str, Any] = {"events": len(received), "ignored": dict(ignored)}
        return JSONResponse(answer, background=BackgroundTask(self._consumers.hand_on, received))

    async def _placed(
        self, receiver: ReceiverSettings, events: Sequence[ChannelEvent], ignored: Counter[str]
    ) -> list[Received]:
        placed = []
        for event in events:
            uuid = None
            if len(event.key) <= _LONGEST_KEY:
                uuid = await self._channels.uuid(receiver, event.message.channel_id)
            if uuid is None:
                ignored[_NO_CHANNEL] += 1
                continue
            uri = ChannelUri(receiver.host, str(receiver.project_id), uuid)
            placed.append(Received(receiver.conn_id, uri, event))
        return placed

    def _count(self, receiver: ReceiverSettings, ignored: Counter[str]) -> None:
        """Count what was ignored, and say so at the first, the second, the fourth, ... of each reason."""
        for reason, count in ignored.items():
            before = self.ignored[reason]
            self.ignored[reason] += count
            if before.bit_length() < self.ignored[reason].bit_length():
                total = self.ignored[reason]
                log.info("Ignored so far, last of %r: %d (%s)", receiver.conn_id, total, reason)


def make_app(receiver: Receiver | None = None) -> FastAPI:
    """Return the application that Airflow's API server mounts.

    :param receiver: answers the requests; one that writes to Airflow's database by default.
    """
    if receiver is None:
        # Here, and not with the first event: it takes 0.3 s, for which the loop would stand still.
        from airflow_provider_wahelp.receiver.register import register

        receiver = Receiver(register)
    app = FastAPI(title="Wahelp", docs_url=None, redoc_url=None, openapi_url=None)
    app.add_route("/webhooks/{conn_id}", receiver.answer, methods=["POST"])
    return app


def _refusal(status: int) -> Response:
    headers = {"Retry-After": "5"} if status == 503 else None  # noqa: PLR2004
    return Response(status_code=status, headers=headers)
