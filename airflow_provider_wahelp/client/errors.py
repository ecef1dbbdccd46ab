"""What can go wrong with a call, named by meaning.

Every class states the two facts that decide what may be done about the error:

``temporary``
    the same call may succeed later, although nothing is changed;
``may_have_happened``
    Wahelp may have carried the call out although it failed. A message of unknown outcome must not be sent
    again blindly.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow_provider_wahelp.client.base_error import InputError as InputError  # noqa: PLC0414 - one of them
from airflow_provider_wahelp.client.base_error import WahelpError as WahelpError  # noqa: PLC0414 - likewise
from airflow_provider_wahelp.client.base_error import kinds


def error_from_dict(values: Mapping[str, Any]) -> WahelpError:
    """Return the error that its ``to_dict`` has described; ``WahelpError`` for an unknown kind."""
    return kinds.get(str(values.get("kind")), WahelpError).from_dict(values)


class ExistsError(WahelpError):
    """It exists already, and ``if_exists`` is ``fail``."""

    meaning = "it exists already"
    advice = 'Use if_exists="reuse" to take the existing one.'


class NotReachableError(WahelpError):
    """The request was never sent: the name lookup, connection, TLS handshake or proxy failed."""

    meaning = "Wahelp could not be reached"
    advice = "Check the connection's host, the network and the proxy settings."
    temporary = True


class ConnectTimeoutError(NotReachableError):
    """No connection was established in time; the request was never sent."""

    meaning = "no connection to Wahelp in time"


class ConnectionLostError(WahelpError):
    """The connection broke after the request may have been carried out."""

    meaning = "the connection broke before an answer came"
    temporary = True
    may_have_happened = True


class ReadTimeoutError(ConnectionLostError):
    """No answer came in time, or HTTP 408; the request may have been carried out."""

    meaning = "no answer in time"


class CredentialsError(WahelpError):
    """Login, password or access token are refused."""

    meaning = "the credentials are refused"
    advice = "Check the login and password, or the access token, of the Airflow connection."


class TokenRefusedError(CredentialsError):
    """A call is refused with HTTP 401 although its token is new."""

    meaning = "a new token is refused"
    advice = "The login itself works. Check the account's rights, and whether Wahelp has an outage."


class ForbiddenError(WahelpError):
    """The account has no right to do this."""

    meaning = "the account has no right to do this"
    advice = "Check the account's role in the Wahelp project."


class NotFoundError(WahelpError):
    """The project, channel, user, message or operation does not exist."""

    meaning = "it does not exist"
    advice = "Check project_id, channel_uuid and the other ids."


class NotWahelpError(WahelpError):
    """The server answers, but lacks the operations that every Wahelp has."""

    meaning = "the server at this address is not Wahelp"
    advice = "Check the connection's host."


class RedirectedError(WahelpError):
    """The server answered with a redirect. Only GET requests follow one."""

    meaning = "the server redirects to another address"
    advice = "Set the connection's host to the address that it redirects to."


class RejectedError(WahelpError):
    """The API refuses the input: another 4xx, or a 2xx with ``"success": false`` (docs/api.md, 1)."""

    meaning = "the API refuses it"


class RecipientMissingError(NotFoundError):
    """The channel exists, and has no such user."""

    meaning = "the channel has no such user"
    advice = "Check user_id: an id belongs to one channel."


class RecipientRefusedError(RejectedError):
    """The API refuses to write to this person (HTTP 403), though the channel is active and can be read."""

    meaning = "Wahelp refuses to write to this person"
    advice = "The person may have blocked the channel: write to them through another one."


class MessengerMissingError(RecipientRefusedError):
    """The person does not have this messenger (docs/api.md, 6)."""

    meaning = "the person does not have this messenger"
    advice = "Check the phone number, or write to the person through another channel."


class ChannelNotActiveError(RejectedError):
    """The channel is not authorized, or was logged out."""

    meaning = "the channel is not active"
    advice = "Authorize the channel in Wahelp (WhatsApp: scan its QR code)."


class DeliveryFailedError(WahelpError):
    """A message was sent, but Wahelp reports that it was not delivered; ``words`` has its status."""

    meaning = "it was not delivered"
    advice = "Check the person's number, or write through another channel."


class DeliveryTimeoutError(WahelpError):
    """A message was sent, but Wahelp did not report it as delivered, or read, within the timeout."""

    meaning = "Wahelp did not report it in time"
    advice = "The message may still arrive. Clear the task to go on waiting: it is not sent again."


class NoAnswerError(WahelpError):
    """Nobody has given a clear answer to a question in time; ``words`` says for how long it was waited."""

    meaning = "there was no clear answer in time"
    advice = "Clear the task to wait as long again: the question is not sent again."


class UnclearAnswerError(WahelpError):
    """What somebody has answered means none of the answers, and the author wants to fail then."""

    meaning = "what was answered means none of the answers"
    advice = "Read it in Wahelp, and clear the task once there is a clear answer."


class NoAgreementError(WahelpError):
    """Those who were asked do not agree, and there is no branch for that; ``words`` has the numbers."""

    meaning = "those who were asked do not agree"
    advice = "Name a default, which counts where they do not."


class NoChannelWorkedError(WahelpError):
    """No channel delivered the message; ``words`` says what happened in each."""

    meaning = "none of the channels worked"
    advice = "What was sent may still arrive. Clear the task to go on: no channel sends the message twice."


class OutOfTimeError(WahelpError):
    """A notifier did not get its message sent within its ``timeout``."""

    meaning = "no time was left"
    advice = "Check the connection's host and the network, or raise the notifier's timeout."
    temporary = True
    may_have_happened = True


class PaymentRequiredError(WahelpError):
    """Wahelp asks for payment (HTTP 402): the account's quota or balance is spent, whoever is written to."""

    meaning = "Wahelp asks for payment"
    advice = "Check the account's balance, tariff and quota in Wahelp."
    lasting = True
    temporary = True


