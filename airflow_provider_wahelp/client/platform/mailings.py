"""The platform's own mailings: each operation as a call, and what a mailing is (docs/api.md, 3.6).

Only the operations are known, not what they take and answer. So their path, and what the states are called,
are settings.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args

from airflow_provider_wahelp.client.answers import Envelope, Page, read_list
from airflow_provider_wahelp.client.bodies import FilePart, Form, pairs
from airflow_provider_wahelp.client.call import Call, Id
from airflow_provider_wahelp.client.errors import InputError
from airflow_provider_wahelp.client.generic import Response
from airflow_provider_wahelp.client.masking import strings_in
from airflow_provider_wahelp.client.models import Json, Model, column, read_id, read_text
from airflow_provider_wahelp.client.paths import joined, page_query
from airflow_provider_wahelp.client.platform.arguments import MailingKind
from airflow_provider_wahelp.client.readers import created

MailingState = Literal["draft", "running", "finished", "stopped", "failed", "unknown"]

PATH = "projects/{project_id}/channels/{channel_uuid}/mass_mailings/{kind}"
"""Where the mailings of a kind lie, below ``/api/app``; that the channel is a part of it is a guess."""

_WORDS: Mapping[MailingState, str] = {
    "draft": "draft new not_started",
    "running": "running sending started in_progress processing queued in_queue scheduled planned",
    "finished": "finished done completed complete sent",
    "stopped": "stopped cancelled canceled aborted",
    "failed": "failed error",
}
STATES: Mapping[str, MailingState] = {
    word: state for state, words in _WORDS.items() for word in words.split()
}
"""What a status means: all of it is a guess. One that is not here is ``unknown``."""


@dataclass(frozen=True)
class MailingPlace:
    """Where the mailings of one kind are.

    :param path: their path below ``/api/app``.
    :param states: what a status means, by its words in lower case; ``""`` is for none.
    """

    project_id: Id
    kind: MailingKind
    path: str
    states: Mapping[str, MailingState] = field(default_factory=lambda: STATES, repr=False)

    @property
    def words(self) -> str:
        """What it is, for errors."""
        return f"the {self.kind} mailings of project {self.project_id}"


def _status(value: object) -> str | None:
    """Read a status: a word, a number, or an object that has one."""
    if isinstance(value, Mapping):
        named = (read_text(value.get(key)) for key in ("code", "key", "name", "value", "id"))
        return next(filter(None, named), None)
    return read_text(value)


@dataclass(frozen=True, kw_only=True)
class PlatformMailing(Model):
    """A mailing that Wahelp itself sends.

    :param state: what its ``status`` means: ``draft``, ``running``, ``finished``, ``stopped``, ``failed`` or
        ``unknown``.
    """

    id: int | str | None = column(read_id)
    name: str | None = column(read_text)
    status: str | None = column(_status)
    state: MailingState = "unknown"

    @classmethod
    def _read(cls, data: Json) -> dict[str, Any]:
        read = super()._read(data)
        return {**read, "status": read["status"] or _status(data.get("state"))}

    def meaning(self, states: Mapping[str, MailingState]) -> PlatformMailing:
        """Return the mailing with its state."""
        word = (self.status or "").strip().lower().replace(" ", "_").replace("-", "_")
        return replace(self, state=states.get(word, "unknown"))


def read_states(value: str) -> dict[str, MailingState]:
    """Return what statuses mean: what is known, and what a user has set as JSON.

    :raises InputError: if it is not a mapping of statuses to states.
    """
    try:
        given = json.loads(value or "{}")
    except ValueError:
        given = None
    known = get_args(MailingState)
    if not isinstance(given, Mapping) or not all(state in known for state in given.values()):
        raise InputError(
            "[wahelp] mailing_states", f'must be JSON such as {{"3": "finished"}}; states: {", ".join(known)}'
        )
    return {**STATES, **{str(word).lower(): state for word, state in given.items()}}


def list_mailings(place: MailingPlace, page: int = 1) -> Call[Page[PlatformMailing]]:
    """List the mailings of a kind."""
    return Call(
        "GET",
        f"{place.path}/",
        f"list {place.words}",
        _reader(place),
        params=page_query(page),
        project_id=place.project_id,
    )


def create_mailing(
    place: MailingPlace, name: str, fields: Mapping[str, Any], files: Sequence[FilePart] = ()
) -> Call[PlatformMailing]:
    """Create a mailing, which nobody gets yet."""
    body = {"name": name, **fields}
    read = created(PlatformMailing, "id")
    return Call(
        "POST",
        f"{place.path}/",
        f"create one of {place.words}",
        lambda envelope: read(envelope).meaning(place.states),
        json=None if files else body,
        form=Form(tuple(pairs(body)), tuple(files)) if files else None,
        private=[*strings_in(fields), *(part.name for part in files)],
        project_id=place.project_id,
        repeatable=False,
    )


def try_mailing(place: MailingPlace, fields: Mapping[str, Any]) -> Call[Any]:
    """Send a mailing to somebody who is to look at it first; what it takes is not known."""
    return Call(
        "POST",
        f"{place.path}/test",
        f"test one of {place.words}",
        _as_it_came,
        json=dict(fields),
        private=list(strings_in(fields)),
        project_id=place.project_id,
        repeatable=False,
        sends=True,
    )


def send_mailing(place: MailingPlace, mailing_id: Id) -> Call[Any]:
    """Start a mailing: everybody on its list gets it."""
    return Call(
        "POST",
        f"{place.path}/{joined(mailing_id, 'send')}",
        f"start {place.kind} mailing {mailing_id}",
        _as_it_came,
        project_id=place.project_id,
        repeatable=False,
        sends=True,
    )


def stop_mailing(place: MailingPlace, mailing_id: Id) -> Call[Any]:
    """Stop a mailing and clear its queue for good: to do it twice is to do it once."""
    return Call(
        "POST",
        f"{place.path}/{joined(mailing_id, 'stop')}",
        f"stop {place.kind} mailing {mailing_id}",
        _as_it_came,
        project_id=place.project_id,
    )


def mailing_stats(place: MailingPlace, mailing_id: Id) -> Call[Any]:
    """Read the numbers of a mailing; their shape is not known."""
    return Call(
        "GET",
        f"{place.path}/{joined(mailing_id, 'stats')}",
        f"read the numbers of {place.kind} mailing {mailing_id}",
        _as_it_came,
        project_id=place.project_id,
    )


def export_mailing(place: MailingPlace, mailing_id: Id) -> Call[Response]:
    """Read what has become of each of a mailing's messages: a file, a link to one, or JSON."""
    return Call(
        "GET",
        f"{place.path}/{joined(mailing_id, 'export')}",
        f"export {place.kind} mailing {mailing_id}",
        Response.of,
        project_id=place.project_id,
    )


def link_in(answer: Response) -> str:
    """Return the link to a file that an answer has in place of the file; ``""`` where it has none."""
    data = answer.data
    if isinstance(data, Mapping):
        data = next((data[key] for key in ("url", "file_url", "link", "download_url") if data.get(key)), "")
    return data if isinstance(data, str) and re.match(r"https?://\S+$", data) else ""


def _reader(place: MailingPlace) -> Callable[[Envelope], Page[PlatformMailing]]:
    read = read_list(PlatformMailing)

    def listed(envelope: Envelope) -> Page[PlatformMailing]:
        page = read(envelope)
        return replace(page, items=[mailing.meaning(place.states) for mailing in page.items])

    return listed


def _as_it_came(envelope: Envelope) -> Any:
    return envelope.data
