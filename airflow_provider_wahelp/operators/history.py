"""The history of a channel: all of it, the newest, or a span of time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from airflow_provider_wahelp.client import arguments
from airflow_provider_wahelp.client.base_error import InputError
from airflow_provider_wahelp.operators.base import WahelpOperator
from airflow_provider_wahelp.task import anything, optional

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_wahelp.client.models import Message


class GetMessagesOperator(WahelpOperator):
    """Read the history of a channel, into XCom or as JSON Lines to a file.

    The order is the API's, which is not documented; with ``since``, the oldest first. Times are UTC.

    :param channel_uuid: the channel; the connection's by default.
    :param project_id: the project; the connection's by default.
    :param limit: how many messages at most, 100 by default; ``None`` for the whole history.
    :param since: in place of ``limit``: all messages since a time (a datetime or ISO 8601, with its zone).
        The task fails where some may be missing.
    :param until: with ``since``: the end of the span; what is of this very moment is of the next span.
    :param output_path: where to write the rows in place of XCom: any Airflow object storage path, e.g.
        ``s3://conn_id@bucket/history.jsonl``. A local file is made readable for its owner alone.
    :return: the rows (``id``, ``text``, ``direction``: ``incoming``, ``outgoing`` or ``service``,
        ``status``, ``created_at``, ...), or with ``output_path`` its ``path`` and the ``count`` of rows.
    """

    checks = WahelpOperator.checks | {
        "channel_uuid": optional(arguments.channel_uuid),
        "project_id": optional(arguments.project_id),
        "limit": optional(arguments.limit),
        "since": optional(arguments.moment_of("since")),
        "until": optional(arguments.moment_of("until")),
        "output_path": optional(anything),
    }
    template_fields: Sequence[str] = tuple(checks)

    def __init__(
        self,
        *,
        channel_uuid: str | None = None,
        project_id: int | str | None = None,
        limit: int | str | None = 100,
        since: datetime | str | None = None,
        until: datetime | str | None = None,
        output_path: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.channel_uuid = channel_uuid
        self.project_id = project_id
        self.limit = limit
        self.since = since
        self.until = until
        self.output_path = output_path
        self._check_arguments()

    def execute(self, context: Context) -> list[dict[str, Any]] | dict[str, Any]:
        """Read the history."""
        rows = [message.to_dict() for message in self._messages()]
        self.log.info("Read %d messages", len(rows))
        if not self.output_path:
            return rows
        from airflow_provider_wahelp.storage.files import write_json_lines

        write_json_lines(self.output_path, rows)
        return {"path": str(self.output_path), "count": len(rows)}

    def _messages(self) -> Iterable[Message]:
        since, until = self._checked("since"), self._checked("until")
        if since is None:
            return self.hook.get_messages(self.channel_uuid, self.project_id, self.limit)
        return self.hook.get_messages_between(since, until, self.channel_uuid, self.project_id)

    def _check_together(self) -> None:
        if self.until and not self.since:
            raise InputError("until", "needs since")
