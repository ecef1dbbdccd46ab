"""A chunk of a mailing that is under way: who was handed to a thread, and who has come back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import Future, wait

from airflow_provider_wahelp.delivery.mailing.chunks import Begun, Done
from airflow_provider_wahelp.delivery.mailing.queued_message import WAITING, QueuedMessage
from airflow_provider_wahelp.delivery.mailing.sender import SendResult


class Batch:
    """A chunk that is under way. For one thread, beside those that post.

    :param number: its number in the ledger.
    :param people: who is begun.
    :param done: those of whom it was known before that nothing is to be sent.
    """

    def __init__(self, number: int, people: Iterable[QueuedMessage], done: list[Done]) -> None:
        self.number = number
        self.people = {person.number: person for person in people}
        """Those of whom it is not counted yet what became of them, by the number of the row."""
        self.done = done
        self.begun: list[Begun] = []
        """What the ledger is to know of the others: what is done, and what is not known."""
        self._sends: dict[int, Future[SendResult]] = {}

    def post(self, person: QueuedMessage, send: Future[SendResult]) -> None:
        """Note that somebody was handed to a thread.

        :param person: who.
        :param send: what comes back.
        """
        self._sends[person.number] = send

    def cancel(self) -> None:
        """Post to nobody who still queues for a thread."""
        for send in self._sends.values():
            send.cancel()

    def over(self, within: float) -> bool:
        """Return whether all threads have come back.

        :param within: seconds to wait for that.
        """
        return not wait(self._sends.values(), within).not_done

    def back(self) -> Iterator[tuple[QueuedMessage, SendResult]]:
        """Yield those who have come back since, and what of; each is counted once it was dealt with."""
        for number in [number for number, send in self._sends.items() if send.done()]:
            send = self._sends[number]
            yield self.people[number], SendResult(WAITING) if send.cancelled() else send.result()
            del self._sends[number], self.people[number]
