"""The button "Test" of a connection: which account, project and channel it reaches, or what is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from airflow_provider_wahelp.client.errors import ChannelNotActiveError
from airflow_provider_wahelp.client.flow import Flow
from airflow_provider_wahelp.client.inspection import Reached, inspect
from airflow_provider_wahelp.client.masking import scrub
from airflow_provider_wahelp.client.models import Channel, Project
from airflow_provider_wahelp.client.settings import Settings
from airflow_provider_wahelp.hooks.connection import WahelpConnection

_TIMEOUT = 10.0
"""Seconds: a person waits for the answer."""

_MOST = 5
"""Projects or channels that are named to choose from."""


def test_settings(settings: Settings) -> Settings:
    """Return settings for a test: a short timeout and no retries."""
    return replace(settings, retries=0, timeout=min(settings.timeout, _TIMEOUT))


def describe_connection(connection: WahelpConnection) -> Flow[tuple[bool, str]]:
    """Return whether the connection works, and the text for the user.

    :raises WahelpError: if Wahelp cannot be reached, or refuses a call.
    """
    project_id, channel_uuid = connection.project_id, connection.channel_uuid
    settings = connection.settings
    reached = yield from inspect(project_id, channel_uuid, whose=bool(settings.access_token))
    login = (reached.account.login if reached.account else None) or settings.login
    wrong = _wrong(connection, reached)
    begin = f"Connected to {settings.base_url}{f' as {login}' if login else ''}"
    return (False, f"{begin}, but {wrong}") if wrong else (True, f"{begin}. {_found(connection, reached)}")


def _wrong(connection: WahelpConnection, reached: Reached) -> str:
    project_id, channel_uuid = connection.project_id, connection.channel_uuid
    if project_id is None:
        return ""
    if reached.project is None:
        return _text(f"project {project_id} does not exist.", _projects(reached), "Check project_id.")
    if channel_uuid is None or reached.channel:
        return ""
    there = f"project {_project(reached.project)} has no channel {channel_uuid}."
    return _text(there, _channels(reached), "Check channel_uuid.")


def _found(connection: WahelpConnection, reached: Reached) -> str:
    if reached.project is None:
        lost = f"Channel {connection.channel_uuid} cannot be looked up without one."
        nowhere = lost if connection.channel_uuid else ""
        return _text("The connection names no project: tasks have to.", nowhere, _projects(reached))
    project = f"Project {_project(reached.project)}."
    if reached.channel is None:
        return _text(project, "The connection names no channel: tasks have to.", _channels(reached))
    if reached.channel.active:
        return _text(project, f"Channel {_channel(reached.channel)} is active.")
    inactive = f"Channel {_channel(reached.channel)} is not active."
    return _text(project, inactive, ChannelNotActiveError.advice)


def _text(*sentences: str) -> str:
    return " ".join(filter(None, sentences))


def _projects(reached: Reached) -> str:
    if reached.projects is None:
        return ""
    return f"The account has {_listed([_project(each) for each in reached.projects], 'project')}."


def _channels(reached: Reached) -> str:
    named = [f"{_channel(each)} {each.uuid or ''}".rstrip() for each in reached.channels]
    return f"The project has {_listed(named, 'channel')}."


def _listed(named: Sequence[str], kind: str) -> str:
    more = [f"{len(named) - _MOST} more"] if len(named) > _MOST else []
    return ", ".join([*named[:_MOST], *more]) or f"no {kind} yet"


def _project(project: Project) -> str:
    return f"{project.id}{_name(project.name, ' ')}"


def _channel(channel: Channel) -> str:
    named = _name(channel.name) or channel.uuid or str(channel.id)
    return f"{named} ({channel.type})" if channel.type else named


def _name(name: str | None, before: str = "") -> str:
    """Return a name in quotation marks; people call a channel by its number, too."""
    return f"{before}«{scrub(name)}»" if name else ""
