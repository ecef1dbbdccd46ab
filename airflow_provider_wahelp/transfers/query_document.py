"""The rows of a query as one document."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from airflow_provider_wahelp.client.bodies import FilePart
from airflow_provider_wahelp.client.errors import InputError
from airflow_provider_wahelp.storage.outgoing import OutgoingFile, part_of
from airflow_provider_wahelp.storage.tables import Kind, write_table
from airflow_provider_wahelp.storage.unnamed import UnnamedFile
from airflow_provider_wahelp.storage.uploads import file_limit

log = logging.getLogger(__name__)

_TYPES: dict[Kind, str] = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@dataclass(frozen=True)
class QueryDocument:
    """A document that is made of a query when it is first needed.

    :param table: returns the names of the columns, and then the rows.
    :param name: what the document is called; its suffix is put after it where it is lacking.
    :param zone: what times with a zone are told in.
    :param if_empty: without any row: ``succeed`` sends the names of the columns alone, ``skip`` or ``fail``.
    """

    table: Callable[[], Iterable[Sequence[Any]]]
    kind: Kind
    name: str
    zone: str
    if_empty: str = "skip"

    def outgoing(self) -> OutgoingFile:
        """Return the file. The query has not run yet."""
        suffix = f".{self.kind}"
        name = self.name if self.name.lower().endswith(suffix) else self.name + suffix
        return OutgoingFile(lambda: self._made(name), name)

    def _made(self, name: str) -> FilePart:
        kept = UnnamedFile()
        with kept.rewrite() as file:
            rows = write_table(file, self.kind, self.table(), ZoneInfo(self.zone))
            size = file.tell()
        self._check(rows, size)
        log.info("A document of %s rows is made: %s bytes", f"{rows:,}", f"{size:,}")
        return part_of(kept, name, _TYPES[self.kind])

    def _check(self, rows: int, size: int) -> None:
        from airflow.providers.common.compat.sdk import AirflowSkipException

        if rows < 1 and self.if_empty == "skip":
            raise AirflowSkipException("The query has yielded no row")
        if rows < 1 and self.if_empty == "fail":
            raise InputError("sql", 'has yielded no row, and if_empty is "fail"')
        if size > (limit := file_limit()):
            raise InputError("sql", f"makes a file of {size:,} bytes, and [wahelp] file_limit is {limit:,}")
