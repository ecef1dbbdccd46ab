"""Telling people on the phone what has happened to a task or a run."""

from __future__ import annotations

import copy
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Self

from airflow.providers.common.compat.sdk import BaseNotifier

from airflow_provider_wahelp.client import arguments, phones
from airflow_provider_wahelp.client.errors import InputError, OutOfTimeError, WahelpError
from airflow_provider_wahelp.client.masking import scrub
from airflow_provider_wahelp.delivery import wait_options
from airflow_provider_wahelp.delivery.alert.recipients import AlertRecipient, addressees
from airflow_provider_wahelp.delivery.mailing import options
from airflow_provider_wahelp.delivery.wait_options import seconds
from airflow_provider_wahelp.literals import check_literal, is_literal
from airflow_provider_wahelp.rendering import KeepsTexts

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_wahelp.notifications.notification import Notification

_MOSCOW = "Europe/Moscow"
_TIDY_UP = 0.05  # of the time: to note what became of it, and let go of the connection


class WahelpNotifier(KeepsTexts, BaseNotifier):
    """Tell people on the phone what has happened: for all callbacks of tasks and DAGs.

    Also, from Airflow 3.1 on, for ``DeadlineAlert`` (in an ``AsyncCallback`` or a ``SyncCallback``) and for
    the ``notifiers`` of ``HITLOperator``. ``docs/alerting.md`` has recipes.

    **It never changes what becomes of the task.** What goes wrong is logged, once, and swallowed; all of it
    takes ``timeout`` at most. One object may serve any number of tasks: it keeps nothing.

    The same callback of the same try tells each person once. What may have been sent is looked up in the
    channel's history, and not sent again blindly.

    :param text: the text, a template that sees the context. By default a few lines: what has happened to
        which DAG and task, the exception's first line, the try, the time, the run, and a link to the log.
    :param to: people, as a list of phones with their country codes, ``["+71234567890"]``, and ids of users of
        the channel, ``[301]``; or a template that makes phones with commas between. Each hears of it for
        themselves. In place of ``to``:
    :param phone: one phone; or
    :param user_id: one user of the channel.
    :param name: the name of somebody who is new to the channel; the number by default.
    :param channel_uuid: the channel; the connection's by default.
    :param project_id: the project; the connection's by default.
    :param throttle: for how long a message silences its group: a timedelta or seconds. What comes meanwhile
        is counted across the host, and told with the group's next message, or by a notifier of the DAG when
        the run has ended. ``None`` (default): everything is told.
    :param group_by: what is one group, for the same person, channel and kind of event: a template, or any
        text. By default the DAG and the task.
    :param quiet_hours: when nobody is told, e.g. ``"22:00-08:00"``. What comes then is counted as with
        ``throttle``. **Nobody wakes up to tell it**: it goes with the next message of its group.
    :param quiet_zone: whose time that is: each ``recipient``'s, as their phone tells it, or the
        ``project``'s.
    :param timezone: the project's zone. Times are told in it.
    :param urgent: whether to tell it in quiet hours all the same.
    :param fallback: channels, by uuid, to try in this order where the person lacks the messenger.
    :param timeout: how long it may take, with all that it takes: a timedelta or seconds, 10 by default.
    :param raise_on_error: whether to raise what went wrong. Airflow logs what its callbacks raise.
    :param wahelp_conn_id: the id of an Airflow connection of type ``wahelp``.
    """

    template_fields: Sequence[str] = (
        "wahelp_conn_id",
        "to",
        "phone",
        "user_id",
        "name",
        "channel_uuid",
        "project_id",
        "group_by",
        "quiet_hours",
        "timezone",
        "fallback",
        "text",
    )

    def __init__(
        self,
        *,
        text: str | None = None,
        to: Sequence[int | str] | str | None = None,
        phone: str | None = None,
        user_id: int | str | None = None,
        name: str | None = None,
        channel_uuid: str | None = None,
        project_id: int | str | None = None,
        throttle: timedelta | float | None = None,
        group_by: str | None = None,
        quiet_hours: str | Sequence[str] | None = None,
        quiet_zone: options.QuietZone = "recipient",
        timezone: str = _MOSCOW,
        urgent: bool = False,
        fallback: Sequence[str] | str | None = None,
        timeout: timedelta | float = 10.0,
        raise_on_error: bool = False,
        wahelp_conn_id: str = "wahelp_default",
        **kwargs: Any,
    ) -> None:
        self.text = text
        self.to = to
        self.phone = phone
        self.user_id = user_id
        self.name = name
        self.channel_uuid = channel_uuid
        self.project_id = project_id
        self.throttle = throttle
        self.group_by = group_by
        self.quiet_hours = quiet_hours
        self.quiet_zone = quiet_zone
        self.timezone = timezone
        self.urgent = urgent
        self.fallback = fallback
        self.timeout = timeout
        self.raise_on_error = raise_on_error
        self.wahelp_conn_id = wahelp_conn_id
        super().__init__(**kwargs)
        # A deadline makes the notifier when it is missed, and Airflow logs the arguments of one that cannot
        # be made: phones. Then what is wrong is said when it is called.
        if "context" not in kwargs:
            self._check()

    def __call__(self, *args: Any) -> None:
        """Tell everybody.

        :param args: the context; or what Airflow 2 gives to ``sla_miss_callback``.
        """
        names = ("dag", "task_list", "blocking_task_list", "slas", "blocking_tis")
        self.notify(args[0] if len(args) == 1 else dict(zip(names, args, strict=False)))  # type: ignore[arg-type]

    def __await__(self) -> Generator[Any, None, None]:
        """Tell everybody, with the context that the notifier was made with."""
        return self.async_notify(self.context).__await__()

    def notify(self, context: Context) -> None:
        """Tell everybody.

        :param context: the context of the callback.
        :raises WahelpError: with ``raise_on_error``, if somebody was not told.
        """
        from airflow_provider_wahelp.notifications.run_with_timeout import run_within

        with self._forgiving():
            end = time.monotonic() + seconds(self.timeout, "timeout")
            errand = self._errand(context)
            try:
                failed = run_within(end - time.monotonic(), lambda: errand.run(_inner(end)))
            except TimeoutError:  # something blocks that cannot be broken off, such as a secrets backend
                raise OutOfTimeError(f"tell {', '.join(map(str, errand.people))}") from None
            _insist(errand, failed)

    async def async_notify(self, context: Context) -> None:
        """Tell everybody, on the event loop that runs.

        :param context: the context of the callback.
        :raises WahelpError: with ``raise_on_error``, if somebody was not told.
        """
        with self._forgiving():
            end = time.monotonic() + seconds(self.timeout, "timeout")
            errand = self._errand(context)
            _insist(errand, await errand.run(_inner(end)))

    def _check(self) -> None:
        """Refuse what cannot be meant, as far as that is known when the DAG is parsed."""
        for check, value in (
            (arguments.text, self.text),
            (phones.check, self.phone),
            (arguments.user_id, self.user_id),
            (arguments.name, self.name),
            (arguments.channel_uuid, self.channel_uuid),
            (arguments.project_id, self.project_id),
            (wait_options.fallback, self.fallback),
        ):
            check_literal(check, value)
        people = (self.to, self.phone, self.user_id)
        if not any(map(_has_template, people)):
            addressees(*people)
        if self.throttle is not None:
            seconds(self.throttle, "throttle")
        seconds(self.timeout, "timeout")
        options.quiet_zone(self.quiet_zone)
        if self.quiet_hours or self.timezone != _MOSCOW:
            from airflow_provider_wahelp.delivery.quiet_hours import QuietHours, check_zone

            check_literal(QuietHours.parse, self.quiet_hours)
            check_literal(check_zone, self.timezone)
        for argument in ("urgent", "raise_on_error"):
            if not isinstance(getattr(self, argument), bool):
                raise InputError(argument, "must be True or False; it is no template")

    def _errand(self, context: Context) -> Notification:
        """Return what is to be done, with everything rendered and checked."""
        from zoneinfo import ZoneInfo

        from airflow_provider_wahelp.delivery.alert.recipients import Way
        from airflow_provider_wahelp.delivery.quiet_hours import QuietHours, QuietWindows, check_zone
        from airflow_provider_wahelp.notifications.default_text import default_text
        from airflow_provider_wahelp.notifications.event import Kind, event_of
        from airflow_provider_wahelp.notifications.notification import Notification

        mine = self._rendered(context)
        zone = ZoneInfo(check_zone(mine.timezone))
        event = event_of(context)
        text = (
            mine.text if mine.text not in (None, "", "None") else default_text(event, datetime.now(UTC), zone)
        )
        if isinstance(text, str):  # the words of an exception may hold what cannot be encoded
            text = text.encode(errors="replace").decode()
        fallback = wait_options.fallback(mine.fallback) if mine.fallback else []
        quiet = None
        if mine.quiet_hours and not mine.urgent:
            own = mine.quiet_zone == "recipient"
            quiet = QuietWindows(QuietHours.parse(mine.quiet_hours), zone.key, own=own)
        return Notification(
            event=event,
            text=arguments.text(text),
            people=addressees(mine.to, mine.phone, mine.user_id),
            conn_id=mine.wahelp_conn_id,
            way=Way(mine.project_id, list(dict.fromkeys([mine.channel_uuid or None, *fallback])), mine.name),
            window=0.0 if mine.throttle is None else seconds(mine.throttle, "throttle"),
            group=str(mine.group_by or ""),
            quiet=quiet,
            zone=zone,
            # A task that calls its notifier itself may do so again and again.
            template=arguments.text(text) if event.kind is Kind.RUNNING else str(self.text),
        )

    def _rendered(self, context: Context) -> Self:
        """Return a copy whose templates are rendered: this one may serve others at the same moment."""
        mine = copy.copy(self)
        dag = context.get("dag")
        environment = self.get_template_env(dag=dag if hasattr(dag, "get_template_env") else None)
        for field in self.template_fields:
            try:
                value = self.render_argument(field, context, environment)
            except Exception as error:
                if field != "text":
                    raise
                self.log.warning(
                    "The notifier's text cannot be rendered (%s): the default text goes in its place.",
                    type(error).__name__,
                )
                value = None
            setattr(mine, field, value)
        return mine

    @contextmanager
    def _forgiving(self) -> Iterator[None]:
        """Log what goes wrong, and swallow it, unless that is not wanted."""
        try:
            yield
        except Exception as error:
            if self.raise_on_error:
                raise
            words = str(error) if isinstance(error, WahelpError) else f"{type(error).__name__}: {error}"
            notes = getattr(error, "__notes__", [])
            self.log.warning(
                "A notifier failed; nothing else is affected. %s", scrub(" ".join([words, *notes]))
            )


def _has_template(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return any(map(_has_template, value))
    return isinstance(value, str) and not is_literal(value)


def _inner(end: float) -> float:
    """Return the seconds until the work is broken off, so that there is time to note what became of it."""
    return (end - time.monotonic()) * (1 - _TIDY_UP)


def _insist(errand: Notification, failed: Sequence[tuple[AlertRecipient, Exception]]) -> None:
    """Raise what went wrong, if anything did."""
    if not failed:
        return
    (_, first), *others = failed
    for person, error in others:
        first.add_note(f"{person}: {error}")
    raise first


send_wahelp_notification = WahelpNotifier
