"""Files: sending one to a person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_wahelp.client import arguments
from airflow_provider_wahelp.operators.messages import SendMessageOperator
from airflow_provider_wahelp.task import anything, optional, required

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import ObjectStoragePath


class SendFileOperator(SendMessageOperator):
    """Send a file to a person, once, with a text below it or without.

    How Wahelp takes files is **not confirmed**: see ``docs/files.md`` for what is sent, and how to change it.
    All other arguments are those of :class:`~airflow_provider_wahelp.operators.messages.SendMessageOperator`.

    :param file: a path of object storage, e.g. ``s3://conn_id@bucket/bill.pdf``, or bytes.
    :param caption: a text below it.
    :param file_name: what the file is called; by default as in its path.
    :return: the message, as from ``SendMessageOperator``; its ``text`` is the caption.
    """

    checks = {name: check for name, check in SendMessageOperator.checks.items() if name != "text"} | {
        "file": required(anything),
        "caption": optional(arguments.text_of("caption")),
    }
    template_fields: Sequence[str] = tuple(checks)

    def __init__(
        self,
        *,
        file: str | bytes | ObjectStoragePath,
        caption: str | None = None,
        file_name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(text="", file=file, file_name=file_name, **kwargs)
        self.file = file
        self.caption = caption
        self.file_name = file_name
        self._check_arguments()

    def _text(self) -> str:
        return self._checked("caption") or ""
