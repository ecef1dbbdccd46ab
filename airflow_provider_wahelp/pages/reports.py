"""The report of a mailing, handed out by the API server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING, Any

from airflow_provider_wahelp.client.errors import InputError
from airflow_provider_wahelp.delivery.mailing.report import PAGE_MARK, check_path, is_page
from airflow_provider_wahelp.pages.audit import note
from airflow_provider_wahelp.storage.files import storage_path

if TYPE_CHECKING:
    from airflow_provider_wahelp.pages.mailings import Mailing

_PIECE = 1 << 16
_COLUMNS = ("number", "key", "user_id", "phone", "outcome")


class NotAReportError(Exception):
    """There is no report to hand out."""


def read_report(path: str) -> Iterator[bytes]:
    """Return the content of a report, piece by piece.

    The path comes from an XCom, which others may write: so only what begins as a report does is handed out.

    :raises NotAReportError: if it is none, or cannot be read from this host.
    """
    try:
        check_path(path)
    except InputError:
        raise NotAReportError("This mailing has no report: give it a report_path.") from None
    try:
        file: IO[bytes] = storage_path(path).open("rb")  # type: ignore[no-untyped-call]
    except Exception:  # noqa: BLE001 - each storage has errors of its own
        where = "The API server cannot read the report. It must lie where workers and API server both see it."
        raise NotAReportError(where) from None
    begin = file.read(_PIECE)
    if not _is_report(begin, path):
        file.close()
        raise NotAReportError("What lies at the report_path is no report of a mailing.")
    return _pieces(begin, file)


def log_download(mailing: Mailing, user: Any) -> None:
    """Note in Airflow's audit log who has taken a report."""
    task = {name: getattr(mailing, name) for name in ("dag_id", "task_id", "run_id", "map_index")}
    note(user, "wahelp_report", **task)


def _pieces(begin: bytes, file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while begin:
            yield begin
            begin = file.read(_PIECE)


def _is_report(begin: bytes, path: str) -> bool:
    line = begin.partition(b"\n")[0].decode("utf-8", "replace").strip()
    if is_page(path):
        return line == PAGE_MARK
    if path.lower().endswith(".csv"):
        return line.startswith(",".join(_COLUMNS))
    try:
        return tuple(json.loads(line))[: len(_COLUMNS)] == _COLUMNS
    except (ValueError, TypeError):
        return False
