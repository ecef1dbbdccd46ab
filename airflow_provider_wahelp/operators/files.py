"""Files: sending one to a person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_wahelp.client import arguments
from airflow_provider_wahelp.client.base_error import InputError
from airflow_provider_wahelp.failures import airflow_errors
from airflow_provider_wahelp.operators.messages import SendMessageOperator
from airflow_provider_wahelp.task import optional

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import ObjectStoragePath

    from airflow_provider_wahelp.storage.outgoing import OutgoingFile

_ONE = "one of the two must be given"


class SendFileOperator(SendMessageOperator):
    """Send a file to a person, once, with a text below it or without.

    How Wahelp takes files is **not confirmed**: see ``docs/files.md`` for what is sent, and how to change it.
    All other arguments are those of :class:`~airflow_provider_wahelp.operators.messages.SendMessageOperator`.

    :param file: a path of object storage, e.g. ``s3://conn_id@bucket/bill.pdf``, or bytes; or
    :param file_url: an address whose content is sent. It is asked without the token.
    :param caption: a text below it.
    :param file_name: what the file is called; by default as in its path, or as the address's server says.
    :return: the message, as from ``SendMessageOperator``; its ``text`` is the caption.
    """

    checks = {name: check for name, check in SendMessageOperator.checks.items() if name != "text"} | {
        "caption": optional(arguments.text_of("caption")),
    }
    template_fields: Sequence[str] = tuple(checks)

    def __init__(
        self,
        *,
        file: str | bytes | ObjectStoragePath | None = None,
        caption: str | None = None,
        file_url: str | None = None,
        file_name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(text="", file=file, file_url=file_url, file_name=file_name, **kwargs)
        self.file = file
        self.caption = caption
        self.file_url = file_url
        self.file_name = file_name
        self._check_arguments()

    def _check_together(self) -> None:
        super()._check_together()
        if self.file is None and self.file_url is None:
            raise InputError("file, file_url", _ONE)

    def _file(self) -> OutgoingFile:
        if not (file := super()._file()):
            with airflow_errors():
                raise InputError("file, file_url", _ONE)
        return file

    def _text(self) -> str:
        return self._checked("caption") or ""
