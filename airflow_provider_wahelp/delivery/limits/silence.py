"""Users who have not written to a channel for a long time, read out of its history beside the opt-outs."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field

from airflow_provider_wahelp.client import calls
from airflow_provider_wahelp.client.call import Id
from airflow_provider_wahelp.client.events import event_of
from airflow_provider_wahelp.client.flow import Flow
from airflow_provider_wahelp.client.history import Extent, read_history
from airflow_provider_wahelp.client.messages import Recipient
from airflow_provider_wahelp.client.models import Message, User
from airflow_provider_wahelp.client.reconcile import moment
from airflow_provider_wahelp.client.users import find_user
from airflow_provider_wahelp.delivery.words import days
from airflow_provider_wahelp.storage.cache import KeyValueCache
from airflow_provider_wahelp.storage.keys import keyed_hash
from airflow_provider_wahelp.storage.state.interface import State
from airflow_provider_wahelp.storage.user_ids import comparable

KEPT = 92 * 86_400
"""Seconds for which it is remembered at least when somebody wrote: mailings may ask for different times."""

_OVERLAP = 7200  # seconds that are read once more: a message may show up late (docs/api.md, 3.3)
_NEVER = 0


class Listener:
    """Takes in what a reading of a channel's history comes across. This one takes nothing."""

    def begin(self, project_id: Id, channel_uuid: str, now: float) -> None:
        """Note that a reading begins."""

    def since(self) -> float:
        """Return back to when it needs the history, in seconds since 1970."""
        return math.inf

    def take(self, message: Message) -> None:
        """Take a message of the history, or one that was written since it was read."""

    def end(self, extent: Extent) -> None:
        """Note how far the reading went."""


@dataclass
class _Written:
    """Who has written to a channel, with the last time of each, in seconds since 1970.

    :param since: back to when it is complete.
    :param until: up to when the history was read.
    :param users: by id.
    :param phones: by a keyed digest.
    :param unnamed: when somebody wrote last whose phone the history did not tell.
    """

    since: int = 0
    until: int = _NEVER
    users: dict[str, int] = field(default_factory=dict)
    phones: dict[str, int] = field(default_factory=dict)
    unnamed: int = _NEVER

    def note(self, user_id: Id | None, phone: str | None, at: int) -> None:
        """Note that somebody wrote."""
        if user_id is not None:
            self.users[str(user_id)] = max(at, self.users.get(str(user_id), _NEVER))
        if phone:
            self.phones[phone] = max(at, self.phones.get(phone, _NEVER))
        else:
            self.unnamed = max(at, self.unnamed)

    def forget(self, before: float) -> None:
        """Forget what was written before a moment."""
        self.since = max(self.since, math.ceil(before))
        self.users, self.phones = (
            {name: at for name, at in known.items() if at >= before} for known in (self.users, self.phones)
        )


class Silence(Listener):
    """Tells whether somebody has not written for so long. Whoever was never seen to write is silent.

    It is read together with the opt-outs, or by itself; a mailing reads only what is new since the last one.
    If the history does not go back far enough, the last messages of the channel's users count too.

    :param place: the state in which it is remembered, and the key of the digests of phones.
    :param scope: what the ids belong to: the server.
    """

    def __init__(self, place: tuple[State, bytes], scope: str, seconds: float) -> None:
        self.reason = f"they have not written for {days(seconds)}"
        self.is_whole = False
        """Whether the history shows all that was asked for."""
        self._cache = KeyValueCache(place[0])
        self._hash = keyed_hash(place[1], b"writers")
        self._scope = scope
        self._seconds = seconds
        self._name = b""
        self._now = self._since = 0.0
        self._written = _Written()

    def begin(self, project_id: Id, channel_uuid: str, now: float) -> None:
        """Take up what earlier mailings have read."""
        parts = json.dumps([self._scope, str(project_id), channel_uuid])
        self._name = hashlib.blake2b(parts.encode(), digest_size=16, person=b"writers").digest()
        self._now = now
        kept = self._cache.read([self._name]).get(self._name)
        self._cache.close()  # the reading may take an hour
        self._written = _Written(**json.loads(kept)) if kept else _Written(since=math.ceil(now))
        known = self._written.since <= self._wanted
        self._since = self._written.until - _OVERLAP if known else self._wanted

    def since(self) -> float:
        """Return back to when the history is to be read."""
        return self._since

    def take(self, message: Message) -> None:
        """Take a message; only what a person wrote counts."""
        event = event_of(message)
        if message.direction == "incoming" and message.created_at and event and event.kind == "message":
            phone = self._digest(message.phone) if message.phone else None
            self._written.note(message.user_id, phone, math.floor(message.created_at.timestamp()))

    def end(self, extent: Extent) -> None:
        """Remember what was read."""
        self.is_whole = extent.covers(self._since)
        if extent.is_whole:
            self._written.since = min(self._written.since, math.ceil(self._wanted))
        self._written.until = math.floor(min(max(extent.newest, self._written.until), self._now))
        self._keep()

    def read(self, project_id: Id, channel_uuid: str) -> Flow[None]:
        """Read the history for this alone."""
        self.begin(project_id, channel_uuid, (yield from moment()).seconds)
        yield from self._read(project_id, channel_uuid)

    def of_one(self, to: Recipient) -> Flow[str]:
        """Return the reason to leave one person out; whoever is known to have written costs no request."""
        place, who = (to.project_id, to.channel_uuid), (to.user_id, to.phone)
        self.begin(*place, (yield from moment()).seconds)
        if self._has_written(*who):
            return ""
        yield from self._read(*place)
        reason = self.of(*who)
        if self._has_written(*who) or (reason and self.is_whole):
            return reason
        user_id = to.user_id
        if user_id is None:  # only an id could tell
            found = yield from find_user(*place, to.phone)
            if found is None or found.id is None:
                return self.reason
            user_id = found.id
        if not self.is_whole:
            self.ask([(yield calls.get_user(*place, user_id))])
        return self.of(user_id, to.phone)

    def ask(self, users: Iterable[User]) -> None:
        """Take the last messages of a channel's users: of those who wrote last, they tell when."""
        for user in users:
            if isinstance(user.last_message, Mapping):
                last = {"user_id": user.id, "user": {"phone": user.phone}, **user.last_message}
                self.take(Message.from_api(last))
        self._keep()

    def of(self, user_id: Id | None, phone: str) -> str:
        """Return the reason to leave somebody out; ``""`` if they have written, or if only an id could tell.

        :param phone: the normalised number; ``""`` if it is not known.
        """
        if self._has_written(user_id, phone):
            return ""
        known = user_id is not None or self._written.unnamed < self._wanted
        return self.reason if known else ""

    def _read(self, project_id: Id, channel_uuid: str) -> Flow[None]:
        def take(message: Message, _extent: Extent) -> bool:
            self.take(message)
            return False

        self.end((yield from read_history(project_id, channel_uuid, lambda _: self.since(), take)))

    def _has_written(self, user_id: Id | None, phone: str) -> bool:
        by_id = self._written.users.get(str(user_id), _NEVER)
        by_phone = self._written.phones.get(self._digest(phone), _NEVER) if phone else _NEVER
        return max(by_id, by_phone) >= self._wanted

    @property
    def _wanted(self) -> float:
        return self._now - self._seconds

    def _digest(self, phone: str) -> str:
        digest = self._hash.copy()
        digest.update(comparable(phone).encode())
        return digest.hexdigest()

    def _keep(self) -> None:
        self._written.forget(self._now - max(self._seconds, KEPT))
        self._cache.write(self._name, json.dumps(asdict(self._written)).encode())
        self._cache.close()
