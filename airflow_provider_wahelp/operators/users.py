"""Users: the people that a channel writes to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_wahelp.client import arguments, phones
from airflow_provider_wahelp.client.masking import mask_phone
from airflow_provider_wahelp.operators.conversations import ConversationOperator
from airflow_provider_wahelp.task import optional, required

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context


class CreateUserOperator(ConversationOperator):
    """Add a person to a channel, or take the one with the same phone, compared by digits.

    :param name: the person's name.
    :param phone: the number with its country code, e.g. ``+71234567890``.
    :param channel_uuid: the channel; the connection's by default.
    :param project_id: the project; the connection's by default.
    :param default_region: the country of a phone without a country code, e.g. ``"RU"``; the connection's by
        default.
    :param if_exists: with somebody of the same phone: ``reuse`` them, ``create`` another, or ``fail``.
    :return: the user: ``id``, ``name``, ``phone`` (digits), ``channel_id``, ...
    """

    checks = ConversationOperator.checks | {
        "name": required(arguments.name),
        "phone": required(phones.check),
        "default_region": optional(phones.check_region),
        "channel_uuid": optional(arguments.channel_uuid),
        "project_id": optional(arguments.project_id),
        "if_exists": required(arguments.if_exists),
    }
    template_fields: Sequence[str] = tuple(checks)

    def __init__(
        self,
        *,
        name: str,
        phone: str,
        channel_uuid: str | None = None,
        project_id: int | str | None = None,
        default_region: str | None = None,
        if_exists: arguments.IfExists = "reuse",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.name = name
        self.phone = phone
        self.channel_uuid = channel_uuid
        self.project_id = project_id
        self.default_region = default_region
        self.if_exists = if_exists
        self._check_arguments()

    def execute(self, context: Context) -> dict[str, Any]:
        """Add the person."""
        user = self.hook.create_user(
            self.name, self.phone, self.channel_uuid, self.project_id, self.if_exists
        )
        self.log.info("User %s (%s)", user.id, mask_phone(self.phone))
        if user.id is not None:
            self._leave_conversation(context, self.channel_uuid, [user.id])
        return self._result(context, user.to_dict())
