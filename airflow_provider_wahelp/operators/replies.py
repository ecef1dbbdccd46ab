"""After a mailing: who has answered it, who asked to stop, and who did what its author counts."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_provider_wahelp.client import arguments, phones
from airflow_provider_wahelp.client.errors import InputError
from airflow_provider_wahelp.delivery import send_options
from airflow_provider_wahelp.delivery.mailing import report
from airflow_provider_wahelp.failures import airflow_errors
from airflow_provider_wahelp.incoming.stop_words import STOP_WORDS
from airflow_provider_wahelp.operators.base import WahelpOperator
from airflow_provider_wahelp.operators.news import trigger_at
from airflow_provider_wahelp.task import anything, optional, required

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_wahelp.delivery.mailing.replies import Conversions, Replies, ReplyRow

EARLIER = timedelta(days=1)
"""How far before its run a mailing is looked for: the history's clock may be off by a time zone."""


class ReplyReportOperator(WahelpOperator):
    """Tell who has answered a mailing in time, who asked to stop, and who did what a query counts.

    The task waits, deferred, until the time for a reply to the last message is over. It reads the history of
    each channel of the mailing, before the wait and after it, by pages and never person by person.

    :param mailing_report: the ``report_path`` of the mailing: any Airflow object storage path.
    :param within: how long after a person's message a reply counts, a timedelta or seconds; a day by default.
    :param conversions_sql: a query, or a file that ends in ``.sql``; each of its rows names somebody by
        ``phone`` or ``user_id``, and is one conversion of theirs if the mailing wrote to them. Needs the
        extra ``sql``.
    :param sql_conn_id: the id of any Airflow connection to a database.
    :param parameters: the query's parameters, spelt as the driver has them.
    :param report_path: where to write a row for each message: any Airflow object storage path that ends in
        ``.csv``, ``.jsonl`` or ``.ndjson``. Only its owner may read it.
    :param stop_words: what asks to stop; see ``SendMessagesOperator``.
    :param since: where the reading of the history ends at the latest (a datetime or ISO 8601, with its zone);
        by default a day before this run. A mailing of an earlier run needs it.
    :param channel_uuid: the channel of the mailing; the connection's by default.
    :param project_id: the project; the connection's by default.
    :param default_region: the country of phones without a code, e.g. ``"RU"``; the connection's by default.
    :return: how many ``people`` were written to; how many of them ``answered``, ``stopped`` and
        ``converted``; their ``conversions``; and of how many it is ``unknown`` whether they answered.
    """

    checks = WahelpOperator.checks | {
        "mailing_report": required(partial(report.check_rows_path, argument="mailing_report")),
        "within": required(partial(send_options.seconds, argument="within")),
        "conversions_sql": optional(anything),
        "sql_conn_id": optional(str),
        "parameters": optional(anything),
        "report_path": optional(report.check_rows_path),
        "since": optional(arguments.moment_of("since")),
        "channel_uuid": optional(arguments.channel_uuid),
        "project_id": optional(arguments.project_id),
        "default_region": optional(phones.check_region),
    }
    template_fields: Sequence[str] = tuple(checks)
    template_ext: Sequence[str] = (".sql",)
    template_fields_renderers: ClassVar[dict[str, str]] = {"conversions_sql": "sql"}

    def __init__(
        self,
        *,
        mailing_report: str,
        within: timedelta | float | str = timedelta(days=1),
        conversions_sql: str | None = None,
        sql_conn_id: str | None = None,
        parameters: Mapping[str, Any] | Sequence[Any] | None = None,
        report_path: str | None = None,
        stop_words: Sequence[str] = STOP_WORDS,
        since: datetime | str | None = None,
        channel_uuid: str | None = None,
        project_id: int | str | None = None,
        default_region: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.mailing_report = mailing_report
        self.within = within
        self.conversions_sql = conversions_sql
        self.sql_conn_id = sql_conn_id
        self.parameters = parameters
        self.report_path = report_path
        self.stop_words = stop_words
        self.since = since
        self.channel_uuid = channel_uuid
        self.project_id = project_id
        self.default_region = default_region
        self._check_arguments()

    def execute(self, context: Context) -> dict[str, int]:
        """Report, or wait until it is time to."""
        from airflow_provider_wahelp.delivery.mailing.replies import by_channel, totals, with_conversions

        with airflow_errors():
            channels = by_channel(self._written_to())
            read = [self._read(context, uuid, rows) for uuid, rows in channels.items()]
            self._wait(read)
            conversions = self._conversions() if self.conversions_sql else None
            rows = list(with_conversions((row for each in read for row in each.rows()), conversions))
        rows.sort(key=lambda row: row.number)
        found = totals(rows)
        self._tell(found)
        self._write(rows)
        self._show(context, found)
        return found

    def resume(self, context: Context, event: Any = None) -> dict[str, int]:
        """Go on after the wait."""
        return self.execute(context)

    def _written_to(self) -> list[ReplyRow]:
        from airflow_provider_wahelp.delivery.mailing.replies import written_to
        from airflow_provider_wahelp.delivery.mailing.rows import read_rows

        rows = read_rows(self._checked("mailing_report"), "mailing_report")
        _, channel = self.hook.project_and_channel(self.channel_uuid, self.project_id)
        return list(written_to(rows, channel))

    def _read(self, context: Context, channel_uuid: str, rows: Sequence[ReplyRow]) -> Replies:
        from airflow_provider_wahelp.delivery.mailing.replies import Replies

        project, _ = self.hook.project_and_channel(channel_uuid, self.project_id)
        replies = Replies(rows, self._checked("within"), self.stop_words)
        floor = self._checked("since") or _start_of(context) - EARLIER
        self.hook.run(replies.read(project, channel_uuid, floor.timestamp()))
        return replies

    def _wait(self, read: Sequence[Replies]) -> None:
        """Defer the task, unless the time for replies is over."""
        from airflow_provider_wahelp.delivery.mailing.replies import LATE

        last = max((each.last_sent for each in read), default=0.0)
        until = min(last, time.time()) + self._checked("within") + LATE
        if time.time() < until:
            moment = datetime.fromtimestamp(until, UTC)
            self.log.info("The last message is to have its time for a reply: the task goes on %s", moment)
            self.defer(trigger=trigger_at(moment), method_name="resume")

    def _conversions(self) -> Conversions:
        from airflow_provider_wahelp.delivery.mailing.query import query_rows
        from airflow_provider_wahelp.delivery.mailing.replies import Conversions
        from airflow_provider_wahelp.delivery.mailing.row_shape import Columns

        columns = Columns("conversions_sql")
        query = str(self._checked("conversions_sql"))
        found = query_rows(self._checked("sql_conn_id"), query, self.parameters, columns)
        return Conversions(found, self.hook.region())

    def _tell(self, found: Mapping[str, int]) -> None:
        self.log.info(
            "Of %(people)d people %(answered)d have answered, %(stopped)d asked to stop, and %(converted)d "
            "have converted, %(conversions)d times",
            found,
        )
        if found["unknown"]:
            self.log.warning("The history does not show the messages to %(unknown)d of them", found)

    def _write(self, rows: Sequence[ReplyRow]) -> None:
        from airflow_provider_wahelp.delivery.mailing.replies import ReplyRow

        if path := self._checked("report_path"):
            report.write_report(path, rows, ReplyRow)

    def _show(self, context: Context, found: Mapping[str, int]) -> None:
        """Tell the mailing's page, unless XComs are unwanted."""
        from airflow_provider_wahelp.delivery.mailing.replies import REPLIES

        if self.do_xcom_push and (ti := context.get("ti")):
            ti.xcom_push(key=REPLIES, value={"report": self._checked("mailing_report"), "totals": found})

    def _check_together(self) -> None:
        if bool(self.conversions_sql) != bool(self.sql_conn_id):
            raise InputError("conversions_sql, sql_conn_id", "one needs the other")


def _start_of(context: Context) -> datetime:
    """Return when a run began at the latest: what is cleared begins anew, and its mailing was before."""
    names = ("run_after", "queued_at", "start_date", "logical_date")
    times: list[datetime | None] = [getattr(context.get("dag_run"), name, None) for name in names]
    return min(filter(None, times), default=datetime.now(UTC))
