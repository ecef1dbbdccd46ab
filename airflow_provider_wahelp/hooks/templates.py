"""The blocking hook's calls of templates of WhatsApp Business."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from airflow_provider_wahelp.client import arguments
from airflow_provider_wahelp.client.platform.templates import Template
from airflow_provider_wahelp.hooks.people import PeopleHook


class TemplateHook(PeopleHook):
    """A hook that reaches the templates of WhatsApp Business. No operation is known that sends one.

    What the operations take and answer is **not confirmed**: see ``docs/platform.md``.
    """

    def list_templates(
        self, channel_uuid: str | None = None, project_id: int | str | None = None
    ) -> Iterator[Template]:
        """Yield the templates of a channel."""
        return self._each(lambda does: does.list_templates(channel_uuid, project_id), paged=True)

    def create_template(
        self,
        name: str,
        fields: Mapping[str, Any] | None = None,
        channel_uuid: str | None = None,
        project_id: int | str | None = None,
        if_exists: arguments.IfExists = "reuse",
    ) -> Template:
        """Create a template, or take the one of the same name and language; WhatsApp has to approve it.

        :param fields: what else the request says, by the API's names: ``language``, ``category``, ...
        :param if_exists: with one of the same name: ``reuse`` it, ``create`` another, or ``fail``.
        """
        return self._do(lambda does: does.create_template(name, fields, channel_uuid, project_id, if_exists))

    def get_template(
        self, template_id: int | str, channel_uuid: str | None = None, project_id: int | str | None = None
    ) -> Template:
        """Read a template."""
        return self._do(lambda does: does.get_template(template_id, channel_uuid, project_id))

    def delete_template(
        self, template_id: int | str, channel_uuid: str | None = None, project_id: int | str | None = None
    ) -> bool:
        """Delete a template, and return whether there was one."""
        return self._do(lambda does: does.delete_template(template_id, channel_uuid, project_id))

    def import_templates(self, channel_uuid: str | None = None, project_id: int | str | None = None) -> Any:
        """Import the templates that WhatsApp has, and return what the API answers."""
        return self._do(lambda does: does.import_templates(channel_uuid, project_id))
