"""Messages: sending one, and reading the history."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_wahelp.client import arguments, phones
from airflow_provider_wahelp.client.masking import mask_phone
from airflow_provider_wahelp.literals import check_literal, is_literal
from airflow_provider_wahelp.operators.base import WahelpOperator
from airflow_provider_wahelp.operators.json_lines import write_json_lines

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context


class SendMessageOperator(WahelpOperator):
    """Send a text to a person, named by ``user_id`` or by ``phone``.

    A phone is found in the channel, or added to it, first. The text is sent literally: Markdown shows its
    asterisks.

    :param text: the text.
    :param user_id: the person, as a user of the channel.
    :param phone: the person's number with its country code, e.g. ``+71234567890``.
    :param name: the name of somebody added by phone; the number by default.
    :param channel_uuid: the channel; the connection's by default.
    :param project_id: the project; the connection's by default.
    :param wahelp_conn_id: the id of an Airflow connection of type ``wahelp``.
    :return: the message: ``id``, ``user_id``, ``text``, ``status``, ``created_at`` (ISO 8601, UTC), ...
    """

    template_fields: Sequence[str] = (
        "wahelp_conn_id",
        "text",
        "user_id",
        "phone",
        "name",
        "channel_uuid",
        "project_id",
    )

    def __init__(
        self,
        *,
        text: str,
        user_id: int | str | None = None,
        phone: str | None = None,
        name: str | None = None,
        channel_uuid: str | None = None,
        project_id: int | str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        check_literal(arguments.text, text)
        check_literal(arguments.user_id, user_id)
        check_literal(phones.check, phone)
        check_literal(arguments.name, name)
        check_literal(arguments.channel_uuid, channel_uuid)
        check_literal(arguments.project_id, project_id)
        if all(given is None or is_literal(given) for given in (user_id, phone)):
            arguments.recipient(user_id, phone)
        self.text = text
        self.user_id = user_id
        self.phone = phone
        self.name = name
        self.channel_uuid = channel_uuid
        self.project_id = project_id

    def execute(self, context: Context) -> dict[str, Any]:
        """Send it."""
        message = self.hook.send_message(
            self.text, self.user_id, self.phone, self.name, self.channel_uuid, self.project_id
        )
        phone = f" ({mask_phone(self.phone)})" if self.phone else ""
        self.log.info(
            "Sent message %s (%d characters) to user %s%s through channel %s: %s",
            message.id,
            len(self.text),
            message.user_id,
            phone,
            self.channel_uuid or "of the connection",
            message.status,
        )
        return self._result(context, message)


class GetMessagesOperator(WahelpOperator):
    """Read the history of a channel, into XCom or as JSON Lines to a file.

    The order is the API's, which is not documented. Times are UTC.

    :param channel_uuid: the channel; the connection's by default.
    :param project_id: the project; the connection's by default.
    :param limit: how many messages at most; ``None`` for the whole history.
    :param output_path: where to write the rows in place of XCom: any Airflow object storage path, e.g.
        ``s3://conn_id@bucket/history.jsonl``. A local file is made readable for its owner alone.
    :param wahelp_conn_id: the id of an Airflow connection of type ``wahelp``.
    :return: the rows (``id``, ``text``, ``direction``: ``incoming``, ``outgoing`` or ``service``,
        ``status``, ``created_at``, ...), or with ``output_path`` its ``path`` and the ``count`` of rows.
    """

    template_fields: Sequence[str] = ("wahelp_conn_id", "channel_uuid", "project_id", "limit", "output_path")

    def __init__(
        self,
        *,
        channel_uuid: str | None = None,
        project_id: int | str | None = None,
        limit: int | str | None = 100,
        output_path: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        check_literal(arguments.channel_uuid, channel_uuid)
        check_literal(arguments.project_id, project_id)
        check_literal(arguments.limit, limit)
        self.channel_uuid = channel_uuid
        self.project_id = project_id
        self.limit = limit
        self.output_path = output_path

    def execute(self, context: Context) -> list[dict[str, Any]] | dict[str, Any]:
        """Read it."""
        messages = self.hook.get_messages(self.channel_uuid, self.project_id, self.limit)
        rows = [message.to_dict() for message in messages]
        self.log.info("Read %d messages", len(rows))
        if not self.output_path:
            return rows
        write_json_lines(self.output_path, rows)
        return {"path": str(self.output_path), "count": len(rows)}
