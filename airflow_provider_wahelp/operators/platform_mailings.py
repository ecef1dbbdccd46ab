"""The mailings that Wahelp itself sends: creating, starting, stopping and exporting one."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import conf

from airflow_provider_wahelp.client import arguments
from airflow_provider_wahelp.client.errors import WahelpError
from airflow_provider_wahelp.client.platform.arguments import MailingKind, fields, mailing_id, mailing_kind
from airflow_provider_wahelp.delivery import send_options
from airflow_provider_wahelp.failures import airflow_errors
from airflow_provider_wahelp.operators.base import WahelpOperator
from airflow_provider_wahelp.task import anything, optional, required

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_wahelp.client.platform.mailings import PlatformMailing


class PlatformMailingOperator(WahelpOperator):
    """An operator for a mailing that Wahelp itself sends.

    Only the operations are known. What they take and answer, and where they lie, is **not confirmed**: see
    ``docs/platform.md`` for what is assumed, and how to change it.

    :param kind: ``whatsapp``, ``waba`` (WhatsApp Business) or ``viber_tg_vk``.
    :param channel_uuid: the channel; the connection's by default.
    :param project_id: the project; the connection's by default.
    """

    checks = WahelpOperator.checks | {
        "kind": required(mailing_kind),
        "channel_uuid": optional(arguments.channel_uuid),
        "project_id": optional(arguments.project_id),
    }

    def __init__(
        self,
        *,
        kind: MailingKind = "whatsapp",
        channel_uuid: str | None = None,
        project_id: int | str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.kind = kind
        self.channel_uuid = channel_uuid
        self.project_id = project_id

    def _place(self) -> tuple[MailingKind, str | None, int | None]:
        """Return what names the mailings of the kind, for the hook."""
        return self._checked("kind"), self._checked("channel_uuid"), self._checked("project_id")

    def _summary(self, context: Context, mailing: PlatformMailing) -> dict[str, Any]:
        """Return of a mailing what an XCom may hold: what else the API tells may be texts and phones."""
        told = mailing.to_dict()
        return self._result(context, {name: told[name] for name in ("id", "name", "status", "state")})


class CreatePlatformMailingOperator(PlatformMailingOperator):
    """Create a mailing that Wahelp itself is to send, or take the one of the same name. It starts nothing.

    All other arguments are those of :class:`PlatformMailingOperator`.

    :param name: the mailing's name.
    :param fields: what else Wahelp is told, by the API's names: text, template, recipients, ...
    :param files: files by the names of their parts: paths of object storage, or bytes.
    :param if_exists: with one of the same name: ``reuse`` it, ``create`` another, or ``fail``.
    :return: the mailing: ``id``, ``name``, ``status`` and ``state``, and neither its text nor its recipients.
    """

    checks = PlatformMailingOperator.checks | {
        "name": required(arguments.name),
        "fields": optional(fields),
        "files": optional(anything),
        "if_exists": required(arguments.if_exists),
    }
    template_fields: Sequence[str] = tuple(checks)

    def __init__(
        self,
        *,
        name: str,
        fields: Mapping[str, Any] | None = None,
        files: Mapping[str, Any] | None = None,
        if_exists: arguments.IfExists = "reuse",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.name = name
        self.fields = fields
        self.files = files
        self.if_exists = if_exists
        self._check_arguments()

    def execute(self, context: Context) -> dict[str, Any]:
        """Create the mailing."""
        mailing = self.hook.create_platform_mailing(
            self.name, self.fields, *self._place(), files=self.files, if_exists=self.if_exists
        )
        self.log.info("Mailing %s (%s): %s", mailing.id, mailing.name, mailing.state)
        return self._summary(context, mailing)


class StartPlatformMailingOperator(PlatformMailingOperator):
    """Start a mailing that Wahelp itself sends, once, and wait for its end.

    The mailing's state is read first: only a draft is started, and one that runs, or has run, is waited for.
    A retry looks at a draft for as long as a start of the attempt before may be under way (``send_timeout``
    of the connection). If the state is not understood, the task fails, and starts nothing.

    All other arguments are those of :class:`PlatformMailingOperator`.

    :param mailing_id: the mailing, e.g. ``create.output["id"]``.
    :param wait: whether to wait for the end. A mailing that is stopped, or fails, fails the task.
    :param wait_timeout: how long to wait: a timedelta or seconds, a day by default. A retry, and a cleared
        task, wait as long again.
    :param poll_interval: seconds between two looks.
    :param deferrable: whether to wait in the triggerer and not in the worker; by default what Airflow's
        ``[operators] default_deferrable`` says.
    :return: the mailing: ``id``, ``status``, ``state``, whether this task has started it (``has_started``)
        and, after the end, its numbers as Wahelp has them (``stats``).
    """

    checks = PlatformMailingOperator.checks | {
        "mailing_id": required(mailing_id),
        "wait_timeout": required(send_options.wait_timeout),
        "poll_interval": required(send_options.poll_interval),
    }
    template_fields: Sequence[str] = tuple(checks)

    def __init__(
        self,
        *,
        mailing_id: int | str,
        wait: bool = True,
        wait_timeout: timedelta | float | str = send_options.WAIT_TIMEOUT,
        poll_interval: float | str = 60.0,
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.mailing_id = mailing_id
        self.wait = wait
        self.wait_timeout = wait_timeout
        self.poll_interval = poll_interval
        self.deferrable = deferrable
        self._check_arguments()

    def execute(self, context: Context) -> dict[str, Any]:
        """Start the mailing, unless it was started before, and wait for it."""
        from airflow_provider_wahelp.client.platform.mailing_flows import ended, until_ended
        from airflow_provider_wahelp.delivery.attempt import attempt_of

        number, attempt = self._checked("mailing_id"), attempt_of(context, self.retries or 0)
        mailing, started = self.hook.start_platform_mailing(
            number, *self._place(), is_repeated=attempt.repeated or attempt.cleared
        )
        self.log.info("Mailing %s: %s", number, "started" if started else f"it is {mailing.state} already")
        if not started and mailing.state == "finished" and not attempt.repeated:
            self.log.warning("Nothing was sent: to send mailing %s again, make a copy of it", number)
        if not self.wait:
            told = {"id": number, "status": mailing.status, "state": mailing.state}
            return self._told(context, told, started)
        with airflow_errors():
            result = None if started else ended(mailing)
        deadline = time.time() + self._checked("wait_timeout")
        if result is None and self.deferrable:
            self._defer(started, deadline)
        place = self.hook.mailing_place(*self._place())
        flow = until_ended(place, number, self._checked("poll_interval"), deadline)
        event = {"result": result} if result else self.hook.run(flow)
        return self.execute_complete(context, {**event, "has_started": started})

    def execute_complete(self, context: Context, event: Mapping[str, Any]) -> dict[str, Any]:
        """Return the mailing once it has ended.

        :param context: the context.
        :param event: the trigger's: ``{"result": ...}``, ``{"error": ...}`` or ``{"late": True}``.
        """
        from airflow_provider_wahelp.client.platform.mailing_flows import result_of

        number = self._checked("mailing_id")
        with airflow_errors():
            result = result_of(number, event)
        self.log.info("Mailing %s has ended", number)
        return self._told(context, {**result, "stats": self._stats(number)}, event["has_started"])

    def _told(self, context: Context, result: dict[str, Any], started: bool) -> dict[str, Any]:
        return self._result(context, {**result, "has_started": started})

    def _stats(self, number: int | str) -> dict[str, int | float] | None:
        from airflow_provider_wahelp.client.platform.numbers import numbers_in

        try:
            return numbers_in(self.hook.get_platform_mailing_stats(number, *self._place()))
        except WahelpError as error:  # the mailing has ended: its numbers must not fail the task
            self.log.warning("%s", error)
            return None

    def _defer(self, started: bool, deadline: float) -> None:
        from airflow_provider_wahelp.triggers.mailings import PlatformMailingTrigger

        kind, channel, _ = self._place()
        place = self.hook.mailing_place(*self._place())
        trigger = PlatformMailingTrigger(
            mailing_id=self._checked("mailing_id"),
            kind=kind,
            channel_uuid=channel,
            project_id=place.project_id,
            deadline=deadline,
            poke_interval=self._checked("poll_interval"),
            wahelp_conn_id=self.wahelp_conn_id,
            has_started=started,
        )
        self.defer(trigger=trigger, method_name="execute_complete", timeout=self.execution_timeout)


class StopPlatformMailingOperator(PlatformMailingOperator):
    """Stop a mailing that Wahelp itself sends. **That clears its queue for good**: it cannot go on.

    One that has ended stays as it is. All other arguments are those of :class:`PlatformMailingOperator`.

    :param mailing_id: the mailing.
    :param name: its name once more. If the mailing has another one, the task fails, and stops nothing.
    :return: the mailing: ``id``, ``name``, ``status`` and ``state``, and neither its text nor its recipients.
    """

    checks = PlatformMailingOperator.checks | {
        "mailing_id": required(mailing_id),
        "name": required(arguments.name),
    }
    template_fields: Sequence[str] = tuple(checks)

    def __init__(self, *, mailing_id: int | str, name: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.mailing_id = mailing_id
        self.name = name
        self._check_arguments()

    def execute(self, context: Context) -> dict[str, Any]:
        """Stop the mailing."""
        mailing = self.hook.stop_platform_mailing(self.mailing_id, self.name, *self._place())
        self.log.info("Mailing %s: %s", mailing.id, mailing.state)
        return self._summary(context, mailing)


class ExportPlatformMailingOperator(PlatformMailingOperator):
    """Write what has become of the messages of a mailing that Wahelp itself has sent, to object storage.

    All other arguments are those of :class:`PlatformMailingOperator`.

    :param mailing_id: the mailing.
    :param output_path: any Airflow object storage path, e.g. ``s3://conn_id@bucket/mailing.csv``. It gets the
        file as Wahelp makes it, or the JSON that Wahelp answers. A local file is its owner's alone.
    :return: its ``path``, ``size`` and ``content_type``.
    """

    outputs = ()
    checks = PlatformMailingOperator.checks | {
        "mailing_id": required(mailing_id),
        "output_path": required(anything),
    }
    template_fields: Sequence[str] = tuple(checks)

    def __init__(self, *, mailing_id: int | str, output_path: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.mailing_id = mailing_id
        self.output_path = output_path
        self._check_arguments()

    def execute(self, context: Context) -> dict[str, Any]:
        """Export the mailing."""
        exported = self.hook.export_platform_mailing(self.mailing_id, self.output_path, *self._place())
        self.log.info("Mailing %s: %d bytes exported", self.mailing_id, exported["size"])
        return exported
