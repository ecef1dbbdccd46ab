"""What takes more than one call: looking before creating."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from airflow_provider_wahelp.client import calls
from airflow_provider_wahelp.client.answers import Page
from airflow_provider_wahelp.client.arguments import IfExists
from airflow_provider_wahelp.client.call import Call, Id
from airflow_provider_wahelp.client.errors import (
    ExistsError,
    InputError,
    NotFoundError,
)
from airflow_provider_wahelp.client.flow import Flow
from airflow_provider_wahelp.client.models import Channel, Model, Project, Webhook
from airflow_provider_wahelp.client.paging import Pager
from airflow_provider_wahelp.client.reconcile import created_once, find_new

M = TypeVar("M", bound=Model)


def ensure_project(name: str, if_exists: IfExists = "reuse") -> Flow[Project]:
    """Create a project, or take the one of the same name.

    :param if_exists: what to do with one of the same name.
    """

    def listed() -> Flow[list[Project] | None]:
        return (yield from list_all(calls.list_projects, lambda project: project.name == name))

    call = calls.create_project(name)
    there = yield from listed()
    if there and if_exists != "create":
        return existing(there[0], if_exists, call.what)
    find = find_new("the project was created", listed, there or [])
    return (yield from created_once(call, find))


def ensure_channel(
    project_id: Id, name: str, channel_type: str, if_exists: IfExists = "reuse"
) -> Flow[Channel]:
    """Create a channel, or take the one of the same name and type, preferably an active one.

    :param channel_type: ``whatsapp``, ``telegram``, ...
    :param if_exists: what to do with one of the same name and type.
    """

    def listed() -> Flow[list[Channel] | None]:
        return (
            yield from list_all(
                lambda page: calls.list_channels(project_id, page),
                lambda channel: channel.name == name and (channel.type or "").lower() == channel_type,
            )
        )

    call = calls.create_channel(project_id, name, channel_type)
    there = yield from listed()
    if there and if_exists != "create":
        best = max(there, key=lambda channel: (channel.uuid is not None, channel.active))
        return _addressable(existing(best, if_exists, call.what))
    find = find_new("the channel was created", listed, there or [])
    return _addressable((yield from created_once(call, find)))


def get_channel(project_id: Id, channel_uuid: str) -> Flow[Channel]:
    """Read one channel; a server without that operation is asked for the list."""
    try:
        channel: Channel = yield calls.get_channel(project_id, channel_uuid)
    except NotFoundError:
        found = yield from list_all(
            lambda page: calls.list_channels(project_id, page), lambda entry: entry.uuid == channel_uuid
        )
        if not found:
            raise
        return found[0]
    return channel


def ensure_webhook(project_id: Id, url: str, entities: Sequence[str]) -> Flow[Webhook]:
    """Add a webhook, unless its address is registered already.

    :param entities: the kinds of events, e.g. ``channel.message``.
    """
    found = yield from list_all(
        lambda page: calls.list_webhooks(project_id, page), lambda webhook: webhook.url == url
    )
    if found:
        return found[0]
    webhook: Webhook = yield calls.add_webhook(project_id, url, entities)
    return webhook


def list_all(
    page_of: Callable[[int], Call[Page[M]]], wanted: Callable[[M], bool], *, paged: bool = False
) -> Flow[list[M] | None]:
    """Return what is wanted of a list, or ``None`` where the server has no such list.

    :param paged: whether the list may be a long one.
    """
    pager: Pager[M] = Pager(paged=paged)
    found: list[M] = []
    while not pager.done:
        try:
            page = yield from pager.ask(page_of)
        except NotFoundError:
            return None
        found += [item for item in pager.take(page) if wanted(item)]
    return found


def existing(found: M, if_exists: IfExists, what: str) -> M:
    """Return what exists already, unless that is an error."""
    if if_exists == "fail":
        raise ExistsError(what)
    return found


def _addressable(channel: Channel) -> Channel:
    if channel.uuid is None:
        raise InputError(
            "name",
            "a channel of this name and type exists, but Wahelp's list gives no uuid for it; "
            'name it by channel_uuid, or use if_exists="create"',
        )
    return channel
