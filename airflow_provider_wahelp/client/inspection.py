"""What credentials reach: account, project and channel; four requests at most, and none changes anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from airflow_provider_wahelp.client import calls
from airflow_provider_wahelp.client.answers import Page
from airflow_provider_wahelp.client.call import Call, Id
from airflow_provider_wahelp.client.errors import NotFoundError, NotWahelpError
from airflow_provider_wahelp.client.flow import Flow
from airflow_provider_wahelp.client.models import Account, Channel, Project

T = TypeVar("T")


@dataclass(frozen=True)
class Reached:
    """What is there.

    :param account: the owner of the credentials; ``None`` if the server does not tell it, or was not asked.
    :param projects: the account's projects; ``None`` where the server has no such list.
    :param project: the project that was asked for; ``None`` if it does not exist.
    :param channel: the channel that was asked for; ``None`` where the project has none.
    """

    account: Account | None = None
    projects: Sequence[Project] | None = None
    project: Project | None = None
    channels: Sequence[Channel] = ()
    channel: Channel | None = None


def inspect(
    project_id: int | None = None, channel_uuid: str | None = None, *, whose: bool = False
) -> Flow[Reached]:
    """Look for a project, and for a channel of it.

    :param whose: whether to ask for the account, too: a login that was accepted needs no asking.
    :raises NotWahelpError: if nothing that every Wahelp has is there.
    """
    account = (yield from _there(calls.get_account())) if whose else None
    listed = yield from _there(calls.list_projects())
    project = _project(project_id, listed)
    page = (yield from _there(calls.list_channels(_id_of(project)))) if project else None
    if whose and account is None and listed is None and page is None:
        raise NotWahelpError(calls.list_projects().what)
    projects = listed.items if listed else None
    if project is None or (page is None and project not in (projects or ())):
        return Reached(account, projects)
    channel = yield from _channel(_id_of(project), channel_uuid, page)
    return Reached(account, projects, project, page.items if page else (), channel)


def _there(call: Call[T]) -> Flow[T | None]:
    """Perform a call; ``None`` where the server has no such operation."""
    try:
        result: T = yield call
    except NotFoundError:
        return None
    return result


def _project(project_id: int | None, listed: Page[Project] | None) -> Project | None:
    """Return the project, which may be there as long as no whole list says otherwise."""
    if project_id is None:
        return None
    found = [project for project in listed.items if str(project.id) == str(project_id)] if listed else []
    if not found and (listed is None or listed.has_more):
        return Project(id=project_id)
    return found[0] if found else None


def _id_of(project: Project) -> Id:
    return project.id if project.id is not None else ""


def _channel(project_id: Id, channel_uuid: str | None, page: Page[Channel] | None) -> Flow[Channel | None]:
    """Return the channel: from the list, or where that is not all, or lacks a uuid, by itself."""
    if channel_uuid is None:
        return None
    listed = page.items if page else ()
    found = next((channel for channel in listed if channel.uuid == channel_uuid), None)
    if found or (page and not page.has_more and all(channel.uuid for channel in listed)):
        return found
    return (yield from _there(calls.get_channel(project_id, channel_uuid)))
