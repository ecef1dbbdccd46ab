"""Webhooks: where the platform posts its events."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_wahelp.client import arguments
from airflow_provider_wahelp.client.masking import mask_url
from airflow_provider_wahelp.operators.base import WahelpOperator
from airflow_provider_wahelp.task import optional, required

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context


class SetWebhookOperator(WahelpOperator):
    """Have the events of all channels of a project posted to an address.

    The events carry no signature. The only proof of who posts is a secret in the address itself.

    :param api: ``hook`` sets the project's one webhook (``PUT .../hook``, as the integration guide does);
        ``webhooks`` adds one to a list (``POST .../webhooks/``), unless the address is there already.
    :param entities: with ``webhooks``, the kinds of events: ``project``, ``channel``, ``channel.user``,
        ``channel.message``.
    :param project_id: the project; the connection's by default.
    :return: the webhook: ``url``, ``entities``, ``uuid`` where the API gives one.
    """

    outputs = ("uuid",)
    checks = WahelpOperator.checks | {
        "url": required(arguments.url),
        "api": required(arguments.webhook_api),
        "entities": required(arguments.entities),
        "project_id": optional(arguments.project_id),
    }
    template_fields: Sequence[str] = tuple(checks)

    def __init__(
        self,
        *,
        url: str,
        api: arguments.WebhookApi = "hook",
        entities: Sequence[str] = ("channel.message",),
        project_id: int | str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.url = url
        self.api = api
        self.entities = entities
        self.project_id = project_id
        self._check_arguments()

    def execute(self, context: Context) -> dict[str, Any]:
        """Register the webhook."""
        webhook = self.hook.set_webhook(self.url, self.api, self.entities, self.project_id)
        self.log.info("Events go to %s", mask_url(self.url))
        return self._result(context, webhook.to_dict())
