"""What the sandbox imitates: every choice that the known facts about the platform leave open."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import isfinite
from typing import TYPE_CHECKING, Any, Literal, get_args
from uuid import UUID

from airflow_provider_wahelp.sandbox.faults.spelling import parse
from airflow_provider_wahelp.sandbox.habits.habits import Habits
from airflow_provider_wahelp.sandbox.habits.profiles import Like, profile
from airflow_provider_wahelp.sandbox.phones import digits

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

ExpiresIn = Literal["int", "string", "missing"]
DuplicateUsers = Literal["error", "existing", "new"]
MessengerError = Literal["http", "success_false"]
UnknownContact = Literal[404, 400]

_CHOICES = {
    "expires_in": get_args(ExpiresIn),
    "duplicate_users": get_args(DuplicateUsers),
    "messenger_error": get_args(MessengerError),
    "unknown_contact": get_args(UnknownContact),
}
_YEAR = 366 * 86_400


@dataclass(frozen=True, kw_only=True)
class SandboxOptions:
    """How the imitated platform behaves. All times are seconds on the sandbox's clock.

    :param login: the login of the only account.
    :param password: its password.
    :param activation_delay: how long after its creation a channel becomes active; ``None``: only by a scan.
    :param token_lifetime: how long a token lives.
    :param delivered_after: how long after sending a message is delivered; ``None``: never.
    :param read_after: how long after sending a delivered message is read; ``None``: never.
    :param lacks_messenger: phones that do not have the messenger.
    :param expires_in: how a token's lifetime is spelled in an answer.
    :param refresh_fails: whether renewing a token answers with HTTP 500.
    :param duplicate_users: what adding a phone that the channel already has answers: an error that names the
        existing user, that user, or a new one.
    :param unknown_contact: the HTTP status of looking up a phone that nobody has.
    :param messenger_error: whether "the number lacks the messenger" comes as an HTTP error or as HTTP 200
        with ``success: false``.
    :param messenger_error_text: its words when a user is added.
    :param sending_error_text: its words when a message is sent.
    :param history_lag: how long after sending a message shows up in the history.
    :param clock_skew: by how much the server's clock is wrong; tokens and delays do not follow it.
    :param habits: how the platform lists, dates, alters and refuses.
    :param faults: faults that are on from the start, in one line each, such as
        ``cut_after:send_message:0.25``.
    :param first_channel: the uuid of the first channel that is created, for a DAG file that names it; those
        of others are random.
    :param seed: makes the probabilities of faults reproducible.
    """

    login: str = "demo@example.com"
    password: str = field(default="demo", repr=False)
    activation_delay: float | None = 2.0
    token_lifetime: int = 3600
    delivered_after: float | None = 1.0
    read_after: float | None = 3.0
    lacks_messenger: Collection[str] = field(default=(), repr=False)
    expires_in: ExpiresIn = "int"
    refresh_fails: bool = False
    duplicate_users: DuplicateUsers = "error"
    unknown_contact: UnknownContact = 404
    messenger_error: MessengerError = "http"
    messenger_error_text: str = "У номера нет нужного мессенджера"  # noqa: RUF001 - it is Russian
    sending_error_text: str = "номер не зарегистрирован"
    history_lag: float = 0.0
    clock_skew: float = 0.0
    habits: Habits = field(default_factory=Habits)
    faults: Sequence[str] = ()
    first_channel: str | None = None
    seed: int | None = None

    def __post_init__(self) -> None:
        for name in ("activation_delay", "delivered_after", "read_after"):
            seconds = getattr(self, name)
            if seconds is not None and not 0 <= seconds < float("inf"):
                raise ValueError(f"{name} must be a number of seconds or None")
        if not 0 <= self.history_lag < float("inf"):
            raise ValueError("history_lag must be a number of seconds")
        if not isfinite(self.clock_skew) or abs(self.clock_skew) > _YEAR:
            raise ValueError("clock_skew must be a number of seconds, a year at most")
        if self.token_lifetime <= 0:
            raise ValueError("token_lifetime must be positive")
        for name, allowed in _CHOICES.items():
            if getattr(self, name) not in allowed:
                raise ValueError(f"{name} must be one of {', '.join(map(str, allowed))}")
        if not isinstance(self.habits, Habits):
            raise TypeError("habits must be Habits")
        for written in self.faults:
            parse(written)
        first = self.first_channel and str(UUID(self.first_channel))
        object.__setattr__(self, "first_channel", first or None)
        object.__setattr__(self, "faults", tuple(self.faults))
        object.__setattr__(self, "lacks_messenger", frozenset(map(digits, self.lacks_messenger)))

    @classmethod
    def like(cls, name: Like, **changes: Any) -> SandboxOptions:
        """Return the options of a service that is known by name: its habits, its faults and its clock.

        :param name: ``production``, the default, or ``worst``.
        :param changes: other options.
        """
        known = profile(name)._asdict()
        return cls(**{**known, **changes})

    def lag(self, *, incoming: bool) -> float:
        """Return how long after it was written a message shows up in the history.

        :param incoming: whether a person wrote it.
        """
        return max(self.history_lag, self.habits.late_incoming if incoming else self.habits.late_outgoing)
