"""The report of a mailing as a page, drawn anew while the mailing is sent."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import IO, Any

from airflow_provider_wahelp.delivery.mailing.growing_file import growing_file
from airflow_provider_wahelp.delivery.mailing.growing_report import Report, Rows
from airflow_provider_wahelp.delivery.mailing.overview import Counts, Overview, Reasons, Totals, reasons_in
from airflow_provider_wahelp.delivery.mailing.page import Page, earlier_points
from airflow_provider_wahelp.delivery.mailing.results import EVERYBODY
from airflow_provider_wahelp.delivery.mailing.worklist import Worklist
from airflow_provider_wahelp.storage.files import private_file, storage_path

_BEGIN = 1 << 14
"""In so many bytes a page has its moments."""


class PageReport(Overview):
    """An overview that is published as a page, and at the end with those who were not reached.

    What goes wrong before the end is a warning, as with a report of rows.
    """

    trouble = "The report cannot be written so far (%s): it is tried again, and at the end"

    def __init__(
        self,
        path: str,
        page: Page,
        rows: Rows,
        *,
        counts: Counts,
        reasons: Reasons,
        earlier: Mapping[str, Any] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._path = path
        self._page = page
        self._rows = rows
        self._file = growing_file(path, clock)
        super().__init__(
            Report(),
            self._draw,
            known={},
            counts=counts,
            reasons=reasons,
            earlier=earlier,
            clock=clock,
        )

    def finish(self) -> None:
        """Write the whole page."""
        self._file.close()
        with private_file(self._path) as file:
            self._page.write(file, {**self._now(), **self._goes_on()}, self._rows(EVERYBODY))

    def _draw(self, told: Mapping[str, Any]) -> None:
        def write(file: IO[str]) -> None:
            self._page.write(file, told)

        self._file.begin(write)
        self._file.keep()


def page_report(
    path: str,
    page: Page,
    rows: Rows,
    worklists: Mapping[str, Worklist],
    totals: Totals,
    *,
    resumed: bool,
    clock: Callable[[], float] = time.time,
) -> PageReport:
    """Return what draws the mailing of some worklists.

    :param resumed: whether the task was deferred: then the curve of the page that stands there goes on.
    """
    counts, reasons = partial(totals, worklists), partial(reasons_in, worklists)
    earlier = _earlier(path) if resumed else None
    return PageReport(path, page, rows, counts=counts, reasons=reasons, earlier=earlier, clock=clock)


def _earlier(path: str) -> Mapping[str, Any] | None:
    """Return the moments of the page that stands there; ``None`` where there is none."""
    try:
        with storage_path(path).open("rb") as file:  # type: ignore[no-untyped-call]
            return earlier_points(file.read(_BEGIN).decode("utf-8", "replace"))
    except Exception:  # noqa: BLE001 - each storage has errors of its own, and only the curve begins anew
        return None
