"""Sending a message, once."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import conf

from airflow_provider_wahelp.client import arguments, phones
from airflow_provider_wahelp.client.base_error import InputError
from airflow_provider_wahelp.client.masking import mask_phone
from airflow_provider_wahelp.delivery import send_options
from airflow_provider_wahelp.delivery.send_options import message_texts
from airflow_provider_wahelp.failures import airflow_errors
from airflow_provider_wahelp.literals import is_literal
from airflow_provider_wahelp.operators.conversations import ConversationOperator
from airflow_provider_wahelp.operators.limits import LimitedOperator
from airflow_provider_wahelp.task import anything, optional, required

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context, ObjectStoragePath

    from airflow_provider_wahelp.client.messages import Recipient
    from airflow_provider_wahelp.delivery.message.send import IdempotentSend
    from airflow_provider_wahelp.delivery.message.tracked_send import Arrived, TrackedSend
    from airflow_provider_wahelp.delivery.message.wait_state import WaitState
    from airflow_provider_wahelp.storage.outgoing import OutgoingFile


class SendMessageOperator(ConversationOperator, LimitedOperator):
    """Send a text to a person, named by ``user_id`` or by ``phone``.

    A phone is found in the channel, or added to it, first. The text is sent literally: Markdown shows its
    asterisks.

    If ``daily_cap`` holds it back, the task is deferred, and sends it when the channel's day has room. If
    ``per_person`` or ``silent_for`` does, it is skipped. These arguments are those of
    :class:`~airflow_provider_wahelp.operators.limits.LimitedOperator`.

    The message is sent once, over retries and killed workers: see ``docs/promises.md`` for what each
    Airflow promises. A task that has sent, and is run again, returns the message of then. Its ``text`` is
    ``None`` if the task would now send another text: no text is kept.

    With ``wait_for`` the task then waits for the delivery. With ``fallback`` it sends through another channel
    if no delivery is reported. **The person can get the message twice then**: what the first channel has
    sent may still arrive, and cannot be called back. See ``docs/waiting.md``.

    :param text: the text; or a list of texts, of which each person always gets the same one, as in a mailing.
    :param file: a file to send with the text: a path of object storage, or bytes. How Wahelp takes files is
        **not confirmed**: see ``docs/files.md``.
    :param file_url: in place of ``file``, an address whose content is sent. It is asked without the token.
    :param file_name: what the file is called; by default as in its path, or as the address's server says.
    :param user_id: the person, as a user of the channel.
    :param phone: the person's number with its country code, e.g. ``+71234567890``.
    :param name: the name of somebody added by phone; the number by default.
    :param channel_uuid: the channel; the connection's by default.
    :param project_id: the project; the connection's by default.
    :param default_region: the country of a phone without a country code, e.g. ``"RU"``; the connection's by
        default.
    :param idempotency_key: one key is sent once. By default the task instance is the key. Your own key holds
        over several tasks and runs only with ``ledger_path``.
    :param if_unclear: where it is unknown whether an earlier attempt sent it: ``check`` looks into the
        channel's history, ``fail`` fails for good, ``resend`` sends, at the risk of a second arrival.
    :param on_rerun: where the task has sent before it was cleared: ``skip`` sends nothing, ``resend``
        sends once more.
    :param ledger_path: any Airflow object storage path to keep the state in, in place of Airflow's task state
        store, which exists from 3.3 on. Workers on several hosts must all see it.
    :param wait_for: ``delivered`` or ``read``: succeed only then. A delivery that fails, or is not reported
        within ``wait_timeout``, fails the task. ``None`` (default): succeed once it is sent.
    :param wait_timeout: how long to wait after the send: a timedelta or seconds, a day by default. A cleared
        task waits as long again.
    :param poll_interval: seconds between two looks.
    :param deferrable: whether to wait in the triggerer and not in the worker; by default what Airflow's
        ``[operators] default_deferrable`` says.
    :param fallback: further channels, by uuid, to try in this order: where the person lacks the messenger,
        where the delivery fails, and where none is reported within ``fallback_after``. The person is found in
        each channel by phone, or added to it. Waits for ``delivered`` at least.
    :param fallback_after: how long to wait for a delivery before the next channel is tried, at the risk of
        a second arrival: a timedelta or seconds, ten minutes by default.
    :param remember_in: where to remember which channel has reached the person, to try it first the next time:
        the name of an Airflow Variable or, for more than some hundred people, any Airflow object storage
        path, which has a slash in it. Phones are kept as keyed digests.
    :return: the message: ``id``, ``user_id``, ``text``, ``status``, ``created_at`` (ISO 8601, UTC), ... After
        a wait also the ``channel_uuid`` that delivered it, which is an XCom of its own.
    """

    checks = LimitedOperator.checks | {
        "text": required(message_texts),
        "file": optional(anything),
        "file_url": optional(arguments.file_url),
        "file_name": optional(arguments.name),
        "user_id": optional(arguments.user_id),
        "phone": optional(phones.check),
        "default_region": optional(phones.check_region),
        "name": optional(arguments.name),
        "idempotency_key": optional(arguments.idempotency_key, not_given=(None,)),
        "remember_in": optional(send_options.remember_in),
    }
    template_fields: Sequence[str] = tuple(checks)

    def __init__(
        self,
        *,
        text: str | Sequence[str],
        user_id: int | str | None = None,
        phone: str | None = None,
        name: str | None = None,
        channel_uuid: str | None = None,
        project_id: int | str | None = None,
        default_region: str | None = None,
        idempotency_key: int | str | None = None,
        if_unclear: arguments.IfUnclear = "check",
        on_rerun: arguments.OnRerun = "skip",
        ledger_path: str | None = None,
        wait_for: arguments.Awaited | None = None,
        wait_timeout: timedelta | float | str = send_options.WAIT_TIMEOUT,
        poll_interval: float | str = send_options.POLL_INTERVAL,
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        fallback: Sequence[str] | str | None = None,
        fallback_after: timedelta | float | str | None = None,
        remember_in: str | None = None,
        file: str | bytes | ObjectStoragePath | None = None,
        file_url: str | None = None,
        file_name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.text = text
        self.file = file
        self.file_url = file_url
        self.file_name = file_name
        self.user_id = user_id
        self.phone = phone
        self.name = name
        self.channel_uuid = channel_uuid
        self.project_id = project_id
        self.default_region = default_region
        self.idempotency_key = idempotency_key
        self.if_unclear = if_unclear
        self.on_rerun = on_rerun
        self.ledger_path = ledger_path
        self.wait_for = wait_for
        self.wait_timeout = wait_timeout
        self.poll_interval = poll_interval
        self.deferrable = deferrable
        self.fallback = fallback
        self.fallback_after = fallback_after
        self.remember_in = remember_in
        self._check_arguments()

    def execute(self, context: Context) -> dict[str, Any]:
        """Send the message, unless it was sent already, and wait for it if that is asked for."""
        return self._start(context)

    def resume(self, context: Context, event: Any = None) -> dict[str, Any]:
        """Go on when a limit has room for the message."""
        return self._start(context)

    def _start(self, context: Context) -> dict[str, Any]:
        from airflow_provider_wahelp.delivery.limits.admission import HeldError

        try:
            if not self.wait_for and not self.fallback:
                return self._send(context)
            with airflow_errors():
                tracked = self._tracked_send(context)
                started = tracked.start()
        except HeldError as held:
            self._hold(held)
        with airflow_errors():
            return self._wait(context, tracked, started)

    def execute_complete(self, context: Context, event: Mapping[str, Any]) -> dict[str, Any]:
        """Go on with what the triggerer has found.

        :param context: the context.
        :param event: the trigger's: ``{"result": ...}``, ``{"error": ...}`` or ``{"late": True}``, and the
            ``wait_state``, how far the message had got.
        """
        from airflow_provider_wahelp.delivery.message.wait_state import WaitState

        with airflow_errors():
            tracked = self._tracked_send(context)
            return self._wait(context, tracked, tracked.advance(WaitState(**event["wait_state"]), event))

    def _check_together(self) -> None:
        super()._check_together()
        if self.file is not None and self.file_url is not None:
            raise InputError("file, file_url", "only one of the two may be given")
        send_options.require_fallback(self.fallback, remember_in=self.remember_in)
        if all(given is None or is_literal(given) for given in (self.user_id, self.phone)):
            arguments.recipient(self.user_id, self.phone)

    def _wait(self, context: Context, tracked: TrackedSend, step: WaitState | Arrived) -> dict[str, Any]:
        """Wait, as often as there is something to wait for."""
        while not isinstance(step, dict):
            self._leave_conversation(context, step.channel_uuid, [step.message["user_id"]])
            if self.deferrable:
                self._defer(tracked, step)
            step = tracked.advance(step, tracked.poll_in_worker(step))
        self.log.info("Message %s: %s, through channel %s", step["id"], step["status"], step["channel_uuid"])
        if self.do_xcom_push and (ti := context.get("ti")):
            ti.xcom_push(key="channel_uuid", value=step["channel_uuid"])
        self._leave_conversation(context, step["channel_uuid"], [step["user_id"]])
        return self._result(context, step)

    def _defer(self, tracked: TrackedSend, state: WaitState) -> None:
        from airflow_provider_wahelp.triggers.messages import MessageStatusTrigger

        # The trigger keeps the deadline: Airflow's own timeout would fail the task, and this one goes on.
        trigger = MessageStatusTrigger(
            message_id=state.message["id"],
            status=state.wanted,
            deadline=time.time() + tracked.seconds_left(state),
            project_id=tracked.project_id,
            channel_uuid=state.channel_uuid,
            poke_interval=tracked.interval,
            wahelp_conn_id=self.wahelp_conn_id,
            wait_state=asdict(state),
        )
        self.defer(trigger=trigger, method_name="execute_complete", timeout=self.execution_timeout)

    def _send(self, context: Context) -> dict[str, Any]:
        send = self._idempotent_send(context)
        message, just_now, channel = self.hook.run(send.send())
        self.log.info(
            "%s message %s (%d characters) to user %s%s through channel %s: %s",
            "Sent" if just_now else "Nothing to send: an earlier attempt sent",
            message["id"],
            len(send.text),  # an XCom may be a number
            message["user_id"],
            f" ({mask_phone(self.phone)})" if self.phone and just_now else "",  # it may have been another's
            channel,
            message["status"],
        )
        self._leave_conversation(context, channel, [message["user_id"]])
        return self._result(context, message)

    def _tracked_send(self, context: Context) -> TrackedSend:
        from airflow_provider_wahelp.delivery.message.fallback import FallbackChannels
        from airflow_provider_wahelp.delivery.message.preferred_channel import preferred_channels_in
        from airflow_provider_wahelp.delivery.message.tracked_send import TrackedSend

        first = self._idempotent_send(context)
        scope = f"{self.hook.get_conn().settings.base_url}/{first.recipient.project_id}"
        place = self._checked("remember_in")
        preferred = preferred_channels_in(place, scope) if place else None
        others = self._checked("fallback") or []
        return TrackedSend(FallbackChannels(first, others, preferred), self._wait_options())

    def _idempotent_send(self, context: Context) -> IdempotentSend:
        from airflow_provider_wahelp.delivery.message.send import IdempotentSend

        key, text, file = self._checked("idempotency_key"), self._text(), self._file()
        if_unclear, on_rerun = self._checked("if_unclear"), self._checked("on_rerun")
        attempt, ledger = self._attempt_and_ledger(context, key)
        return IdempotentSend(
            hook=self.hook,
            recipient=self._recipient(),
            text=text,
            attempt=attempt,
            ledger=ledger,
            key=key or attempt.key,
            if_unclear=if_unclear,
            on_rerun=on_rerun,
            file=file,
            admission=self._admission(),
        )

    def _recipient(self) -> Recipient:
        return self.hook.recipient(self.user_id, self.phone, self.name, self.channel_uuid, self.project_id)

    def _text(self) -> str:
        """Return the text; of several, a person always gets the same one."""
        texts = self._checked("text")
        if not isinstance(texts, list):
            return str(texts)
        from airflow_provider_wahelp.delivery.mailing.variants import variant_of

        to = self._recipient()
        place = variant_of(to.phone or str(to.user_id), len(texts))
        self.log.info("The person gets text %d of %d", place + 1, len(texts))
        return str(texts[place])

    def _file(self) -> OutgoingFile | None:
        """Return the file, which is checked before anything is sent."""
        file, url = self._checked("file"), self._checked("file_url")
        if file is None and url is None:
            return None
        from airflow_provider_wahelp.storage.outgoing import outgoing_file

        with airflow_errors():
            return outgoing_file(file, url, self._checked("file_name"), lambda: self.hook.get_conn().settings)
