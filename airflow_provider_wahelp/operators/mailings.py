"""Mailings: a text of their own to each of many people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from airflow_provider_wahelp.client import arguments, phones
from airflow_provider_wahelp.client.base_error import InputError
from airflow_provider_wahelp.delivery import send_options
from airflow_provider_wahelp.delivery.mailing import options, report
from airflow_provider_wahelp.delivery.mailing.opt_out_rules import OPT_OUT_FOR, OptOutRules
from airflow_provider_wahelp.delivery.quiet_hours import QuietHours, check_zone
from airflow_provider_wahelp.failures import airflow_errors
from airflow_provider_wahelp.operators.held import HoldingOperator
from airflow_provider_wahelp.operators.redacted import RedactedWhenRendered, seen
from airflow_provider_wahelp.operators.with_files import FilesOperator
from airflow_provider_wahelp.task import anything, optional, required

if TYPE_CHECKING:
    from datetime import timedelta

    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_wahelp.delivery.mailing.mailing import Mailing
    from airflow_provider_wahelp.delivery.mailing.rendering import Renderer
    from airflow_provider_wahelp.delivery.mailing.rows import Row, Unreadable
    from airflow_provider_wahelp.delivery.quiet_hours import QuietWindows

SAFE_PACE = 20.0
"""Messages a minute: fifteen in twenty-five seconds have got a WhatsApp number checked (docs/api.md, 6)."""


class SendMessagesOperator(HoldingOperator, FilesOperator):
    """Send each of many people a text of their own, once, with a file or without (``docs/files.md``).

    A row names its recipient by ``user_id`` (a user of the channel) or by ``phone``. A phone is found in the
    channel, or added to it with the row's ``name``. A row with both counts by its ``user_id``.

    A retry sends only what is not sent yet, also after a killed worker: see ``docs/mailings.md`` and
    ``docs/promises.md``. A fault of one recipient is a row of the report. One of the channel or the account
    stops the mailing, for a retry. Quiet hours and ``daily_cap`` defer the task. Its bases add arguments.

    :param recipients: the rows: a list of mappings (also from XCom), or any Airflow object storage path to a
        file of CSV, JSON or Parquet, or to a folder of these: see ``docs/tables.md``.
    :param text: a Jinja template, rendered once for each row, with the row as ``row`` and Airflow's context
        around it; or a list of them, of which each person always gets the same one. A row that lacks a needed
        column, or has NULL there, is a bad row. Rows and XComs are data: braces in them arrive as braces. So
        the text cannot be an XCom: put such a text into the rows, and write ``text="{{ row.text }}"``.
    :param key: the column that holds the row's own key: one key gets one message. By default the recipient
        and the rendered text are the key, so a text that holds a clock needs a column.
    :param channel_uuid: the channel; the connection's by default.
    :param project_id: the project; the connection's by default.
    :param pace: messages a minute through this channel, counted over all tasks of the host; ``None`` for no
        limit. Messengers ban numbers that write too fast.
    :param concurrency: how many threads send, 32 at most. More than a few pay off only without ``pace``.
    :param quiet_hours: when nothing is sent, e.g. ``"21:00-09:00"``.
    :param quiet_zone: whose clock counts: the ``recipient``'s, as the phone tells it, or the ``project``'s.
    :param timezone: the project's zone. It counts also for a phone that tells no zone.
    :param suppress: people who are not written to: a list of phones, rows with ``phone`` or ``user_id``, or a
        path as for ``recipients``.
    :param stop_words: whether to leave out people who have written STOP, СТОП, «отписаться» or the like to
        the channel; or a list of words. It takes a few requests, and a whole history the first time.
    :param start_words: whether START, «подписаться», «возобновить» or the like ends an opt-out; or a list of
        words. No other message ends it.
    :param opt_out_for: how long an opt-out lasts: a timedelta or seconds; ``None`` for ever.
    :param on_bad_rows: with rows of which no message can be made: ``report`` them and send the others, or
        ``fail`` before the first message goes. By default they are reported, unless no row is good.
    :param if_empty: without any row: ``succeed`` (the default), ``skip`` or ``fail``.
    :param max_failures: how many messages may fail before the task fails: a number, or below 1 a share of
        those tried. A recipient without the messenger is not counted as a failure. With ``wait_for``, an
        undelivered message is.
    :param max_length: how many characters a text may have.
    :param dry_run: check everything, and send nothing.
    :param report_path: where to write a row for each recipient, or a page: any object storage path ending in
        ``.csv``, ``.jsonl``, ``.ndjson`` or ``.html``. It grows during the mailing. Only its owner reads it.
    :param if_unclear: where it is unknown whether a message was sent: ``check`` looks into the channel's
        history, ``fail`` gives the message up, ``resend`` sends, at the risk of a second arrival.
    :param on_rerun: for messages that were sent before the task was cleared: ``skip`` sends nothing,
        ``resend`` sends once more.
    :param ledger_path: any Airflow object storage path to keep the state in, in place of Airflow's task state
        store, which exists from 3.3 on. Workers on several hosts must all see it.
    :param wait_for: ``delivered`` or ``read``: after the last send, wait for that status. The task is
        deferred in between. For each look a worker reads the channel's history, however many messages wait.
    :param wait_timeout: how long to wait for a message after it is sent: a timedelta or seconds, a day by
        default. A message not delivered by then is ``undelivered``. Many messages stay ``sent`` for ever.
    :param poll_interval: the time between looks at first, a timedelta or seconds; it grows to ten minutes.
    :param fallback: further channels of the project, by uuid, to try in this order: where the recipient lacks
        the messenger, where the delivery fails, and where none is reported within ``fallback_after``. Each
        channel sends one message at most to each recipient, at its own pace. A message without a report can
        still arrive: **some people will get it twice**, once through each channel. A recipient named by
        ``user_id`` needs a phone, in the row or in the channel. Needs ``wait_for``.
    :param fallback_after: how long to wait for a delivery before the next channel: ten minutes by default.
    :param columns: the names of your columns by ours, e.g. ``{"phone": "Телефон", "name": "Имя"}``.
    :param encoding: of a text file that is not UTF-8, e.g. ``"cp1251"``.
    :param default_region: the country of phones without a code, e.g. ``"RU"``; the connection's by default.
    :return: how many there are of each: ``sent``, ``skipped`` (bad rows), ``suppressed``, ``no_messenger``,
        ``failed``, ``deferred`` (not sent yet; in a dry run, what would be sent). With ``wait_for`` also
        ``delivered``, ``read``, ``fell_back`` (delivered through another channel) and ``undelivered``: each
        message of ``sent`` is one of these four.
    """

    checks = (
        HoldingOperator.checks
        | FilesOperator.checks
        | {
            "recipients": required(options.recipients),
            "key": optional(options.key, not_given=(None,)),
            "pace": optional(options.pace),
            "concurrency": required(options.concurrency),
            "quiet_hours": optional(QuietHours.parse),
            "quiet_zone": required(arguments.quiet_zone),
            "timezone": required(check_zone),
            "suppress": optional(anything),
            "on_bad_rows": optional(options.on_bad_rows),
            "columns": optional(options.columns),
            "encoding": optional(options.encoding),
            "default_region": optional(phones.check_region),
            "if_empty": required(options.if_empty),
            "max_failures": required(options.max_failures),
            "max_length": required(options.max_length),
            "report_path": optional(report.check_path),
        }
    )
    template_fields: Sequence[str] = tuple(checks)
    row_templates = ("text",)
    recipients = RedactedWhenRendered()
    suppress = RedactedWhenRendered()

    def __init__(
        self,
        *,
        recipients: Any,
        text: str | Sequence[str],
        key: str | None = None,
        channel_uuid: str | None = None,
        project_id: int | str | None = None,
        pace: float | str | None = SAFE_PACE,
        concurrency: int | str = 8,
        quiet_hours: str | Sequence[str] | None = None,
        quiet_zone: arguments.QuietZone = "recipient",
        timezone: str = "Europe/Moscow",
        suppress: Any = (),
        stop_words: bool | Sequence[str] = True,
        start_words: bool | Sequence[str] = True,
        opt_out_for: timedelta | float | None = OPT_OUT_FOR,
        on_bad_rows: options.OnBadRows | None = None,
        if_empty: options.IfEmpty = "succeed",
        max_failures: float | str = 0,
        max_length: int | str = 4096,
        dry_run: bool = False,
        report_path: str | None = None,
        if_unclear: arguments.IfUnclear = "check",
        on_rerun: arguments.OnRerun = "skip",
        ledger_path: str | None = None,
        wait_for: arguments.Awaited | None = None,
        wait_timeout: timedelta | float | str = send_options.WAIT_TIMEOUT,
        poll_interval: timedelta | float | str = send_options.POLL_INTERVAL,
        fallback: Sequence[str] | str | None = None,
        fallback_after: timedelta | float | str | None = None,
        columns: Mapping[str, str] | None = None,
        encoding: str | None = None,
        default_region: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.recipients = recipients
        self.text = text
        self.key = key
        self.channel_uuid = channel_uuid
        self.project_id = project_id
        self.pace = pace
        self.concurrency = concurrency
        self.quiet_hours = quiet_hours
        self.quiet_zone = quiet_zone
        self.timezone = timezone
        self.suppress = suppress
        self.stop_words = stop_words
        self.start_words = start_words
        self.opt_out_for = opt_out_for
        self.on_bad_rows = on_bad_rows
        self.if_empty = if_empty
        self.max_failures = max_failures
        self.max_length = max_length
        self.only_check = dry_run  # BaseOperator has a method dry_run
        self.report_path = report_path
        self.if_unclear = if_unclear
        self.on_rerun = on_rerun
        self.ledger_path = ledger_path
        self.wait_for = wait_for
        self.wait_timeout = wait_timeout
        self.poll_interval = poll_interval
        self.fallback = fallback
        self.fallback_after = fallback_after
        self.columns = columns
        self.encoding = encoding
        self.default_region = default_region
        self._check_arguments()

    def rows(self) -> Iterable[Row | Unreadable]:
        """Return the recipients."""
        from airflow_provider_wahelp.delivery.mailing.rows import Layout, read_rows

        return read_rows(seen(self.recipients), layout=Layout(*map(self._checked, ("columns", "encoding"))))

    def suppressed(self) -> Mapping[str, Iterable[Any]]:
        """Return the people who must not be written to, by the argument that names them."""
        from airflow_provider_wahelp.delivery.mailing.rows import Layout, read_entries

        layout = Layout(*map(self._checked, ("columns", "encoding")))
        return {"suppress": read_entries(seen(self.suppress), "suppress", layout)}

    def _check_arguments(self) -> None:
        with airflow_errors():  # Airflow renders none of these: a literal is all that they can be
            options.texts(self.text)
            options.dry_run(self.only_check)
            OptOutRules.checked(self.stop_words, self.start_words, self.opt_out_for)
        super()._check_arguments()

    def _check_together(self) -> None:
        if self.fallback and not self.wait_for:
            raise InputError("fallback", 'needs wait_for="delivered" or "read"')
        super()._check_together()

    def _mailing(self, context: Context, *, resumed: bool) -> Mailing:
        with airflow_errors():
            attempt, ledger = self._attempt_and_ledger(context)
            channel = self._place()
            windows = self._windows()
            return self._kind()(
                hook=self.hook,
                channel=channel,
                attempt=attempt,
                ledger=ledger,
                renderer=self._renderer(context, windows),
                windows=windows,
                options=self._options(channel[1]),
                resumed=resumed,
                **self._shown(context, resumed=resumed),
            )

    def _renderer(self, context: Context, windows: QuietWindows | None) -> Renderer:
        from airflow_provider_wahelp.delivery.mailing.rendering import Renderer

        dag = self.get_dag()
        # Not a native environment, which would make a number of a text that looks like one.
        environment = dag.get_template_env(force_sandboxed=True) if dag else self.get_template_env()
        return Renderer(
            environment,
            options.texts(self.text),
            context,
            self._checked("key"),
            self._checked("max_length"),
            windows.zones if windows else lambda phone: "",
            self._checked("columns"),
            self.hook.region(),
        )

    def _windows(self) -> QuietWindows | None:
        from airflow_provider_wahelp.delivery.quiet_hours import QuietWindows

        hours, own = self._checked("quiet_hours"), self._checked("quiet_zone") == "recipient"
        return QuietWindows(hours, self._checked("timezone"), own=own) if hours else None

    def _options(self, channel_uuid: str) -> options.Options:
        self._check_together()  # what was a template is known now
        others = self._checked("fallback") or []
        numbers = self._checked("channels") or [channel_uuid]
        if len({*numbers, *others}) < len(numbers) + len(others):
            raise InputError("fallback", "must name each channel once, and not the first one")
        named = {field.name for field in fields(options.Options)} & self.checks.keys()
        return options.Options(
            **{name: self._checked(name) for name in named - {"suppress", "fallback", "default_region"}},
            default_region=self.hook.region(),
            suppress=self.suppressed(),
            opt_outs=OptOutRules.checked(self.stop_words, self.start_words, self.opt_out_for),
            limits=self._limits(),
            dry_run=self.only_check,
            wait_options=self._patient_options() if self.wait_for else None,
            fallback=others,
        )
