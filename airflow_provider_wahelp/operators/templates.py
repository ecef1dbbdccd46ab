"""Templates of WhatsApp Business: creating one, and reading all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_wahelp.client import arguments
from airflow_provider_wahelp.client.platform.arguments import fields
from airflow_provider_wahelp.operators.base import WahelpOperator
from airflow_provider_wahelp.task import optional, required

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context


class CreateTemplateOperator(WahelpOperator):
    """Create a template, or take the one of the same name and language. WhatsApp has to approve it.

    What Wahelp takes is **not confirmed**: see ``docs/platform.md``. No operation is known that sends a
    template to a person; a mailing of the platform (``kind="waba"``) may use one.

    :param name: the template's name.
    :param fields: what else Wahelp is told, by the API's names: ``language``, ``category``, ...
    :param channel_uuid: the channel; the connection's by default.
    :param project_id: the project; the connection's by default.
    :param if_exists: with one of the same name: ``reuse`` it, ``create`` another, or ``fail``.
    :return: the template: ``id``, ``name``, ``status``, and all else that the API tells.
    """

    checks = WahelpOperator.checks | {
        "name": required(arguments.name),
        "fields": optional(fields),
        "channel_uuid": optional(arguments.channel_uuid),
        "project_id": optional(arguments.project_id),
        "if_exists": required(arguments.if_exists),
    }
    template_fields: Sequence[str] = tuple(checks)

    def __init__(
        self,
        *,
        name: str,
        fields: Mapping[str, Any] | None = None,
        channel_uuid: str | None = None,
        project_id: int | str | None = None,
        if_exists: arguments.IfExists = "reuse",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.name = name
        self.fields = fields
        self.channel_uuid = channel_uuid
        self.project_id = project_id
        self.if_exists = if_exists
        self._check_arguments()

    def execute(self, context: Context) -> dict[str, Any]:
        """Create the template."""
        template = self.hook.create_template(
            self.name, self.fields, self.channel_uuid, self.project_id, self.if_exists
        )
        self.log.info("Template %s (%s): %s", template.id, template.name, template.status)
        return self._result(context, template.to_dict())


class ListTemplatesOperator(WahelpOperator):
    """Read the templates of a channel.

    :param channel_uuid: the channel; the connection's by default.
    :param project_id: the project; the connection's by default.
    :param import_first: whether Wahelp is to import what WhatsApp has before that.
    :return: the templates: ``id``, ``name``, ``language``, ``status``, and all else that the API tells.
    """

    checks = WahelpOperator.checks | {
        "channel_uuid": optional(arguments.channel_uuid),
        "project_id": optional(arguments.project_id),
    }
    template_fields: Sequence[str] = tuple(checks)

    def __init__(
        self,
        *,
        channel_uuid: str | None = None,
        project_id: int | str | None = None,
        import_first: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.channel_uuid = channel_uuid
        self.project_id = project_id
        self.import_first = import_first
        self._check_arguments()

    def execute(self, context: Context) -> list[dict[str, Any]]:
        """Read the templates."""
        if self.import_first:
            self.hook.import_templates(self.channel_uuid, self.project_id)
        found = self.hook.list_templates(self.channel_uuid, self.project_id)
        rows = [template.to_dict() for template in found]
        self.log.info("Read %d templates", len(rows))
        return rows
