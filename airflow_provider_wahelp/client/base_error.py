"""The base of all errors, and the one that a DAG file meets: it does not wait for all the others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

_FIELDS = ("what", "words", "status", "retry_after", "argument", "must")
kinds: dict[str, type[WahelpError]] = {}
"""All that are imported, by their names."""


class WahelpError(Exception):
    """The base of everything that this client raises.

    :param what: what was attempted, with phones masked, e.g. ``send a message to user 301``.
    :param words: what the API or the network library said, without secrets.
    :param status: the HTTP status, where there was an answer.
    :param retry_after: seconds to wait before the next attempt, if the API named them.
    :param payload: the decoded body of the answer, if it had one.
    """

    meaning: ClassVar[str] = "failed"
    advice: ClassVar[str] = ""
    lasting: ClassVar[bool] = False
    """Whether it takes longer than a call may take: a temporary error that is left to the task's retries."""
    temporary: bool = False
    may_have_happened: bool = False

    def __init__(
        self,
        what: str,
        words: str = "",
        *,
        status: int | None = None,
        retry_after: float | None = None,
        payload: object = None,
    ) -> None:
        super().__init__(what, words)
        self.what = what
        self.words = words
        self.status = status
        self.retry_after = retry_after
        self.payload = payload

    def to_dict(self) -> dict[str, Any]:
        """Return the error as plain values, to go from the triggerer to the worker."""
        values = {name: value for name in _FIELDS if (value := getattr(self, name, None)) is not None}
        return {"kind": type(self).__name__, **values}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> WahelpError:
        """Return an error of this kind, which :meth:`to_dict` has described."""
        return cls(
            values.get("what", "wait"),
            values.get("words", ""),
            status=values.get("status"),
            retry_after=values.get("retry_after"),
        )

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        kinds.setdefault(cls.__name__, cls)  # another of the same name is its twin for Airflow

    def __str__(self) -> str:
        """Tell what happened, whether it may be repeated, and what to do."""
        return " ".join(filter(None, (f"{self._summary()}.", self._repeat(), self.advice)))

    @property
    def reason(self) -> str:
        """The meaning, the HTTP status and the words: all but what was attempted and what to do."""
        answer = f" (HTTP {self.status})" if self.status else ""
        words = f": {self.words}" if self.words else ""
        return f"{self.meaning}{answer}{words}"

    def _summary(self) -> str:
        return f"Could not {self.what}: {self.reason}"

    def _repeat(self) -> str:
        if self.may_have_happened:
            return "It is not known whether Wahelp carried it out."
        if self.temporary:
            wait = f" in {self.retry_after:g} s" if self.retry_after else ""
            return f"Nothing was carried out; it may be repeated{wait}."
        return "Repeating it unchanged will not help."


class InputError(WahelpError, ValueError):
    """An argument is not what it must be; nothing was sent.

    :param must: what it must be. The text never contains the value, which may be personal.
    """

    def __init__(self, argument: str, must: str) -> None:
        super().__init__(f"use the argument {argument!r}", must)
        self.argument = argument
        self.must = must

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> InputError:
        """Return an error of this kind, which :meth:`to_dict` has described."""
        return cls(values.get("argument", ""), values.get("must", ""))

    def __str__(self) -> str:
        """Name the argument and what it must be."""
        return f"{self.argument}: {self.must}"