class RateLimitedError(WahelpError):
    """Too many requests; ``retry_after`` has the seconds to wait, if the API named them."""

    meaning = "too many requests"
    temporary = True


class ServerError(WahelpError):
    """Wahelp, or a proxy in front of it, failed (HTTP 5xx).

    That includes 503 with ``Retry-After``: a proxy answers so to a request that was carried out, too.
    """

    meaning = "Wahelp failed"
    temporary = True
    may_have_happened = True


class UnknownOutcomeError(WahelpError):
    """It is not known whether a message was sent, or something created.

    To repeat it could do it twice, not to repeat it could lose it. So a person has to decide.

    :param what: what is unknown, as a clause: ``the message to user 301 was sent``.
    :param words: why.
    """

    meaning = "the outcome is unknown"
    advice = "Check in Wahelp before trying again."
    may_have_happened = True

    def _summary(self) -> str:
        words = f": {self.words.rstrip('.')}" if self.words else ""
        return f"Unknown whether {self.what}{words}"

    def _repeat(self) -> str:
        return "A retry of the task looks again." if self.temporary else ""


class MailingStoppedError(WahelpError):
    """Many sends of a mailing failed in a row: the channel or the account is the reason, not the people.

    Who was refused in that row is kept for a retry, as all who were not written to.
    """

    meaning = "many sends in a row failed"
    advice = "Check the channel, the account's quota, and whether Wahelp has an outage. A retry goes on."
    temporary = True

    def _summary(self) -> str:
        return f"The mailing has stopped: {self.words}"

    def _repeat(self) -> str:
        return ""


class TooManyFailuresError(WahelpError):
    """More messages of a mailing failed than ``max_failures`` allows; ``words`` has the numbers."""

    meaning = "too many messages failed"
    advice = "The report has the reasons. Clear the task to try the failed ones again; nothing is sent twice."

    def _summary(self) -> str:
        return self.words or self.meaning

    def _repeat(self) -> str:
        return ""


class HistoryIncompleteError(WahelpError):
    """A channel's history cannot be read back to a moment: messages since then may be missing."""

    meaning = "messages may be missing"
    advice = "Perhaps the service shows no older ones: read more often, or less far back."
    temporary = True


class UnreadableAnswerError(WahelpError):
    """The answer says success, but cannot be understood."""

    meaning = "the answer cannot be understood"
    temporary = True
    may_have_happened = True
