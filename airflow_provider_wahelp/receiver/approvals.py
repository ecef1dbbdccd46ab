"""Replies that decide tasks. An event only says where to look: what counts is what the API says of it."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from functools import partial

from anyio import CapacityLimiter, to_thread

from airflow_provider_wahelp.client.errors import InputError, NotFoundError
from airflow_provider_wahelp.client.events import event_of
from airflow_provider_wahelp.client.models import Message
from airflow_provider_wahelp.client.phones import digits
from airflow_provider_wahelp.hooks.asynchronous import WahelpAsyncHook
from airflow_provider_wahelp.incoming.choices import NO, YES, choices_of
from airflow_provider_wahelp.notifications.approval_record import split_code
from airflow_provider_wahelp.receiver.decisions import Decision, Question, decide, questions
from airflow_provider_wahelp.receiver.missed_replies import MissedReplies
from airflow_provider_wahelp.receiver.notices import tell
from airflow_provider_wahelp.receiver.question_order import asked_before
from airflow_provider_wahelp.receiver.received import Received

log = logging.getLogger(__name__)

_NAMES = {YES: "Approve", NO: "Reject"}  # of ApprovalOperator: a yes is understood in many words
_MOST_THREADS = 1  # of the database: a decision is rare
_MISSED = MissedReplies()


async def decide_by_replies(received: Sequence[Received]) -> None:
    """Decide the tasks that wait for these messages.

    :param received: what webhooks told of.
    """
    limiter = CapacityLimiter(_MOST_THREADS)
    written = [each for each in received if each.event.kind == "message"]
    asked = await _questions([*written, *_MISSED.unsearched(received)], limiter)
    for each in [*await _MISSED.before(received, asked), *written]:
        own = _of_approver(asked.get(each.conn_id, ()), each.event.message)
        if own:
            await _answer(each, own, limiter)
            asked = await _questions(written, limiter)  # one of them may be decided now


async def _questions(
    written: Sequence[Received], limiter: CapacityLimiter
) -> Mapping[str, Sequence[Question]]:
    """Return the questions of the connections that messages came through: one query for many messages."""
    conn_ids = {each.conn_id for each in written}
    return await to_thread.run_sync(questions, conn_ids, limiter=limiter) if conn_ids else {}


def _of_approver(asked: Sequence[Question], message: Message) -> list[Question]:
    return [question for question in asked if question.record.user_of(message.phone)]


async def _answer(received: Received, asked: Sequence[Question], limiter: CapacityLimiter) -> None:
    async with WahelpAsyncHook(received.conn_id) as hook:
        message = await _read_back(hook, received)
        if message is None:
            return
        asked = [each for each in asked if await _may_decide(hook, received, message, each)]
        place = received.channel.project_id, received.channel.channel_uuid
        asked = await hook.run(asked_before(*place, message, asked)) if asked else []
    code, words = split_code(message.text or "")
    matching = [each for each in asked if each.code == code] if code else asked
    open_ones = [each for each in matching if each.is_open]
    if len(open_ones) > 1:
        await tell(open_ones[0], message, "several")
    elif open_ones:
        await _decide(open_ones[0], message, words, limiter)
    elif matching:
        await _tell_of_the_end(matching[-1], message, words)


async def _tell_of_the_end(question: Question, message: Message, words: str) -> None:
    """Tell who has decided, in case the process died before it did so, and everybody else that it is late."""
    option, user = _meaning(question, words), question.record.user_of(message.phone)
    if option is None:
        return
    if question.decision == (user, option):
        await tell(question, message, "decided", option)
    else:
        await tell(question, message, "late")


async def _decide(question: Question, message: Message, words: str, limiter: CapacityLimiter) -> None:
    option, user = _meaning(question, words), question.record.user_of(message.phone)
    if option is None or user is None:
        await tell(question, message, "unclear")
        return
    outcome: Decision = await to_thread.run_sync(partial(decide, question, option, user), limiter=limiter)
    await tell(question, message, outcome, option)


def _meaning(question: Question, words: str) -> str | None:
    """Return the option that a reply means: by its number, its words, or a yes or no where it is one."""
    options, said = question.record.options, words.strip()
    if said in options:
        return said
    if said.isdecimal() and 1 <= int(said) <= len(options):
        return options[int(said) - 1]
    names = _NAMES if tuple(options) == tuple(_NAMES.values()) else {option: option for option in options}
    try:
        meaning = choices_of({name: [option] for name, option in names.items()}).meaning(words)
    except InputError:  # a single option, or two that differ in signs only: numbers tell them apart
        return None
    return names.get(meaning or "")


async def _read_back(hook: WahelpAsyncHook, received: Received) -> Message | None:
    """Return a message as the API has it; ``None`` if it is not what the event says, or was not written."""
    said = received.event.message
    if said.id is None:
        return None
    try:
        found = await hook.get_message(said.id, received.channel.channel_uuid, received.channel.project_id)
    except NotFoundError:
        log.warning("A webhook told of message %s, which does not exist", said.id)
        return None
    event = event_of(found)
    if event is None or event.kind != "message" or str(found.id) != str(said.id):
        return None
    if found.user_id is None or str(found.user_id) != str(said.user_id):
        return None
    return found


async def _may_decide(
    hook: WahelpAsyncHook, received: Received, message: Message, question: Question
) -> bool:
    """Return whether a message of the API's is an approver's, in the question's channel."""
    record = question.record
    _, channel = await hook.project_and_channel(record.channel_uuid or None)
    if channel != received.channel.channel_uuid:
        return False
    if not message.phone or not record.user_of(message.phone):
        return False
    person = await hook.find_user(f"+{digits(message.phone)}", channel, received.channel.project_id)
    return person is not None and str(person.id) == str(message.user_id)
