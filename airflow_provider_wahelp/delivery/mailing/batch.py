"""A chunk of a mailing that is under way: sends that threads have, and their results."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import Future, wait

from airflow_provider_wahelp.delivery.mailing.chunks import Begun, Done
from airflow_provider_wahelp.delivery.mailing.queued_message import WAITING, QueuedMessage
from airflow_provider_wahelp.delivery.mailing.sender import SendResult


class Batch:
    """A chunk that is under way. For one thread, beside those that post.

    :param number: its number in the ledger.
    :param done: recipients of the same chunk that need no message.
    """

    def __init__(self, number: int, people: Iterable[QueuedMessage], done: list[Done]) -> None:
        self.number = number
        self.people = {person.number: person for person in people}
        """The recipients without a result yet, by the number of the row."""
        self.everybody = tuple(self.people.values())
        """All recipients of it."""
        self.done = done
        self.begun: list[Begun] = []
        """Sends of unknown outcome, for the ledger."""
        self._sends: dict[int, Future[SendResult]] = {}

    def post(self, person: QueuedMessage, send: Future[SendResult]) -> None:
        """Note that a thread has the send to a recipient."""
        self._sends[person.number] = send

    def cancel(self) -> None:
        """Cancel the sends that no thread has begun."""
        for send in self._sends.values():
            send.cancel()

    def over(self, within: float) -> bool:
        """Wait some seconds for all threads; return whether they are done."""
        return not wait(self._sends.values(), within).not_done

    def back(self) -> Iterator[tuple[QueuedMessage, SendResult]]:
        """Yield recipients with their results, each once."""
        for number in [number for number, send in self._sends.items() if send.done()]:
            send = self._sends[number]
            yield self.people[number], SendResult(WAITING) if send.cancelled() else send.result()
            del self._sends[number], self.people[number]
