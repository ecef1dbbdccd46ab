"""What Wahelp says of channels, for their page: from a thread, and soon or not at all."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import NamedTuple

from airflow_provider_wahelp.client.errors import WahelpError
from airflow_provider_wahelp.client.models import Channel
from airflow_provider_wahelp.client.settings import Settings
from airflow_provider_wahelp.delivery.limits.daily_use import DailyUse, daily_use
from airflow_provider_wahelp.hooks.wahelp import WahelpHook
from airflow_provider_wahelp.pages.connections import insist_on_wahelp
from airflow_provider_wahelp.pages.qr import Picture, picture
from airflow_provider_wahelp.storage.state.interface import StateAwayError
from airflow_provider_wahelp.storage.state.shared import shared_state

MOST = 100
"""Channels of a project that are shown."""

_TIMEOUT, _DEADLINE = 3.0, 6.0  # seconds: somebody waits, and asks again soon


class Place(NamedTuple):
    """A project, as a connection reaches it.

    :param project_id: ``None`` for the connection's.
    """

    conn_id: str
    project_id: int | None = None


class Spot(NamedTuple):
    """A channel, as a connection reaches it."""

    conn_id: str
    project_id: int
    channel_uuid: str


@dataclass(frozen=True)
class Project:
    """What was seen of a project.

    :param project_id: ``None`` if neither a task nor the connection names one.
    :param error: why nothing was; empty if it was.
    :param channels: its channels, each with what has gone through it, if the state tells.
    :param shared: whether all hosts count together.
    """

    project_id: int | None
    error: str = ""
    channels: list[tuple[Channel, DailyUse | None]] = field(default_factory=list)
    shared: bool = True


class _QuickHook(WahelpHook):
    """A hook for a page: it gives up soon, as the page asks again. Its token is that of the host."""

    @property
    def own_project(self) -> int | None:
        return self._connection.project_id

    @property
    def server(self) -> str:
        return self._connection.settings.base_url

    def _settings(self, settings: Settings) -> Settings:
        timeout = min(settings.timeout, _TIMEOUT)
        return replace(settings, retries=0, timeout=timeout, deadline=_DEADLINE)


def look_at_project(place: Place) -> Project:
    """Return the channels of a project, and what has gone through them."""
    project = place.project_id
    try:
        insist_on_wahelp(place.conn_id)
        with _QuickHook(place.conn_id) as hook:
            project = place.project_id or hook.own_project
            if project is None:
                return Project(None)
            channels = list(islice(hook.list_channels(project), MOST))
            uses, shared = _uses(f"{hook.server}/{project}", channels)
        return Project(project, "", list(zip(channels, uses, strict=True)), shared)
    except Exception as error:  # noqa: BLE001 - secrets backends have errors of their own
        return Project(project, _words(error))


def look_at_code(spot: Spot) -> Picture | None:
    """Return the QR code that a channel waits with; ``None`` if none can be shown."""
    try:
        insist_on_wahelp(spot.conn_id)
        with _QuickHook(spot.conn_id) as hook:
            return picture(hook.get_channel_qr(spot.channel_uuid, spot.project_id))
    except Exception:  # noqa: BLE001 - as above; the page says what to do instead
        return None


def _uses(scope: str, channels: Sequence[Channel]) -> tuple[list[DailyUse | None], bool]:
    """Return what has gone through channels, and whether all hosts count together."""
    try:
        with closing(shared_state()) as state:
            now, names = time.time(), [each.uuid and f"{scope}/{each.uuid}" for each in channels]
            return [daily_use(state, name, now) if name else None for name in names], state.shared
    except (StateAwayError, WahelpError):
        return [None] * len(channels), True


def _words(error: Exception) -> str:
    if isinstance(error, WahelpError):
        return str(error)
    return f"The connection cannot be read ({type(error).__name__})."
