"""What can go wrong with a call, named by meaning.

Two facts decide what may be done about an error and every class states them:

``temporary``
    whether the same call may succeed later without anybody changing anything;
``may_have_happened``
    whether Wahelp may have carried the call out although it failed. A message of unknown outcome must
    not be sent again blindly.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

_FIELDS = ("what", "words", "status", "retry_after", "argument", "must")


class WahelpError(Exception):
    """The base of everything that this client raises.

    :param what: what was attempted and to whom, masked, e.g. ``send a message to user 301``.
    :param words: the API's own words, or those of the network, already scrubbed of secrets.
    :param status: the HTTP status, where there was an answer.
    :param retry_after: seconds to wait before the next attempt, where the API named them.
    :param payload: the decoded body of the answer, where it had one.
    """

    meaning: ClassVar[str] = "failed"
    advice: ClassVar[str] = ""
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
        """Return the error that :meth:`to_dict` has described; a kind that is not known is a ``WahelpError``.

        :param values: what :meth:`to_dict` has returned.
        """
        kind = globals().get(str(values.get("kind")), WahelpError)
        if not (isinstance(kind, type) and issubclass(kind, WahelpError)):
            kind = WahelpError
        if kind is InputError:
            return InputError(values.get("argument", ""), values.get("must", ""))
        return kind(
            values.get("what", "wait"),
            values.get("words", ""),
            status=values.get("status"),
            retry_after=values.get("retry_after"),
        )

    def __str__(self) -> str:
        """Tell what happened, whether it may be repeated, and what to do."""
        answer = f" (HTTP {self.status})" if self.status else ""
        words = f": {self.words}" if self.words else ""
        parts = (f"Could not {self.what}: {self.meaning}{answer}{words}.", self._repeat(), self.advice)
        return " ".join(part for part in parts if part)

    def _repeat(self) -> str:
        if self.may_have_happened:
            return "It is not known whether Wahelp carried it out."
        if self.temporary:
            wait = f" in {self.retry_after:g} s" if self.retry_after else ""
            return f"Nothing was carried out; it may be repeated{wait}."
        return "Repeating it unchanged will not help."


class InputError(WahelpError, ValueError):
    """An argument is not what it must be; nothing was sent.

    :param argument: the name of the argument.
    :param must: what it must be, in words that never contain the value itself: it may be personal.
    """

    def __init__(self, argument: str, must: str) -> None:
        super().__init__(f"use the argument {argument!r}", must)
        self.argument = argument
        self.must = must

    def __str__(self) -> str:
        """Name the argument and what it must be."""
        return f"{self.argument}: {self.must}"


class ExistsError(WahelpError):
    """The thing exists already and ``if_exists="fail"`` was asked for."""

    meaning = "it exists already"
    advice = 'Use if_exists="reuse" to take the one that is there.'


class NotReachableError(WahelpError):
    """The request never left: name lookup, refused connection, TLS handshake, no way through the proxy."""

    meaning = "Wahelp could not be reached"
    advice = "Check the connection's host, the network and the proxy settings."
    temporary = True


class ConnectTimeoutError(NotReachableError):
    """No connection came about in time; the request never left."""

    meaning = "no connection to Wahelp in time"


class ConnectionLostError(WahelpError):
    """The connection broke after the request may have been carried out."""

    meaning = "the connection broke before an answer came"
    temporary = True
    may_have_happened = True


class ReadTimeoutError(ConnectionLostError):
    """No answer came in time; the request may have been carried out."""

    meaning = "no answer in time"


class CredentialsError(WahelpError):
    """Login, password or access token are refused."""

    meaning = "the credentials are refused"
    advice = "Check the login and password, or the access token, of the Airflow connection."


class TokenRefusedError(CredentialsError):
    """A call is refused as one without a login, although its token is new."""

    meaning = "a new token is refused"
    advice = "The login works: check the account's rights, and whether Wahelp is in trouble."


class ForbiddenError(WahelpError):
    """The account has no right to do this."""

    meaning = "the account has no right to do this"
    advice = "Check the account's role in the Wahelp project."


class NotFoundError(WahelpError):
    """The project, channel, user, message or operation does not exist."""

    meaning = "it does not exist"
    advice = "Check project_id, channel_uuid and the other ids."


class NotWahelpError(WahelpError):
    """The server answers, but has not even the operations that every Wahelp has."""

    meaning = "there is no Wahelp at this address"
    advice = "Check the connection's host."


class RedirectedError(WahelpError):
    """The server answered with a redirect, which is followed for no call that changes anything."""

    meaning = "the server redirects to another address"
    advice = "Set the connection's host to the address that it redirects to."


class RejectedError(WahelpError):
    """The API refuses the input: another 4xx, or a 2xx with ``"success": false`` (docs/api.md, 1)."""

    meaning = "the API refuses it"


class MessengerMissingError(RejectedError):
    """The person does not have this messenger (docs/api.md, 6)."""

    meaning = "the person does not have this messenger"
    advice = "Check the phone number, or write to the person through another channel."


class ChannelNotActiveError(RejectedError):
    """The channel is not authorized, or has logged itself out."""

    meaning = "the channel is not active"
    advice = "Authorize the channel in Wahelp (WhatsApp: scan its QR code)."


class DeliveryFailedError(WahelpError):
    """A message was sent, and Wahelp reports that it did not arrive; ``words`` is the status that says so."""

    meaning = "it was not delivered"
    advice = "Check the person's number, or write through another channel."


class DeliveryTimeoutError(WahelpError):
    """A message was sent, and not reported as delivered, or as read, as long as was waited."""

    meaning = "there was no report of it in time"
    advice = "It may still arrive. A cleared task goes on waiting, and sends nothing."


class NoChannelWorkedError(WahelpError):
    """A message was delivered through none of the channels; ``words`` says what happened in each."""

    meaning = "none of the channels worked"
    advice = (
        "What was sent may still arrive. A cleared task goes on, and sends nothing twice through a channel."
    )


class OutOfTimeError(WahelpError):
    """Somebody was not told of something within a notifier's ``timeout``."""

    meaning = "no time was left"
    advice = "Check the connection's host and the network, or raise the notifier's timeout."
    temporary = True
    may_have_happened = True


class RateLimitedError(WahelpError):
    """Too many requests; ``retry_after`` holds the seconds to wait, where the API named them."""

    meaning = "too many requests"
    temporary = True


class ServerError(WahelpError):
    """Wahelp, or a proxy before it, failed (HTTP 5xx)."""

    meaning = "Wahelp failed"
    temporary = True
    may_have_happened = True


class UnavailableError(ServerError):
    """Wahelp is busy and said when to come back (HTTP 503 with ``Retry-After``): nothing was done."""

    meaning = "Wahelp is busy"
    may_have_happened = False


class UnknownOutcomeError(WahelpError):
    """It is not known whether a message was sent or a thing created, and Wahelp does not tell.

    Doing it again could do it twice, not doing it again could lose it: a person decides.
    """

    meaning = "there is no telling"
    advice = "Look into Wahelp before you do it again."
    may_have_happened = True


class TooManyFailuresError(WahelpError):
    """A mailing reached fewer people than ``max_failures`` allows."""

    meaning = "too many people did not get it"
    advice = "Who and why is in the report. A cleared task tries them again, and nobody gets it twice."


class UnreadableAnswerError(WahelpError):
    """The call was answered with success, but the answer cannot be understood."""

    meaning = "the answer cannot be understood"
    temporary = True
    may_have_happened = True
