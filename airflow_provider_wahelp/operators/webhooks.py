"""Webhooks: where the platform posts its events."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_wahelp.client import arguments
from airflow_provider_wahelp.client.base_error import InputError
from airflow_provider_wahelp.client.masking import mask_url
from airflow_provider_wahelp.failures import airflow_errors
from airflow_provider_wahelp.operators.base import WahelpOperator
from airflow_provider_wahelp.task import optional, required

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context


class SetWebhookOperator(WahelpOperator):
    """Have the events of all channels of a project posted to an address.

    The events carry no signature. The only proof of who posts is a secret in the address itself.

    :param url: the address.
    :param receiver: in place of ``url``, the connection whose events this very Airflow is to receive: its
        ``webhook_token`` is the secret, ``[api] base_url`` the address. Airflow 3.
    :param api: ``hook`` sets the project's one webhook (``PUT .../hook``, as the integration guide does);
        ``webhooks`` adds one to a list (``POST .../webhooks/``), unless the address is there already.
    :param entities: with ``webhooks``, the kinds of events: ``project``, ``channel``, ``channel.user``,
        ``channel.message``.
    :param project_id: the project; by default the receiver's, or the connection's.
    :return: the webhook: ``url``, ``entities``, ``uuid`` where the API gives one.
    """

    outputs = ("uuid",)
    checks = WahelpOperator.checks | {
        "url": optional(arguments.url),
        "receiver": optional(str),
        "api": required(arguments.webhook_api),
        "entities": required(arguments.entities),
        "project_id": optional(arguments.project_id),
    }
    template_fields: Sequence[str] = tuple(checks)

    def __init__(
        self,
        *,
        url: str | None = None,
        receiver: str | None = None,
        api: arguments.WebhookApi = "hook",
        entities: Sequence[str] = ("channel.message",),
        project_id: int | str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.url = url
        self.receiver = receiver
        self.api = api
        self.entities = entities
        self.project_id = project_id
        self._check_arguments()

    def _check_together(self) -> None:
        _one_of_both(self.url, self.receiver)

    def execute(self, context: Context) -> dict[str, Any]:
        """Register the webhook."""
        url, project_id = self._address()
        webhook = self.hook.set_webhook(url, self.api, self.entities, project_id)
        self.log.info("Events go to %s", mask_url(url))
        result = webhook.to_dict()
        if self._checked("receiver"):  # an XCom is for everybody to read, and nobody needs the address
            result["url"] = mask_url(url)
        return self._result(context, result)

    def _address(self) -> tuple[str, int | None]:
        url, receiver, project_id = map(self._checked, ("url", "receiver", "project_id"))
        with airflow_errors():
            _one_of_both(url, receiver)  # what was a template is known now
            if not receiver:
                return url, project_id
            from airflow_provider_wahelp.hooks.receiver import receiver_address

            address = receiver_address(receiver)
            if project_id not in (None, address.project_id):
                raise InputError("project_id", f"must be {address.project_id}, the receiver's, or left out")
            return address


def _one_of_both(url: str | None, receiver: str | None) -> None:
    if (url is None) == (receiver is None):
        raise InputError("url", "must be given, or receiver in place of it")
