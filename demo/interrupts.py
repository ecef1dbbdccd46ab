"""Ctrl-C and friends, noted at once and obeyed at a good moment."""

from __future__ import annotations

import signal
import threading
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopRequestedError(RuntimeError):
    """Somebody wants the demo to end."""

    def __init__(self, number: int) -> None:
        super().__init__(f"stopped by {signal.Signals(number).name}")
        self.exit_code = 128 + number


class Interrupts:
    """Remembers the first signal to end.

    Raising from the handler could hit the moment between starting a process and knowing of it, and leave
    that process behind. And a second Ctrl-C must not cut short what the first one has begun.
    """

    def __init__(self) -> None:
        self._number: int | None = None
        self._seen = threading.Event()

    def listen(self) -> None:
        """Take over the signals for the rest of this process."""
        for number in SIGNALS:
            signal.signal(number, self._note)

    def check(self) -> None:
        """Raise StopRequestedError if a signal has come."""
        if self._number is not None:
            raise StopRequestedError(self._number)

    def wait(self, seconds: float) -> bool:
        """Wait for a signal, and say whether one has come."""
        return self._seen.wait(seconds)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self._number = self._number or number
        self._seen.set()
