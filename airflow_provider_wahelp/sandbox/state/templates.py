"""Templates of WhatsApp Business. What these operations take and answer is guessed, all of it."""

from __future__ import annotations

from typing import Any

from airflow_provider_wahelp.sandbox.errors import invalid, not_found
from airflow_provider_wahelp.sandbox.state import fields as read
from airflow_provider_wahelp.sandbox.state.core import Area, changing, reading
from airflow_provider_wahelp.sandbox.state.records import Channel, Template


class Templates(Area):
    """Templates. WhatsApp approves none here: their status stays as it is."""

    @reading
    def templates(self, project_id: int, uuid: str) -> list[dict[str, Any]]:
        """List the templates of a channel.

        :param project_id: the channel's project.
        :param uuid: the channel's uuid.
        """
        return [_show(template) for template in self._of(self._channel(project_id, uuid))]

    @changing
    def create(self, project_id: int, uuid: str, fields: read.Fields) -> dict[str, Any]:
        """Create a template.

        :param project_id: the channel's project.
        :param uuid: the channel's uuid.
        :param fields: ``name``, and whatever else there is to say.
        """
        channel, registry = self._channel(project_id, uuid), self._core.registry
        said = {"language": "ru", "category": "MARKETING", "status": "PENDING", **fields}
        template = Template(registry.next_id("templates"), channel.uuid, read.text(fields, "name"), said)
        registry.add(template)
        return _show(template)

    @reading
    def get(self, project_id: int, uuid: str, template_id: int) -> dict[str, Any]:
        """Show a template.

        :param project_id: the channel's project.
        :param uuid: the channel's uuid.
        :param template_id: the template's id.
        """
        return _show(self._find(project_id, uuid, template_id))

    @changing
    def remove(self, project_id: int, uuid: str, template_id: int) -> None:
        """Remove a template.

        :param project_id: the channel's project.
        :param uuid: the channel's uuid.
        :param template_id: the template's id.
        """
        self._find(project_id, uuid, template_id).removed = True

    @changing
    def import_all(self, project_id: int, uuid: str) -> dict[str, int]:
        """Import the templates that WhatsApp has: here it has none.

        :param project_id: the channel's project.
        :param uuid: the channel's uuid.
        """
        return {"imported": 0, "total": len(self._of(self._channel(project_id, uuid)))}

    def _channel(self, project_id: int, uuid: str) -> Channel:
        channel = self._core.channel(project_id, uuid)
        if channel.type != "waba":
            raise invalid("channel", "Только для WhatsApp Business")
        return channel

    def _of(self, channel: Channel) -> list[Template]:
        stored = self._core.registry.templates.values()
        return [each for each in stored if each.channel_uuid == channel.uuid and not each.removed]

    def _find(self, project_id: int, uuid: str, template_id: int) -> Template:
        found = [each for each in self._of(self._channel(project_id, uuid)) if each.id == template_id]
        if not found:
            raise not_found("Шаблон")
        return found[0]


def _show(template: Template) -> dict[str, Any]:
    return {**template.said, "id": template.id, "name": template.name}
