"""Messages: sending one, and reading the history."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_wahelp.client import arguments, phones
from airflow_provider_wahelp.client.masking import mask_phone
from airflow_provider_wahelp.delivery.storage import write_json_lines
from airflow_provider_wahelp.literals import check_literal, is_literal
from airflow_provider_wahelp.operators.base import WahelpOperator

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_wahelp.delivery.sending import Delivery


class SendMessageOperator(WahelpOperator):
    """Send a text to a person, named by ``user_id`` or by ``phone``.

    A phone is found in the channel, or added to it, first. The text is sent literally: Markdown shows its
    asterisks.

    The message is sent once, over retries and killed workers; ``docs/exactly-once.md`` says what is
    promised on which Airflow. A task that is run again after it has sent returns what it sent then.

    :param text: the text.
    :param user_id: the person, as a user of the channel.
    :param phone: the person's number with its country code, e.g. ``+71234567890``.
    :param name: the name of somebody added by phone; the number by default.
    :param channel_uuid: the channel; the connection's by default.
    :param project_id: the project; the connection's by default.
    :param idempotency_key: what the send is filed under: the same key is sent once. By default the task
        instance; a key of one's own reaches across tasks and runs only with ``ledger_path``.
    :param if_unclear: where it is not known whether an earlier attempt sent it: ``check`` looks into the
        channel's history, ``fail`` fails for good, ``resend`` sends, at the risk of a second arrival.
    :param on_rerun: where the task has sent before and was cleared: ``skip`` sends nothing, ``resend``
        sends once more.
    :param ledger_path: any Airflow object storage path to keep the state in, in place of Airflow's task state
        store, which exists from 3.3 on.
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
        "idempotency_key",
        "if_unclear",
        "on_rerun",
        "ledger_path",
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
        idempotency_key: str | None = None,
        if_unclear: str = "check",
        on_rerun: str = "skip",
        ledger_path: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        check_literal(arguments.if_unclear, if_unclear)
        check_literal(arguments.on_rerun, on_rerun)
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
        self.idempotency_key = idempotency_key
        self.if_unclear = if_unclear
        self.on_rerun = on_rerun
        self.ledger_path = ledger_path

    def execute(self, context: Context) -> dict[str, Any]:
        """Send it, unless it was sent already."""
        message, just_now = self._delivery(context).send()
        self.log.info(
            "%s message %s (%d characters) to user %s%s through channel %s: %s",
            "Sent" if just_now else "Nothing to send: an earlier attempt sent",
            message["id"],
            len(self.text),
            message["user_id"],
            f" ({mask_phone(self.phone)})" if self.phone else "",
            self.channel_uuid or "of the connection",
            message["status"],
        )
        return self._result(context, message)

    def _delivery(self, context: Context) -> Delivery:
        from airflow_provider_wahelp.delivery.attempt import attempt_of, ledger_of
        from airflow_provider_wahelp.delivery.sending import Delivery

        attempt = attempt_of(context, self.retries or 0)
        key = self.idempotency_key or attempt.key
        return Delivery(
            hook=self.hook,
            recipient=self.hook.recipient(
                self.user_id, self.phone, self.name, self.channel_uuid, self.project_id
            ),
            text=self.hook.checked(arguments.text, self.text),
            attempt=attempt,
            ledger=ledger_of(context, self.ledger_path) if key else None,  # nothing to file it under
            key=key,
            if_unclear=self.hook.checked(arguments.if_unclear, self.if_unclear),
            on_rerun=self.hook.checked(arguments.on_rerun, self.on_rerun),
        )


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
