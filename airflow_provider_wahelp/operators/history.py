"""The history of a channel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_wahelp.client import arguments
from airflow_provider_wahelp.operators.base import WahelpOperator
from airflow_provider_wahelp.task import anything, optional

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context


class GetMessagesOperator(WahelpOperator):
    """Read the history of a channel, into XCom or as JSON Lines to a file.

    The order is the API's, which is not documented. Times are UTC.

    :param channel_uuid: the channel; the connection's by default.
    :param project_id: the project; the connection's by default.
    :param limit: how many messages at most, 100 by default; ``None`` for the whole history.
    :param output_path: where to write the rows in place of XCom: any Airflow object storage path, e.g.
        ``s3://conn_id@bucket/history.jsonl``. A local file is made readable for its owner alone.
    :return: the rows (``id``, ``text``, ``direction``: ``incoming``, ``outgoing`` or ``service``,
        ``status``, ``created_at``, ...), or with ``output_path`` its ``path`` and the ``count`` of rows.
    """

    checks = WahelpOperator.checks | {
        "channel_uuid": optional(arguments.channel_uuid),
        "project_id": optional(arguments.project_id),
        "limit": optional(arguments.limit),
        "output_path": optional(anything),
    }
    template_fields: Sequence[str] = tuple(checks)

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
        self.channel_uuid = channel_uuid
        self.project_id = project_id
        self.limit = limit
        self.output_path = output_path
        self._check_arguments()

    def execute(self, context: Context) -> list[dict[str, Any]] | dict[str, Any]:
        """Read the history."""
        messages = self.hook.get_messages(self.channel_uuid, self.project_id, self.limit)
        rows = [message.to_dict() for message in messages]
        self.log.info("Read %d messages", len(rows))
        if not self.output_path:
            return rows
        from airflow_provider_wahelp.storage.files import write_json_lines

        write_json_lines(self.output_path, rows)
        return {"path": str(self.output_path), "count": len(rows)}
