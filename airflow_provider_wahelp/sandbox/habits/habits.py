"""What the platform habitually does, as settings. Faults strike some calls; a habit holds for all."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from airflow_provider_wahelp.sandbox.habits.checks import check
from airflow_provider_wahelp.sandbox.phones import digits

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

HasMore = Literal["users", "absent", "right", "always"]
PastEnd = Literal[200, 404, 422]

TIMES = "%Y-%m-%d %H:%M:%S"


@dataclass(frozen=True, kw_only=True)
class Habits:
    """How the platform lists, dates, alters and refuses. The defaults are what production has shown.

    :param page_ignored: whether each page of the history is the first.
    :param page_cap: how many messages a page of the history has at most, whatever is asked for.
    :param oldest_first: whether the history begins with the oldest message.
    :param history_keeps: how many messages the history of a channel keeps: the newest.
    :param past_end: the HTTP status of a page past the end; 200 is an empty page.
    :param has_more: which lists say ``has_more``: of users only, none, each rightly, or each always ``true``.
    :param times_offset: by how many seconds ``created_at`` is ahead of ``Date``.
    :param times_utc: whether ``created_at`` is in UTC in place of Moscow time.
    :param times_format: how ``created_at`` is spelled, as for ``strftime``; ``None``: it is missing.
    :param texts: how stored texts are altered, in this order: names of ``ALTERATIONS`` in :mod:`.texts`.
    :param text_limit: how many characters are kept of a text.
    :param texts_in_answer: whether the answer to a send shows the text as it was stored.
    :param names_files: whether the link of a file that was sent ends in its own name.
    :param late_outgoing: how many seconds after sending the history shows a message.
    :param late_incoming: the same for what a person wrote; both keep their own time.
    :param blocked: phones that blocked the channel: writing to one is a 403.
    :param quota: how many messages the account may send in all.
    :param quota_status: the HTTP status of a send beyond the quota.
    :param logs_out_after: with which message that it sends a channel logs itself out.
    :param logged_out_status: the HTTP status of a send through a channel that is logged out.
    :param retry_after_dates: whether ``Retry-After`` is a date by the server's clock.
    """

    page_ignored: bool = False
    page_cap: int | None = None
    oldest_first: bool = False
    history_keeps: int | None = None
    past_end: PastEnd = 200
    has_more: HasMore = "users"
    times_offset: float = 0.0
    times_utc: bool = False
    times_format: str | None = TIMES
    texts: Sequence[str] = ()
    text_limit: int | None = None
    texts_in_answer: bool = False
    names_files: bool = True
    late_outgoing: float = 0.0
    late_incoming: float = 0.0
    blocked: Collection[str] = field(default=(), repr=False)
    quota: int | None = None
    quota_status: Literal[402, 422] = 422
    logs_out_after: int | None = None
    logged_out_status: Literal[422, 404] = 422
    retry_after_dates: bool = False

    def __post_init__(self) -> None:
        check(vars(self))
        object.__setattr__(self, "texts", tuple(self.texts))
        object.__setattr__(self, "blocked", frozenset(map(digits, self.blocked)))

    def change(self, **changes: Any) -> Habits:
        """Return these habits with others in some places.

        :param changes: fields by name.
        :raises ValueError: if one is unknown or has a wrong value.
        """
        for name in changes.keys() - vars(self).keys():
            raise ValueError(f"there is no habit {name}")
        return replace(self, **changes)

    def show(self) -> dict[str, Any]:
        """Return the settings as JSON values."""
        return {**asdict(self), "texts": list(self.texts), "blocked": sorted(self.blocked)}
