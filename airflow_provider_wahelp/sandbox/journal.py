"""What the sandbox was asked: the evidence for tests that count requests."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from itertools import islice

_KEPT = 100_000  # a sandbox that runs for weeks must not grow for ever; the count goes on


@dataclass(frozen=True, slots=True)
class RecordedRequest:
    """One request to the API. Bodies and headers are not kept: they hold passwords, phones and texts.

    :param method: the HTTP method.
    :param path: the path as it was sent, trailing slash included.
    :param query: the query string.
    :param status: the status of the answer; ``None``: there was none.
    :param content_type: the request's content type, empty without one.
    :param fault: the fault that struck.
    """

    method: str
    path: str
    query: str
    status: int | None
    content_type: str
    fault: str | None = None


class Journal:
    """The latest 100,000 requests, and counts of everything since the start."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.reset()

    def clear(self) -> None:
        """Forget requests and connections; logins are still counted from the start."""
        with self._lock:
            self.total = 0
            self._requests: deque[RecordedRequest] = deque(maxlen=_KEPT)
            self._clients: set[tuple[str, int]] = set()

    def reset(self) -> None:
        """Forget everything."""
        self.logins = 0
        self.clear()

    def add(self, request: RecordedRequest, client: tuple[str, int] | None) -> None:
        """Record a request.

        :param request: what was asked and answered.
        :param client: host and port that it came from.
        """
        with self._lock:
            self.total += 1
            self._requests.append(request)
            if client:
                self._clients.add(client)

    def requests(self) -> list[RecordedRequest]:
        """Return the recorded requests, oldest first."""
        with self._lock:
            return list(self._requests)

    def latest(self, limit: int) -> list[RecordedRequest]:
        """Return the latest recorded requests, newest first.

        :param limit: how many at most.
        """
        with self._lock:
            return list(islice(reversed(self._requests), limit))

    @property
    def connections(self) -> int:
        """Return how many TCP connections the requests came over."""
        return len(self._clients)
