"""A request to the API, as data: what is sent, and how its answer is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import IO, Any, Generic, TypeVar

from airflow_provider_wahelp.client import errors
from airflow_provider_wahelp.client.answers import Answer, Envelope, open_envelope
from airflow_provider_wahelp.client.bodies import Form

T = TypeVar("T")


Id = int | str


@dataclass(frozen=True)
class Call(Generic[T]):
    """One request to the API, and how its answer is read.

    :param path: the path below the root, its parts quoted.
    :param what: the call in words, for logs and errors, with nothing personal in it.
    :param read: turns a successful answer's envelope into the result.
    :param project_id: what ``X-Project`` is to say.
    :param repeatable: whether carrying it out twice is the same as once.
    :param token: a bearer token to use in place of the shared one; the empty string for none.
    :param private: values of the request that an error must not quote.
    :param raw: reads an answer that has no envelope, e.g. a picture; ``None`` where it has one.
    :param sends: whether it sends a message, which may take longer than other calls.
    :param root: what stands between the server's address and the path.
    :param form: the body, where it is a form and not JSON.
    :param store: opens what an answer is written to that is a file and not an envelope.
    """

    method: str
    path: str
    what: str
    read: Callable[[Envelope], T] = field(repr=False)
    json: Any = field(default=None, repr=False)
    params: Mapping[str, Any] | None = field(default=None, repr=False)
    project_id: Id | None = None
    repeatable: bool = True
    token: str | None = field(default=None, repr=False)
    private: Sequence[str] = field(default=(), repr=False)
    raw: Callable[[Answer], T | None] | None = field(default=None, repr=False)
    sends: bool = False
    root: str = "api/app/"
    form: Form | None = field(default=None, repr=False)
    store: Callable[[], AbstractContextManager[IO[bytes]]] | None = field(default=None, repr=False)

    def result(self, answer: Answer, token: str = "") -> T:
        """Return what an answer to this call says.

        :param token: the token that was sent, which an error must not quote either.
        :raises WahelpError: the error that the answer means.
        """
        if self.raw and answer.status == 200 and (found := self.raw(answer)) is not None:  # noqa: PLR2004
            return found
        envelope = (
            open_envelope(answer, self.what, (*self.private, token))
            if answer.stored is None
            else Envelope(None, answer=answer)
        )
        try:
            return self.read(envelope)
        except (ValueError, KeyError, TypeError) as error:
            raise errors.UnreadableAnswerError(self.what, str(error), status=answer.status) from None
