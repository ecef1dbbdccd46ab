"""A mailing that is run, and holds itself where people ask to stop: its author is asked on the phone."""

from __future__ import annotations

import logging
from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from airflow_provider_wahelp.client import arguments
from airflow_provider_wahelp.client.errors import InputError, NotFoundError, WahelpError
from airflow_provider_wahelp.delivery.mailing import manners
from airflow_provider_wahelp.failures import airflow_errors
from airflow_provider_wahelp.language import Words
from airflow_provider_wahelp.operators.limits import admission
from airflow_provider_wahelp.operators.manners import CarefulOperator
from airflow_provider_wahelp.task import optional

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_wahelp.client.messages import Recipient
    from airflow_provider_wahelp.delivery.mailing.complaints import MailingHeldError
    from airflow_provider_wahelp.delivery.mailing.mailing import Mailing
    from airflow_provider_wahelp.delivery.mailing.rows import Row, Unreadable
    from airflow_provider_wahelp.delivery.message.asking import Answered, Asking

log = logging.getLogger(__name__)

ANSWERS = {"yes": (), "no": ("stop", "стоп")}
"""In their order, which the numbers in the question mean."""

ANSWER_WITHIN = 86_400.0
"""Seconds after which a question without an answer is a no."""


class HoldingOperator(CarefulOperator):
    """A mailing that holds itself if too many people ask to stop. See ``docs/mailings.md``.

    :param stop_after_complaints: hold the mailing if so many people write a stop word within an hour, while
        it runs. Needs ``stop_words``.
    :param complaints_to: who is asked on the phone then whether it goes on: a phone, a list of them or, of a
        template, phones with commas between. With the first yes it goes on with the rest. With a no, without
        an answer in a day, and without this argument, the task fails with a ``MailingHeldError``, so whatever
        tells of its failures tells its author; a cleared task goes on with the rest.
    :param language: of that question, ``en`` or ``ru``; by default the connection's, then that of ``[wahelp]
        language``.
    """

    checks = CarefulOperator.checks | {
        "stop_after_complaints": optional(manners.stop_after_complaints),
        "complaints_to": optional(manners.complaints_to),
        "language": optional(arguments.language),
    }

    stop_words: Any

    def __init__(
        self,
        *,
        stop_after_complaints: int | str | None = None,
        complaints_to: Sequence[str] | str | None = None,
        language: arguments.Language | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.stop_after_complaints = stop_after_complaints
        self.complaints_to = complaints_to
        self.language = language

    def pre_execute(self, context: Context) -> None:
        """Say if nobody would be told that the mailing holds itself."""
        super().pre_execute(context)
        if self.stop_after_complaints and not (self.complaints_to or self._tells_of_failures()):
            log.warning(
                "If too many people ask to stop, nobody is told on the phone: complaints_to is not given, "
                "neither the task nor the DAG has an on_failure_callback, and [wahelp] alert_to is empty"
            )

    def execute(self, context: Context) -> dict[str, int]:
        """Send what may be sent now."""
        return self._mail(context, resumed=False)

    def resume(self, context: Context, event: Any = None, since: float = 0.0) -> dict[str, int]:
        """Go on after a deferral: send what may be sent now, or look what has arrived.

        :param since: when the author has said that the mailing goes on, if they were asked.
        """
        return self._mail(context, resumed=True, since=since)

    def answered(self, context: Context, event: Mapping[str, Any], **held: Any) -> dict[str, int]:
        """Go on if the author says so.

        :param event: what the triggerer has heard, with the ``question``.
        :param held: what has held the mailing; ``dag.test()`` leaves it out.
        """
        from airflow_provider_wahelp.delivery.mailing.complaints import MailingHeldError

        with airflow_errors():
            return self._hear(context, MailingHeldError.of(held), event)

    @abstractmethod
    def rows(self) -> Iterable[Row | Unreadable]:
        """Return the recipients."""

    @abstractmethod
    def _mailing(self, context: Context, *, resumed: bool) -> Mailing: ...

    def _check_together(self) -> None:
        super()._check_together()
        if self.stop_after_complaints and not self.stop_words:
            raise InputError("stop_after_complaints", "needs stop_words")
        if self.complaints_to and not self.stop_after_complaints:
            raise InputError("complaints_to", "needs stop_after_complaints")

    def _mail(self, context: Context, *, resumed: bool, since: float = 0.0) -> dict[str, int]:
        from airflow_provider_wahelp.delivery.mailing.complaints import MailingHeldError

        mailing = self._mailing(context, resumed=resumed)
        mailing = replace(mailing, options=replace(mailing.options, complaints_since=since))
        with airflow_errors():
            authors, rows = self._authors(), self.rows()
        try:
            result = mailing.run(rows)
        except MailingHeldError as held:
            if not authors:
                raise
            return self._hear(context, held)
        self._refusal = result.refusal
        if result.until:
            self.log.info("%d are not sent: the task goes on %s", result.totals["deferred"], result.until)
            kept = {"since": since} if since else None
            self.defer(trigger=self._trigger(result.until), method_name="resume", kwargs=kept)
        return result.totals

    def _hear(
        self, context: Context, held: MailingHeldError, event: Mapping[str, Any] | None = None
    ) -> dict[str, int]:
        """Ask whether the mailing goes on, or take what was heard; then go on, wait, or hold for good."""
        from airflow_provider_wahelp.incoming.question import Question
        from airflow_provider_wahelp.operators.ask import answers_trigger

        asking = self._asking(context, held)
        try:
            step = asking.advance(Question.of(event["question"]), event) if event else asking.start()
            goes_on = not isinstance(step, Question) and self._says_yes(step)
        except WahelpError as error:
            if event and error.temporary:  # a retry finds the question, and what was answered
                raise
            log.warning("It could not be asked whether the mailing goes on. %s", error)
            raise held from None
        if isinstance(step, Question):
            self.defer(
                trigger=answers_trigger(asking, step, self.wahelp_conn_id),
                method_name="answered",
                kwargs=held.kept(),
                timeout=self.execution_timeout,
            )
        if not goes_on:
            log.warning("Nobody who was asked says that the mailing goes on")
            raise held
        log.info("The mailing goes on, says user %s by message %s", step["user_id"], step["message_id"])
        return self._mail(context, resumed=True, since=self._count_anew(context))

    def _count_anew(self, context: Context) -> float:
        from airflow_provider_wahelp.client.reconcile import moment
        from airflow_provider_wahelp.delivery.mailing.complaints import count_anew

        attempt, ledger = self._attempt_and_ledger(context)
        return count_anew(ledger, attempt, self.hook.run(moment()).seconds)

    def _asking(self, context: Context, held: MailingHeldError) -> Asking:
        from airflow_provider_wahelp.delivery.message.asking import Asking
        from airflow_provider_wahelp.delivery.message.send import IdempotentSend
        from airflow_provider_wahelp.incoming import asking_options
        from airflow_provider_wahelp.incoming.question import Rules

        language = self._checked("language") or self.hook.language() or "en"
        question = _question(f"{self.dag_id}.{self.task_id}", held, Words(language))
        attempt, ledger = self._attempt_and_ledger(context)
        authors = self._authors()
        send = IdempotentSend(
            hook=self.hook,
            recipient=authors[0],
            text=question,
            # The question before, to which somebody has said yes, was another one.
            attempt=replace(attempt, earliest=max(attempt.earliest, held.since)),
            ledger=ledger,
            key=f"{attempt.key}/complaints/{held.since:.0f}",
            admission=admission(self.hook),
        )
        return Asking(
            send=send,
            people=authors,
            rules=Rules(ANSWERS, timeout=ANSWER_WITHIN),
            texts=asking_options.texts(question, language, None, None, None),
            default="no",
            interval=self._checked("poll_interval"),
        )

    def _authors(self) -> list[Recipient]:
        project_id, channel_uuid = self._place()
        try:
            found = [
                self.hook.recipient(None, phone, None, channel_uuid, project_id)
                for phone in self._checked("complaints_to") or ()
            ]
        except InputError as error:
            raise InputError("complaints_to", error.must) from None
        return list({person.phone: person for person in found}.values())

    def _says_yes(self, answered: Answered) -> bool:
        """Return whether the answer is a yes, which still stands where it was written."""
        from airflow_provider_wahelp.client.events import event_of
        from airflow_provider_wahelp.incoming.choices import choices_of

        if answered["answer"] != "yes":
            return False
        project_id, channel_uuid = self._place()
        try:
            reply = self.hook.get_message(answered["message_id"], channel_uuid, project_id)
        except NotFoundError:
            return False
        event = event_of(reply)
        if not event or event.kind != "message" or str(reply.user_id) != str(answered["user_id"]):
            return False
        return choices_of(ANSWERS).meaning(reply.text) == "yes"

    def _tells_of_failures(self) -> bool:
        from airflow.providers.common.compat.sdk import conf

        dag = self.get_dag()
        callbacks = self.on_failure_callback or (dag and getattr(dag, "on_failure_callback", None))
        return bool(callbacks or conf.get("wahelp", "alert_to", fallback=""))


def _question(mailing: str, held: MailingHeldError, words: Words) -> str:
    """Return what the author is asked: numbers, and nothing of people."""
    why = words.ngettext(
        "The mailing {mailing} holds: {count} person asked to stop within an hour.",
        "The mailing {mailing} holds: {count} people asked to stop within an hour.",
        held.people,
        mailing=mailing,
    )
    sent = words.gettext("Sent: {sent} of {total}.", sent=held.sent, total=held.sent + held.left)
    return "\n".join([why, sent, words.gettext("Go on? 1: yes, 2: no")])
