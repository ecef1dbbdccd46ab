"""The operations of templates of WhatsApp Business, with arguments checked and defaults filled in."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from airflow_provider_wahelp.client import arguments
from airflow_provider_wahelp.client.answers import Page
from airflow_provider_wahelp.client.call import Call
from airflow_provider_wahelp.client.flow import Flow, once
from airflow_provider_wahelp.client.platform import arguments as platform
from airflow_provider_wahelp.client.platform import templates
from airflow_provider_wahelp.client.platform.templates import Template
from airflow_provider_wahelp.hooks.bound import Bound


class BoundTemplates(Bound):
    """Templates."""

    def list_templates(self, channel_uuid: Any, project_id: Any) -> Callable[[int], Call[Page[Template]]]:
        """List templates."""
        return partial(templates.list_templates, self._project(project_id), self._channel(channel_uuid))

    def create_template(
        self, name: Any, fields: Any, channel_uuid: Any, project_id: Any, if_exists: Any
    ) -> Flow[Template]:
        """Create a template."""
        where = self._project(project_id), self._channel(channel_uuid)
        given = platform.fields(fields)
        return templates.ensure_template(*where, arguments.name(name), given, arguments.if_exists(if_exists))

    def get_template(self, template_id: Any, channel_uuid: Any, project_id: Any) -> Flow[Template]:
        """Read a template."""
        where = self._project(project_id), self._channel(channel_uuid)
        return once(templates.get_template(*where, platform.template_id(template_id)))

    def delete_template(self, template_id: Any, channel_uuid: Any, project_id: Any) -> Flow[bool]:
        """Delete a template."""
        where = self._project(project_id), self._channel(channel_uuid)
        return templates.remove_template(*where, platform.template_id(template_id))

    def import_templates(self, channel_uuid: Any, project_id: Any) -> Flow[Any]:
        """Import templates."""
        return once(templates.import_templates(self._project(project_id), self._channel(channel_uuid)))
