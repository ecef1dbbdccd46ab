"""What a message says, and which file it carries."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import quote

from airflow_provider_wahelp.sandbox.bodies import Attachment
from airflow_provider_wahelp.sandbox.errors import invalid
from airflow_provider_wahelp.sandbox.state import fields as given

_KINDS = ("image", "audio", "video")


class Content(NamedTuple):
    """What a message says."""

    text: str
    message_type: str = "text"
    file_url: str | None = None

    @classmethod
    def read(cls, fields: given.Fields) -> Content:
        """Read what somebody writes; only a text must have words.

        :param fields: ``text``, ``message_type`` and ``file_url``.
        """
        kind = given.text({"message_type": "text", **fields}, "message_type")
        text = given.text(fields, "text") if kind == "text" or fields.get("text") else ""
        return cls(text, kind, given.url(fields, "file_url") if fields.get("file_url") else None)

    @classmethod
    def sent(cls, fields: given.Fields, directory: str, number: int, *, named: bool) -> Content:
        """Read what is sent through the API. How the platform shows a file is a guess.

        :param fields: ``text``, ``file``, or both.
        :param directory: where links of files lead.
        :param number: the message's id.
        :param named: whether the link ends in the file's own name.
        """
        file = fields.get("file")
        if file is None:
            return cls(given.text(fields, "text"))
        if not isinstance(file, Attachment) or not file.size:
            raise invalid("file", "Нужен файл")
        kind = file.content_type.partition("/")[0]
        link = f"{number}/{quote(file.name or 'file')}" if named else file.digest[:16]
        text = given.text(fields, "text") if fields.get("text") else ""
        return cls(text, kind if kind in _KINDS else "document", f"{directory}/{link}")
