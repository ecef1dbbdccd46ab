"""The report of a mailing: what became of each recipient."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from typing import IO, TYPE_CHECKING, Any

from airflow_provider_wahelp.client.errors import InputError
from airflow_provider_wahelp.delivery.mailing.outcome import Outcome
from airflow_provider_wahelp.storage.files import private_file
from airflow_provider_wahelp.storage.tables import defused

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

SUFFIXES = (".csv", ".jsonl", ".ndjson")
"""Of a report with a row for each recipient."""

PAGE = ".html"
"""What the path of a page ends in, which names nobody."""

PAGE_MARK = "<!doctype html><!-- A mailing of airflow-provider-wahelp -->"
"""What a page begins with."""


@dataclass(frozen=True)
class ReportRow:
    """A line of the report.

    :param number: the recipient's row in the source, from 1; 0 where the source no longer has it.
    :param key: what the send is filed under.
    :param user_id: the recipient as a user of the channel, where that is known.
    :param phone: the recipient's number, where that is known.
    :param variant: which of several texts is theirs, from 1; ``None`` where there is one.
    """

    number: int
    key: str = field(repr=False)
    user_id: int | str | None
    phone: str | None = field(repr=False)
    outcome: Outcome
    reason: str = ""
    message_id: int | str | None = None
    variant: int | None = None


@dataclass(frozen=True)
class NumberReportRow(ReportRow):
    """A line of the report of a mailing through several numbers.

    :param channel_uuid: the number that writes to the recipient; ``""`` where none does.
    """

    channel_uuid: str = ""


@dataclass(frozen=True)
class DeliveryReportRow(ReportRow):
    """A line of the report of a mailing that is tracked.

    :param status: how far the message has got: ``sent``, ``failed``, ``delivered`` or ``read``.
    :param channel_uuid: the channel of the message: the one that worked, or else the last that was tried.
    """

    status: str = ""
    channel_uuid: str = ""


def check_path(
    path: Any, argument: str = "report_path", suffixes: tuple[str, ...] = (*SUFFIXES, PAGE)
) -> str:
    """Refuse a path that no report can be written to, cheaply enough for the parsing of a DAG.

    :raises InputError: if its suffix is not one of some.
    """
    if not str(path).lower().endswith(suffixes):
        raise InputError(argument, f"must end in {', '.join(suffixes[:-1])} or {suffixes[-1]}")
    return str(path)


def is_page(path: str) -> bool:
    """Return whether a report is to be a page."""
    return path.lower().endswith(PAGE)


def check_rows_path(path: Any, argument: str = "report_path") -> str:
    """Refuse a path of no report with rows: a page has none that could be read.

    :raises InputError: if its suffix is not one of :data:`SUFFIXES`.
    """
    return check_path(path, argument, SUFFIXES)


def write_report(
    path: str, rows: Iterable[DataclassInstance], columns: type[DataclassInstance] = ReportRow
) -> None:
    """Write a report as CSV with a header or as JSON Lines, by the path's suffix; it replaces an earlier one.

    In CSV an apostrophe is put before what a spreadsheet would take for a formula.

    :param path: any Airflow object storage path; a local file is readable for its owner alone.
    :raises InputError: as :func:`check_rows_path`.
    """
    check_rows_path(path)
    with private_file(path) as file:
        put(file, path, rows, header=columns)


def put(
    file: IO[str],
    path: str,
    rows: Iterable[DataclassInstance],
    *,
    header: type[DataclassInstance] | None = None,
) -> None:
    """Write lines into a file that is open, in the form that a path's suffix asks for.

    :param header: what kind of lines they are, where the file begins.
    """
    if path.lower().endswith(".csv"):
        table = csv.writer(file)
        if header:
            table.writerow(column.name for column in fields(header))
        table.writerows(map(defused, vars(row).values()) for row in rows)
    else:
        file.writelines(json.dumps(vars(row), ensure_ascii=False) + "\n" for row in rows)
