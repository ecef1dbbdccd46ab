"""``WahelpNotifier``: sends an alert about what has happened to a task or a run."""

from __future__ import annotations

import copy
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Self

from airflow.providers.common.compat.sdk import BaseNotifier

from airflow_provider_wahelp.client import arguments, phones
from airflow_provider_wahelp.client.base_error import InputError, WahelpError
from airflow_provider_wahelp.client.masking import scrub
from airflow_provider_wahelp.delivery import send_options
from airflow_provider_wahelp.failures import airflow_errors
from airflow_provider_wahelp.notifications.checks import MOSCOW, check_hours, check_zone, has_template
from airflow_provider_wahelp.rendering import KeepsTexts
from airflow_provider_wahelp.task import Argument, anything, optional

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from airflow.providers.common.compat.sdk import Context, ObjectStoragePath

    from airflow_provider_wahelp.delivery.quiet_hours import QuietWindows
    from airflow_provider_wahelp.language import Words
    from airflow_provider_wahelp.notifications.event import Event
    from airflow_provider_wahelp.notifications.notification import Notification

_TO_ASK = 0.4  # of the time: for Airflow to say which tasks have failed


class WahelpNotifier(KeepsTexts, BaseNotifier):
    """Sends an alert to phones from any callback of tasks and DAGs.

    From Airflow 3.1 on also from ``DeadlineAlert`` (in an ``AsyncCallback`` or a ``SyncCallback``) and from
    the ``notifiers`` of ``HITLOperator``. ``docs/alerting.md`` has recipes.

    **It never changes what becomes of the task.** An error is logged once and swallowed, and everything ends
    within ``timeout``. The object keeps nothing, so one may serve any number of tasks.

    The same callback of the same try sends one message to each recipient. If a message may have been sent,
    it is looked up in the channel's history before it is sent again.

    :param text: the text, a template that sees the context. By default a few lines: what has happened to
        which DAG and task, the exception's first line, the try, the time, the run, and a link to the log.
    :param file: a file to send with it, such as a plot: a path of object storage, a template too. Where it
        cannot be read, or is refused, the alert says so and goes without it. See ``docs/files.md``.
    :param to: the recipients: a list of phones with their country codes, ``["+71234567890"]``, and of ids of
        the channel's users, ``[301]``; or a template that makes phones with commas between. Each recipient
        gets a message of their own. In place of ``to``:
    :param phone: one phone; or
    :param user_id: the id of one user of the channel.
    :param name: the name under which a new phone is added to the channel; the number by default.
    :param channel_uuid: the channel; the connection's by default.
    :param project_id: the project; the connection's by default.
    :param default_region: the country of phones without a country code, e.g. ``"RU"``; the connection's by
        default.
    :param throttle: for how long a message silences its group: a timedelta or seconds. Alerts that come
        meanwhile are counted across the host. The group's next message reports them, or a notifier of the DAG
        when the run has ended. ``None`` (default): every alert is sent.
    :param group_by: what is one group, for the same person, channel and kind of event: a template, or any
        text. By default the DAG and the task.
    :param quiet_hours: when nothing is sent, e.g. ``"22:00-08:00"``. Alerts that come then are counted as
        with ``throttle``. **Nothing is sent when the quiet hours end**: the group's next message reports
        them.
    :param quiet_zone: whose time that is: each ``recipient``'s, as their phone tells it, or the
        ``project``'s.
    :param timezone: the project's zone. Times in texts are of this zone.
    :param urgent: whether to send in quiet hours too.
    :param fallback: channels, by uuid, to try in this order if the recipient lacks the messenger.
    :param timeout: how long everything may take: a timedelta or seconds, 10 by default.
    :param raise_on_error: whether to raise an error. Airflow logs what its callbacks raise.
    :param language: the language of the default text and of counts, ``en`` or ``ru``; the connection's by
        default, then that of ``[wahelp] language``, then English.
    :param wahelp_conn_id: the id of an Airflow connection of type ``wahelp``.
    """

    checks: ClassVar[dict[str, Argument]] = {
        "wahelp_conn_id": optional(str),
        "to": optional(anything),
        "phone": optional(phones.check),
        "user_id": optional(arguments.user_id),
        "name": optional(arguments.name),
        "channel_uuid": optional(arguments.channel_uuid),
        "project_id": optional(arguments.project_id),
        "default_region": optional(phones.check_region),
        "group_by": optional(anything),
        "quiet_hours": optional(check_hours),
        "timezone": optional(check_zone),
        "fallback": optional(send_options.fallback),
        "text": optional(arguments.text),
        "file": optional(anything),
        "language": optional(arguments.language),
    }
    """What each template field must be."""
    template_fields: Sequence[str] = tuple(checks)
    tells_of_failures = True

    def __init__(
        self,
        *,
        text: str | None = None,
        file: str | ObjectStoragePath | None = None,
        to: Sequence[int | str] | str | None = None,
        phone: str | None = None,
        user_id: int | str | None = None,
        name: str | None = None,
        channel_uuid: str | None = None,
        project_id: int | str | None = None,
        default_region: str | None = None,
        throttle: timedelta | float | None = None,
        group_by: str | None = None,
        quiet_hours: str | Sequence[str] | None = None,
        quiet_zone: arguments.QuietZone = "recipient",
        timezone: str = MOSCOW,
        urgent: bool = False,
        fallback: Sequence[str] | str | None = None,
        timeout: timedelta | float = 10.0,
        raise_on_error: bool = False,
        language: arguments.Language | None = None,
        wahelp_conn_id: str = "wahelp_default",
        **kwargs: Any,
    ) -> None:
        self.text = text
        self.file = file
        self.to = to
        self.phone = phone
        self.user_id = user_id
        self.name = name
        self.channel_uuid = channel_uuid
        self.project_id = project_id
        self.default_region = default_region
        self.throttle = throttle
        self.group_by = group_by
        self.quiet_hours = quiet_hours
        self.quiet_zone = quiet_zone
        self.timezone = timezone
        self.urgent = urgent
        self.fallback = fallback
        self.timeout = timeout
        self.raise_on_error = raise_on_error
        self.language = language
        self.wahelp_conn_id = wahelp_conn_id
        super().__init__(**kwargs)
        # Airflow makes the notifier of a deadline when the deadline is missed. If that raises, Airflow logs
        # the arguments, and so the phones. Therefore such a notifier is checked when it is called.
        if "context" not in kwargs:
            self._check()

    def __call__(self, *args: Any) -> None:
        """Send the alert.

        :param args: the context; or what Airflow 2 gives to ``sla_miss_callback``.
        """
        names = ("dag", "task_list", "blocking_task_list", "slas", "blocking_tis")
        self.notify(args[0] if len(args) == 1 else dict(zip(names, args, strict=False)))  # type: ignore[arg-type]

    def __await__(self) -> Generator[Any, None, None]:
        """Send the alert, with the context that the notifier was made with."""
        return self.async_notify(self.context).__await__()

    def notify(self, context: Context) -> None:
        """Send the alert.

        :param context: the context of the callback.
        :raises WahelpError: with ``raise_on_error``, if it was not sent to every recipient.
        """
        with self._log_errors():
            deadline = time.monotonic() + send_options.seconds(self.timeout, "timeout")
            self._notification(context, deadline).send_and_wait(deadline)

    async def async_notify(self, context: Context) -> None:
        """Send the alert, on the event loop that runs.

        :param context: the context of the callback.
        :raises WahelpError: with ``raise_on_error``, if it was not sent to every recipient.
        """
        with self._log_errors():
            deadline = time.monotonic() + send_options.seconds(self.timeout, "timeout")
            await self._notification(context, deadline).send(deadline)

    def _check(self) -> None:
        """Check the arguments, as far as they are known when the DAG is parsed."""
        from airflow_provider_wahelp.delivery.alert.recipients import recipients

        with airflow_errors():  # the parse does not care, and a mapped task is made anew by each try
            for name, argument in self.checks.items():
                argument.refuse_literal(name, getattr(self, name))

        given = (self.to, self.phone, self.user_id)
        if not any(map(has_template, given)):
            recipients(*given)
        if self.throttle is not None:
            send_options.seconds(self.throttle, "throttle")
        send_options.seconds(self.timeout, "timeout")
        arguments.quiet_zone(self.quiet_zone)
        for name in ("urgent", "raise_on_error"):
            if not isinstance(getattr(self, name), bool):
                raise InputError(name, "must be True or False; it is no template")

    def _notification(self, context: Context, deadline: float) -> Notification:
        """Return what is to be sent, with everything rendered and checked."""
        from zoneinfo import ZoneInfo

        from airflow_provider_wahelp.delivery.alert.recipients import Channels, recipients
        from airflow_provider_wahelp.language import ENGLISH
        from airflow_provider_wahelp.notifications.event import Kind, event_of
        from airflow_provider_wahelp.notifications.failed_tasks import failures_of
        from airflow_provider_wahelp.notifications.notification import Notification

        rendered = self._rendered(context)
        failures = failures_of(context, (deadline - time.monotonic()) * _TO_ASK)
        event = event_of(context).because_of(failures)
        zone = ZoneInfo(check_zone(rendered.timezone))
        text = rendered._text(event, zone, ENGLISH)
        fallback = send_options.fallback(rendered.fallback) if rendered.fallback else []
        return Notification(
            event=event,
            text=rendered._text,
            language=arguments.language(rendered.language) if rendered.language else None,
            file=rendered.file,
            recipients=recipients(rendered.to, rendered.phone, rendered.user_id),
            conn_id=rendered.wahelp_conn_id,
            channels=Channels(
                rendered.project_id,
                uuids=list(dict.fromkeys([rendered.channel_uuid or None, *fallback])),
                name=arguments.name(rendered.name) if rendered.name else None,
            ),
            region=phones.check_region(rendered.default_region),
            window=0.0 if rendered.throttle is None else send_options.seconds(rendered.throttle, "throttle"),
            group=str(rendered.group_by or ""),
            quiet=rendered._quiet_windows(zone),
            zone=zone,
            # A task may call its notifier itself several times, each time with another text.
            template=text if event.kind is Kind.RUNNING else str(self.text),
            failures=failures,
        )

    def _rendered(self, context: Context) -> Self:
        """Return a copy whose templates are rendered: this one may serve other tasks at the same moment."""
        rendered = copy.copy(self)
        dag = context.get("dag")
        environment = self.get_template_env(dag=dag if hasattr(dag, "get_template_env") else None)
        for field in self.template_fields:
            try:
                value = self.render_argument(field, context, environment)
            except Exception as error:
                if field not in ("text", "file"):
                    raise
                value = self._unrendered(field, error)
            setattr(rendered, field, value)
        return rendered

    def _unrendered(self, field: str, error: Exception) -> Any:
        """Return what stands for a text or a file: without it the alert goes all the same."""
        from airflow_provider_wahelp.notifications.attachment import Unrendered

        kind = type(error).__name__
        instead = "The default text is sent instead" if field == "text" else "The alert goes without it"
        self.log.warning("The notifier's %s cannot be rendered (%s). %s.", field, kind, instead)
        return None if field == "text" else Unrendered(kind)

    def _text(self, event: Event, zone: ZoneInfo, words: Words) -> str:
        """Return the text to send, by default that of the event."""
        from airflow_provider_wahelp.notifications.event_text import default_text

        empty = self.text in (None, "", "None")
        text = default_text(event, datetime.now(UTC), zone, words) if empty else self.text
        if isinstance(text, str):  # the words of an exception may hold what cannot be encoded
            text = text.encode(errors="replace").decode()
        return arguments.text(text)

    def _quiet_windows(self, zone: ZoneInfo) -> QuietWindows | None:
        from airflow_provider_wahelp.delivery.quiet_hours import QuietHours, QuietWindows

        if not self.quiet_hours or self.urgent:
            return None
        own = self.quiet_zone == "recipient"
        return QuietWindows(QuietHours.parse(self.quiet_hours), zone.key, own=own)

    @contextmanager
    def _log_errors(self) -> Iterator[None]:
        """Log what goes wrong and swallow it, unless it is to be raised."""
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


send_wahelp_notification = WahelpNotifier
