"""Which connections have a receiver, and its secret. Anybody may ask: so it costs little."""

from __future__ import annotations

import hmac
import logging
import re
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from airflow.providers.common.compat.sdk import AirflowNotFoundException, BaseHook, mask_secret
from anyio import CapacityLimiter, to_thread

from airflow_provider_wahelp.client.errors import InputError
from airflow_provider_wahelp.connection_form import CONN_TYPE
from airflow_provider_wahelp.hooks.connection import read_connection

log = logging.getLogger(__name__)

KEPT_SECONDS = 5.0
"""So soon a changed secret counts, and so often at most a name is looked up."""

MOST_NAMES = 256
MOST_STRANGERS = 10
"""So many names without a receiver are looked up in :data:`KEPT_SECONDS`, whoever asks."""

_NAME = re.compile(r"[\w.-]{1,250}")
_NOBODYS = secrets.token_urlsafe(32)


@dataclass(frozen=True)
class ReceiverSettings:
    """What a receiver is to know of its connection.

    :param token: the secret in its address.
    :param host: the API's host, as assets name it.
    """

    conn_id: str
    token: str = field(repr=False)
    project_id: int
    host: str


def look_up(conn_id: str) -> ReceiverSettings | None:
    """Return what a connection says; ``None`` where it has no receiver, or does not exist."""
    try:
        connection = BaseHook.get_connection(conn_id)
    except AirflowNotFoundException:
        return None
    if connection.conn_type != CONN_TYPE:
        return None
    try:
        read = read_connection(connection, connection.extra_dejson)
        if not read.webhook_token:
            return None
        project_id = read.project()
    except InputError as error:
        log.warning("Connection %r has no receiver of webhooks: %s", conn_id, error)
        return None
    mask_secret(read.webhook_token)
    return ReceiverSettings(conn_id, read.webhook_token, project_id, read.host)


class Receivers:
    """The receivers of this process, each looked up again after some seconds.

    :param find: looks one up; runs in a thread.
    :param clock: tells the time in seconds.
    """

    def __init__(
        self,
        find: Callable[[str], ReceiverSettings | None] = look_up,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._find = find
        self._clock = clock
        self._known: OrderedDict[str, tuple[float, ReceiverSettings | None]] = OrderedDict()
        self._good: set[str] = set()
        self._strangers = (0.0, 0)
        self._limiter: CapacityLimiter | None = None

    async def admit(self, conn_id: str, token: str) -> ReceiverSettings | None:
        """Return a receiver to whoever knows its secret; how long that takes does not tell why not."""
        found = await self._get(conn_id) if _NAME.fullmatch(conn_id) else None
        expected = found.token if found else _NOBODYS
        matches = hmac.compare_digest(_bytes(token), _bytes(expected))
        return found if matches else None

    async def _get(self, conn_id: str) -> ReceiverSettings | None:
        self._limiter = self._limiter or CapacityLimiter(1)
        if (fresh := self._fresh(conn_id)) is None:
            if not self._may_ask_for(conn_id):
                return None
            async with self._limiter:  # whoever has waited finds what the first one has found
                if (fresh := self._fresh(conn_id)) is None:
                    fresh = self._keep(conn_id, await to_thread.run_sync(self._find, conn_id))
        return fresh[1]

    def _fresh(self, conn_id: str) -> tuple[float, ReceiverSettings | None] | None:
        entry = self._known.get(conn_id)
        return entry if entry and entry[0] > self._clock() else None

    def _keep(self, conn_id: str, found: ReceiverSettings | None) -> tuple[float, ReceiverSettings | None]:
        entry = self._known[conn_id] = (self._clock() + KEPT_SECONDS, found)
        (self._good.add if found else self._good.discard)(conn_id)
        while len(self._known) > MOST_NAMES:
            self._known.popitem(last=False)
        return entry

    def _may_ask_for(self, conn_id: str) -> bool:
        """Return whether a name may be looked up: a flood of invented ones must not reach the database."""
        if conn_id in self._good:
            return True
        since, count = self._strangers
        if self._clock() >= since + KEPT_SECONDS:
            since, count = self._clock(), 0
        self._strangers = (since, count + 1)
        return count < MOST_STRANGERS


def _bytes(text: str) -> bytes:
    return text.encode(errors="surrogatepass")
