"""Where events go: the project's one hook, and its list of webhooks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

from airflow_provider_wahelp.sandbox.errors import not_found
from airflow_provider_wahelp.sandbox.state import fields as read
from airflow_provider_wahelp.sandbox.state import views
from airflow_provider_wahelp.sandbox.state.core import Area, changing, reading
from airflow_provider_wahelp.sandbox.state.records import Webhook

if TYPE_CHECKING:
    from airflow_provider_wahelp.sandbox.state.core import Core


class Hooks(Area):
    """The addresses that want to hear what happens."""

    @changing
    def set_hook(self, project_id: int, fields: read.Fields) -> dict[str, Any]:
        """Set the project's hook, which gets everything.

        :param project_id: the project.
        :param fields: ``url``.
        """
        project = self._core.project(project_id)
        project.hook = read.url(fields)
        return {"url": project.hook}

    @reading
    def webhooks(self, project_id: int) -> list[dict[str, Any]]:
        """List the project's webhooks.

        :param project_id: the project.
        """
        project = self._core.project(project_id)
        return [views.webhook(webhook) for webhook in self._core.registry.webhooks_of[project.id].values()]

    @changing
    def add(self, project_id: int, fields: read.Fields) -> dict[str, Any]:
        """Add a webhook.

        :param project_id: the project.
        :param fields: ``url`` and ``entities``.
        """
        webhook = Webhook(
            uuid=str(uuid4()),
            project_id=self._core.project(project_id).id,
            url=read.url(fields),
            entities=read.words(fields, "entities"),
        )
        self._core.registry.add(webhook)
        return views.webhook(webhook)

    @changing
    def change(self, project_id: int, uuid: str, fields: read.Fields) -> dict[str, Any]:
        """Change a webhook; what is not named stays.

        :param project_id: the project.
        :param uuid: the webhook's uuid.
        :param fields: ``url`` and ``entities``.
        """
        webhook = _find(self._core, project_id, uuid)
        merged = {"url": webhook.url, "entities": webhook.entities, **fields}
        webhook.url, webhook.entities = read.url(merged), read.words(merged, "entities")
        return views.webhook(webhook)

    @changing
    def remove(self, project_id: int, uuid: str) -> None:
        """Remove a webhook.

        :param project_id: the project.
        :param uuid: the webhook's uuid.
        """
        self._core.registry.remove_webhook(_find(self._core, project_id, uuid))


def _find(core: Core, project_id: int, uuid: str) -> Webhook:
    webhook = core.registry.webhooks_of[core.project(project_id).id].get(uuid)
    if webhook is None:
        raise not_found("Вебхук")
    return webhook
