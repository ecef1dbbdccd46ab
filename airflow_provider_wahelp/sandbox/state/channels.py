"""Projects and their channels."""

from __future__ import annotations

import base64
from functools import partial
from typing import Any
from uuid import uuid4

from airflow_provider_wahelp.sandbox.errors import SandboxError, not_found
from airflow_provider_wahelp.sandbox.state import fields as read
from airflow_provider_wahelp.sandbox.state import views
from airflow_provider_wahelp.sandbox.state.core import Area, changing, reading
from airflow_provider_wahelp.sandbox.state.records import Channel, Project

TYPES = ("whatsapp", "telegram", "waba", "viber", "vk", "instagram", "max")


class Channels(Area):
    """Projects, channels, and whether a channel is logged in to its messenger."""

    @reading
    def projects(self) -> list[dict[str, Any]]:
        """List the projects."""
        return [views.project(project) for project in self._core.registry.projects.values()]

    @changing
    def create_project(self, fields: read.Fields) -> dict[str, Any]:
        """Create a project. Two of the same name are two projects.

        :param fields: ``name``.
        """
        registry = self._core.registry
        project = Project(id=registry.next_id("projects"), name=read.text(fields, "name"))
        registry.add(project)
        return views.project(project)

    @reading
    def channels(self, project_id: int) -> list[dict[str, Any]]:
        """List the channels of a project.

        :param project_id: the project.
        """
        project = self._core.project(project_id)
        return [views.channel(channel) for channel in self._core.registry.channels_of[project.id]]

    @changing
    def create(self, project_id: int, fields: read.Fields) -> dict[str, Any]:
        """Create a channel; it is not active yet.

        :param project_id: its project.
        :param fields: ``name`` and ``type``.
        """
        project = self._core.project(project_id)
        registry = self._core.registry
        channel = Channel(
            id=registry.next_id("channels"),
            uuid=self._new_uuid(),
            project_id=project.id,
            name=read.text(fields, "name"),
            type=read.choice(fields, "type", TYPES),
        )
        registry.add(channel)
        self._announce(channel, "created")
        self._start_activation(channel)
        return views.channel(channel)

    @reading
    def get(self, project_id: int, uuid: str) -> dict[str, Any]:
        """Show a channel.

        :param project_id: its project.
        :param uuid: its uuid.
        """
        return views.channel(self._core.channel(project_id, uuid))

    @reading
    def status(self, project_id: int, uuid: str) -> dict[str, Any]:
        """Show the state of a channel.

        :param project_id: its project.
        :param uuid: its uuid.
        """
        active = self._core.channel(project_id, uuid).active
        return {"active": active, "status": "active" if active else "inactive"}

    @reading
    def qr(self, project_id: int, uuid: str) -> dict[str, Any]:
        """Show what a phone has to scan, as a string to encode.

        :param project_id: the channel's project.
        :param uuid: the channel's uuid.
        """
        channel = self._core.channel(project_id, uuid)
        if channel.type != "whatsapp":
            raise not_found("QR-код")
        if channel.active:
            raise SandboxError(404, "Канал уже активен")
        return {"qr": "2@" + base64.b64encode(channel.uuid.encode()).decode()}

    @reading
    def code(self, uuid: str) -> str:
        """Show what a phone has to scan, wherever the channel is.

        :param uuid: the channel's uuid.
        """
        return str(self.qr(self._any(uuid).project_id, uuid)["qr"])

    @changing
    def scan(self, uuid: str) -> None:
        """Log a channel in, as somebody with its phone would.

        :param uuid: its uuid.
        """
        self._set_active(self._any(uuid), active=True)

    @changing
    def log_out(self, uuid: str) -> None:
        """Log a channel out; it stays so until it is scanned.

        :param uuid: its uuid.
        """
        self._set_active(self._any(uuid), active=False)

    def resume(self) -> None:
        """Plan again what the stored channels wait for."""
        for channel in self._core.registry.channels.values():
            self._plan(channel)

    def _new_uuid(self) -> str:
        first = None if self._core.registry.channels else self._core.options.first_channel
        return first or str(uuid4())

    def _any(self, uuid: str) -> Channel:
        channel = self._core.registry.channels.get(uuid)
        if channel is None:
            raise not_found("Канал")
        return channel

    def _start_activation(self, channel: Channel) -> None:
        delay = self._core.options.activation_delay
        if delay is not None:
            channel.activates_at = self._core.clock.now() + delay
            self._plan(channel)

    def _plan(self, channel: Channel) -> None:
        if channel.activates_at is not None:
            self._core.at(channel.activates_at, partial(self._activate, channel))

    def _activate(self, channel: Channel) -> None:
        # A scan or a log-out in the meantime has called the plan off.
        if channel.activates_at is not None:
            self._set_active(channel, active=True)

    def _set_active(self, channel: Channel, *, active: bool) -> None:
        channel.activates_at = None
        if channel.active != active:
            channel.active = active
            self._announce(channel, "updated")

    def _announce(self, channel: Channel, verb: str) -> None:
        self._core.announce(channel.project_id, f"channel.{verb}", partial(views.channel, channel))
