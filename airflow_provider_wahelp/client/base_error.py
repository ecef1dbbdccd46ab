"""The base of all errors: what each of them knows and says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

_FIELDS = ("what", "words", "status", "retry_after", "argument", "must")
_kinds: dict[str, type[WahelpError]] = {}


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

    @staticmethod
    def from_dict(values: Mapping[str, Any]) -> WahelpError:
        """Return the error that :meth:`to_dict` has described; ``WahelpError`` for an unknown kind."""
        return _kinds.get(str(values.get("kind")), WahelpError)._from(values)

    @classmethod
    def _from(cls, values: Mapping[str, Any]) -> WahelpError:
        return cls(
            values.get("what", "wait"),
            values.get("words", ""),
            status=values.get("status"),
            retry_after=values.get("retry_after"),
        )

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        _kinds.setdefault(cls.__name__, cls)  # another of the same name is its twin for Airflow

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
