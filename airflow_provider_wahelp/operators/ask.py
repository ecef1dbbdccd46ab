"""Asking people: a question is sent, and the answer is waited for."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import BranchMixIn, conf

from airflow_provider_wahelp.client import arguments, phones
from airflow_provider_wahelp.client.errors import InputError, NoAgreementError
from airflow_provider_wahelp.delivery import send_options
from airflow_provider_wahelp.failures import airflow_errors
from airflow_provider_wahelp.incoming import asking_options
from airflow_provider_wahelp.incoming.choices import check_answers
from airflow_provider_wahelp.incoming.question import Decide, OnUnclear, Question, Rules
from airflow_provider_wahelp.literals import is_literal
from airflow_provider_wahelp.operators.conversations import ConversationOperator
from airflow_provider_wahelp.operators.limits import admission
from airflow_provider_wahelp.operators.sending import SendingOperator
from airflow_provider_wahelp.task import optional, required

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_wahelp.client.messages import Recipient
    from airflow_provider_wahelp.delivery.message.asking import Answered, Asking
    from airflow_provider_wahelp.delivery.message.send import IdempotentSend
    from airflow_provider_wahelp.triggers.answers import AnswersTrigger

_OF_DELIVERIES = {"wait_for", "fallback", "fallback_after"}


class AskOperator(ConversationOperator, SendingOperator, BranchMixIn):
    """Ask a person, or several, and return the answer.

    The question is sent once, over retries and killed workers, and so is each repeat and the reminder. An
    answer is a text of a person who was asked, written after the question. "Да", "Да, конечно!", "1" and 👍
    are understood; "да нет" and "да, но позже" are not, and are asked about again. The first clear answer of
    a person counts, whatever they write later. See ``docs/listening.md``.

    :param question: the text. It is sent literally.
    :param answers: the words for each answer, by its name, e.g. ``{"yes": ["приду"], "no": []}``. Answers
        called ``yes`` and ``no`` are understood without any words. ``1``, ``2``, ... mean the answers in
        their order, unless there are numbers among the words.
    :param user_id: the person, as a user of the channel; or
    :param phone: the person's number with its country code; or
    :param phones: the numbers of several people.
    :param name: the name of somebody added by phone; the number by default.
    :param channel_uuid: the channel; the connection's by default.
    :param project_id: the project; the connection's by default.
    :param default_region: the country of a phone without a country code; the connection's by default.
    :param decide: of several people: ``first`` answer decides, or ``all`` must have answered, or a
        ``majority`` of those who were asked must agree.
    :param wait_timeout: how long to wait for an answer: a timedelta or seconds, a day by default. A cleared
        task waits as long again.
    :param default: the answer if there is none in time, or people do not agree. Without it the task fails if
        there is none in time, and the answer is ``None`` if people do not agree.
    :param reminder_after: how long after the last message to a person they are reminded, once: a timedelta or
        seconds; ``None`` for no reminder.
    :param reminder_text: the reminder; the question by default.
    :param on_unclear: if a text means none of the answers: ``ask_again``, ``ignore`` or ``fail``.
    :param unclear_text: what is sent then; by default an excuse and the question.
    :param voice_text: what is sent once in its place if it was a voice note.
    :param language: the language of both, ``en`` or ``ru``; by default the connection's, then that of
        ``[wahelp] language``, then the question's.
    :param max_repeats: how often a person is asked again. After that unclear texts are ignored.
    :param branches: which tasks follow each answer, by its name: the id of a task or task group, or a list.
        The other tasks directly downstream are skipped.
    :param idempotency_key: see ``SendMessageOperator``; so are ``if_unclear``, ``on_rerun``, ``ledger_path``.
    :param on_rerun: ``skip``: a cleared task takes the answer to the question of then. ``resend``: it asks
        anew.
    :param poll_interval: seconds between two looks into the channel: one for all questions that wait.
    :param deferrable: whether to wait in the triggerer and not in the worker; by default what Airflow's
        ``[operators] default_deferrable`` says.
    :return: the ``answer``, which is an XCom of its own; the ``answers`` by user; and the ``user_id``,
        ``message_id`` and time ``at`` of the reply that decided. No text and no phone.
    """

    checks = {name: check for name, check in SendingOperator.checks.items() if name not in _OF_DELIVERIES} | {
        "question": required(arguments.text_of("question")),
        "answers": required(check_answers),
        "user_id": optional(arguments.user_id),
        "phone": optional(phones.check),
        "phones": optional(asking_options.phone_list),
        "default_region": optional(phones.check_region),
        "name": optional(arguments.name),
        "decide": required(asking_options.decide),
        "default": optional(str),
        "reminder_after": optional(send_options.reminder_after),
        "reminder_text": optional(arguments.text_of("reminder_text")),
        "on_unclear": required(asking_options.on_unclear),
        "unclear_text": optional(arguments.text_of("unclear_text")),
        "voice_text": optional(arguments.text_of("voice_text")),
        "language": optional(arguments.language),
        "max_repeats": required(asking_options.max_repeats),
        "branches": optional(asking_options.branches),
        "idempotency_key": optional(arguments.idempotency_key, not_given=(None,)),
    }
    template_fields: Sequence[str] = tuple(checks)
    inherits_from_skipmixin = True
    outputs = ("answer",)

    def __init__(
        self,
        *,
        question: str,
        answers: Mapping[str, Sequence[str]] | Sequence[str] = ("yes", "no"),
        user_id: int | str | None = None,
        phone: str | None = None,
        phones: Sequence[str] | str | None = None,
        name: str | None = None,
        channel_uuid: str | None = None,
        project_id: int | str | None = None,
        default_region: str | None = None,
        decide: Decide = "first",
        wait_timeout: timedelta | float | str = send_options.WAIT_TIMEOUT,
        default: str | None = None,
        reminder_after: timedelta | float | str | None = None,
        reminder_text: str | None = None,
        on_unclear: OnUnclear = "ask_again",
        unclear_text: str | None = None,
        voice_text: str | None = None,
        language: arguments.Language | None = None,
        max_repeats: int | str = asking_options.MAX_REPEATS,
        branches: Mapping[str, Sequence[str] | str] | None = None,
        idempotency_key: int | str | None = None,
        if_unclear: arguments.IfUnclear = "check",
        on_rerun: arguments.OnRerun = "skip",
        ledger_path: str | None = None,
        poll_interval: float | str = send_options.POLL_INTERVAL,
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.question = question
        self.answers = answers
        self.user_id = user_id
        self.phone = phone
        self.phones = phones
        self.name = name
        self.channel_uuid = channel_uuid
        self.project_id = project_id
        self.default_region = default_region
        self.decide = decide
        self.wait_timeout = wait_timeout
        self.default = default
        self.reminder_after = reminder_after
        self.reminder_text = reminder_text
        self.on_unclear = on_unclear
        self.unclear_text = unclear_text
        self.voice_text = voice_text
        self.language = language
        self.max_repeats = max_repeats
        self.branches = branches
        self.idempotency_key = idempotency_key
        self.if_unclear = if_unclear
        self.on_rerun = on_rerun
        self.ledger_path = ledger_path
        self.poll_interval = poll_interval
        self.deferrable = deferrable
        self._check_arguments()

    def execute(self, context: Context) -> dict[str, Any]:
        """Send the question, unless it was sent already, and wait for the answer."""
        with airflow_errors():
            asking = self._asking(context)
            return self._wait(context, asking, asking.start())

    def execute_complete(self, context: Context, event: Mapping[str, Any]) -> dict[str, Any]:
        """Go on with what the triggerer has heard.

        :param context: the context.
        :param event: the trigger's: ``{"result": ...}``, ``{"error": ...}`` or ``{"late": True}``, and the
            ``question``, whom it was sent to and what came of it.
        """
        with airflow_errors():
            asking = self._asking(context)
            return self._wait(context, asking, asking.advance(Question.of(event["question"]), event))

    def _check_together(self) -> None:
        people = (self.user_id, self.phone, self.phones)
        if all(given is None or is_literal(given) for given in people):
            self._check_people()
        if is_literal(self.answers) and all(
            each is None or is_literal(each) for each in (self.default, self.branches)
        ):
            asking_options.check_names(self.answers, self.default, self.branches)

    def _check_people(self) -> None:
        given = [each for each in (self.user_id, self.phone, self.phones) if each not in (None, "", [], ())]
        if len(given) != 1:
            raise InputError("user_id, phone, phones", "exactly one of the three must be given")

    def _wait(self, context: Context, asking: Asking, step: Question | Answered) -> dict[str, Any]:
        """Wait, as often as there is something to wait for."""
        self._link(context, step)
        while isinstance(step, Question):
            if self.deferrable:
                self._defer(asking, step)
            step = asking.advance(step, asking.poll_in_worker(step))
        return self._branched(context, self._result(context, step))

    def _link(self, context: Context, step: Question | Answered) -> None:
        if isinstance(step, Question):
            self._leave_conversation(context, step.channel_uuid, [person.user_id for person in step.people])
        else:
            self._leave_conversation(context, self.channel_uuid, step["answers"])

    def _branched(self, context: Context, result: Answered) -> Answered:
        """Skip what does not follow the answer."""
        branches, answer = self._checked("branches"), result["answer"]
        if branches is None:
            return result
        if answer is None:
            raise NoAgreementError("take a branch", f"there were {len(result['answers'])} answers")
        if (
            self.do_xcom_push
        ):  # on Airflow 3 an exception ends a task that skips others, and it returns nothing
            context["ti"].xcom_push(key="return_value", value=result)
        self.do_branch(context, branches[answer])
        return result

    def _defer(self, asking: Asking, question: Question) -> None:
        trigger = answers_trigger(asking, question, self.wahelp_conn_id)
        self.defer(trigger=trigger, method_name="execute_complete", timeout=self.execution_timeout)

    def _asking(self, context: Context) -> Asking:
        from airflow_provider_wahelp.delivery.message.asking import Asking

        people = self._people()
        default = self._checked("default")
        asking_options.check_names(self._checked("answers"), default, self._checked("branches"))
        return Asking(
            send=self._idempotent_send(context, people[0]),
            people=people,
            rules=self._rules(),
            texts=asking_options.texts(
                self._checked("question"),
                self._checked("language") or self.hook.language(),
                *map(self._checked, ("unclear_text", "voice_text", "reminder_text")),
            ),
            default=default,
            interval=self._checked("poll_interval"),
        )

    def _rules(self) -> Rules:
        return Rules(
            answers=self._checked("answers"),
            decide=self._checked("decide"),
            on_unclear=self._checked("on_unclear"),
            max_repeats=self._checked("max_repeats"),
            timeout=self._checked("wait_timeout"),
            reminder_after=self._checked("reminder_after"),
        )

    def _people(self) -> list[Recipient]:
        self._check_people()
        place = self.channel_uuid, self.project_id
        numbers = self._checked("phones")
        if not numbers:
            return [self.hook.recipient(self.user_id, self.phone, self.name, *place)]
        found = [self.hook.recipient(None, phone, None, *place) for phone in numbers]
        return list({person.phone: person for person in found}.values())

    def _idempotent_send(self, context: Context, recipient: Recipient) -> IdempotentSend:
        from airflow_provider_wahelp.delivery.message.send import IdempotentSend

        key = self._checked("idempotency_key")
        attempt, ledger = self._attempt_and_ledger(context, key)
        return IdempotentSend(
            hook=self.hook,
            recipient=recipient,
            text=self._checked("question"),
            attempt=attempt,
            ledger=ledger,
            key=key or attempt.key,
            if_unclear=self._checked("if_unclear"),
            on_rerun=self._checked("on_rerun"),
            admission=admission(self.hook),
        )


def answers_trigger(asking: Asking, question: Question, conn_id: str) -> AnswersTrigger:
    """Return what waits for the answer to a question without a worker."""
    from airflow_provider_wahelp.triggers.answers import AnswersTrigger

    # The trigger keeps the deadline: Airflow's own timeout would fail the task, and this one goes on.
    return AnswersTrigger(
        question=asdict(question),
        deadline=time.time() + asking.seconds_left(question),
        project_id=asking.project_id,
        channel_uuid=question.channel_uuid,
        poke_interval=asking.interval,
        wahelp_conn_id=conn_id,
    )
