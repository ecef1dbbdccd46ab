"""Watching a channel: what people write there becomes events of an asset (Airflow 3)."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, get_args

from airflow.triggers.base import BaseTrigger, TriggerEvent

from airflow_provider_wahelp.assets.event import Inclusion, to_extra
from airflow_provider_wahelp.client import arguments
from airflow_provider_wahelp.client.errors import InputError
from airflow_provider_wahelp.client.events import KINDS, ChannelEvent, Kind, event_of
from airflow_provider_wahelp.client.models import Message, parse_time
from airflow_provider_wahelp.client.phones import digits
from airflow_provider_wahelp.triggers.cursor import WATCHER, Position, StoredCursor, VariableCursor
from airflow_provider_wahelp.triggers.poller import polled
from airflow_provider_wahelp.triggers.waiters import IncomingWaiter

if TYPE_CHECKING:
    from airflow.triggers.base import BaseEventTrigger
else:
    try:
        from airflow.triggers.base import BaseEventTrigger
    except ImportError:  # Airflow 2 has no watchers
        BaseEventTrigger = BaseTrigger

_DIGEST = "digest:"

PAUSE = 60.0
"""Seconds before a watcher goes on after an error that ended its wait."""


class IncomingMessagesTrigger(BaseEventTrigger):
    """Tells an asset what people write in a channel; for ``AssetWatcher``.

    It only reads, and never fails: after an error it says so in the log and goes on a minute later.

    :param kinds: the events that are told of, of ``message``, ``call``, ``deleted`` and ``echo``.
    :param include: what personal data the events hold, of ``phone`` and ``text``.
    :param contains: only texts with these words, in whatever case.
    :param regex: only texts in which this regular expression is found.
    :param from_phones: only what these phones write. Airflow's database keeps digests of them.
    :param since: at the first start, messages since this time (ISO 8601) count; by default those from now on.
    :param poke_interval: seconds between two looks.
    :param wahelp_conn_id: the id of an Airflow connection of type ``wahelp``.
    """

    def __init__(
        self,
        project_id: int | str,
        channel_uuid: str,
        *,
        kinds: Sequence[Kind] = ("message",),
        include: Sequence[Inclusion] = (),
        contains: str | None = None,
        regex: str | None = None,
        from_phones: Sequence[str] | None = None,
        since: str | datetime | None = None,
        poke_interval: float = 60.0,
        wahelp_conn_id: str = "wahelp_default",
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.project_id = arguments.project_id(project_id)
        self.channel_uuid = arguments.channel_uuid(channel_uuid)
        self.kinds = arguments.some_of(kinds, "kinds", KINDS)
        self.include = arguments.some_of(include, "include", get_args(Inclusion))
        self.contains = contains
        self.regex = regex
        self.from_phones = None if from_phones is None else list(from_phones)
        self.since = since.isoformat() if isinstance(since, datetime) else since
        self.poke_interval = poke_interval
        self.wahelp_conn_id = wahelp_conn_id
        self._pattern = _pattern(regex)
        self._since = _since(self.since)

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return the class and the arguments that Airflow creates the trigger from in the triggerer."""
        names = (
            "project_id", "channel_uuid", "kinds", "include", "contains", "regex", "from_phones", "since",
            "poke_interval", "wahelp_conn_id",
        )  # fmt: skip
        given = {name: value for name in names if (value := getattr(self, name)) is not None}
        if self.from_phones is not None:
            given["from_phones"] = sorted(self._phones)
        return f"{type(self).__module__}.{type(self).__qualname__}", given

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Yield an event for each message, for ever."""
        while True:
            try:
                async for payload in self._watch():
                    yield _UnloggedEvent(payload=payload)
            except Exception as error:  # noqa: BLE001 - Airflow would start it again every 2 s
                self.log.warning("The watcher was interrupted by %s and goes on.", type(error).__name__)
            await asyncio.sleep(max(self.poke_interval, PAUSE))

    async def _watch(self) -> AsyncIterator[dict[str, Any]]:
        cursor = self._cursor()
        waiter = _Watch(self, await cursor.load())
        with polled(self.wahelp_conn_id, self.project_id, waiter):
            while "error" not in (event := await waiter.next_event()):
                if isinstance(event, str):
                    self.log.warning(event)
                    continue
                if position := event.get("began"):
                    await cursor.begin(position)
                for payload in event["events"]:
                    yield payload
                await cursor.passed(event["events"])
        self.log.warning("The watcher looks again later: %s", event)

    def _cursor(self) -> StoredCursor | VariableCursor:
        accessors = getattr(self, "asset_state_store", None)
        if accessors is None:
            return VariableCursor(self.cursor_name)
        return StoredCursor(self.cursor_name, list(accessors._by_name.values()))

    @property
    def cursor_name(self) -> str:
        """What the cursor is stored under: each watcher has its own, so none misses what another has read."""
        kept = json.dumps(self.serialize(), sort_keys=True, default=str)
        return f"wahelp_cursor_{hashlib.sha256(kept.encode()).hexdigest()[:16]}"

    def payload(self, message: Message) -> dict[str, Any] | None:
        """Return what an event tells of a message; ``None`` if it is not watched for."""
        event = event_of(message)
        if event is None or event.kind not in self.kinds or not self._matches(event):
            return None
        return {**to_extra(event, self.channel_uuid, self.include), WATCHER: self.cursor_name}

    def _matches(self, event: ChannelEvent) -> bool:
        text, phone = event.message.text or "", event.message.phone or ""
        return (
            (self.contains is None or self.contains.casefold() in text.casefold())
            and (self._pattern is None or bool(self._pattern.search(text)))
            and (self.from_phones is None or _digest(phone) in self._phones)
        )

    @cached_property
    def _phones(self) -> frozenset[str]:
        return frozenset(map(_digest, self.from_phones or ()))

    @property
    def first(self) -> float | None:
        """Where the very first reading begins; ``None``: now."""
        return self._since


class _UnloggedEvent(TriggerEvent):
    """An event whose payload stays out of logs: the triggerer logs each event that it is given."""

    def __repr__(self) -> str:
        return f"TriggerEvent<{self.payload['key']}>"

    __str__ = __repr__


class _Watch(IncomingWaiter):
    """Passes on what a trigger watches for."""

    __slots__ = ("_trigger", "_unbegun")

    def __init__(self, trigger: IncomingMessagesTrigger, position: Position | None) -> None:
        since = position.since if position else trigger.first
        super().__init__(trigger.channel_uuid, trigger.poke_interval, since, self._take)
        self._trigger = trigger
        self._unbegun = position is None
        if position:
            self._seen, self._undated = set(position.seen), set(position.seen)

    def show(self, messages: Sequence[Message], newest: float) -> None:
        since = self.since
        if self._unbegun and since is None:
            super().show(messages, newest)
            began = max(self.since or 0.0, 0.0)
            self.pass_on(
                {"began": Position(began, dict.fromkeys(self._seen, max(newest, began))), "events": []}
            )
        else:
            if self._unbegun:
                self.pass_on({"began": Position(since or 0.0), "events": []})
            super().show(messages, newest)
        self._unbegun = False

    def _take(self, messages: Sequence[Message]) -> None:
        events = [payload for each in messages if (payload := self._trigger.payload(each))]
        if events:
            self.pass_on({"events": events})


def _digest(phone: str) -> str:
    """Return what stands for a phone in Airflow's database. It must be the same on all hosts.

    So without a Fernet key it has no key of its own: then Airflow keeps its secrets in the clear, too.
    """
    if phone.startswith(_DIGEST):
        return phone
    from airflow_provider_wahelp.storage.keys import digest_key, fernet_key, keyed_hash

    key = digest_key() if fernet_key() else b""
    return _DIGEST + keyed_hash(key, b"from phones", digits(phone).encode()).hexdigest()


def _pattern(regex: str | None) -> re.Pattern[str] | None:
    try:
        return None if regex is None else re.compile(regex)
    except re.error:
        raise InputError("regex", "must be a regular expression") from None


def _since(since: str | None) -> float | None:
    if since is None:
        return None
    if (time := parse_time(since)) is None:
        raise InputError("since", "must be a time in ISO 8601")
    return time.timestamp()
