"""Going through a list page by page, whatever the API says about its end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from airflow_provider_wahelp.client.answers import Page
from airflow_provider_wahelp.client.call import Call
from airflow_provider_wahelp.client.errors import NotFoundError, RejectedError
from airflow_provider_wahelp.client.flow import Flow
from airflow_provider_wahelp.client.models import identity

T = TypeVar("T")


class Pager(Generic[T]):
    """Says which page to ask for next, and which of its objects are new.

    ``has_more`` is seen only on lists of users (docs/api.md, 3.3). Where it is missing, a list that takes
    pages is asked until a page brings nothing new: a server that ignores ``page`` ends that too.

    :param paged: whether the list is known to take pages; otherwise only ``has_more`` asks for another.
    :param long: whether the list may be too long to remember: an object is new if the page before lacks it.
    """

    def __init__(self, *, paged: bool, long: bool = False) -> None:
        self.number = 1
        self.done = False
        self._paged = paged
        self._long = long
        self._seen: set[object] = set()
        self._promised = False

    def ask(self, page_of: Callable[[int], Call[Page[T]]]) -> Flow[Page[T]]:
        """Read the next page; one past the end may be refused instead of empty (docs/api.md, 3.3).

        :param page_of: returns the call for a page, counted from 1.
        :raises WahelpError: if the page cannot be read: the first one, or one that ``has_more`` has promised.
        """
        try:
            page: Page[T] = yield page_of(self.number)
        except (NotFoundError, RejectedError):
            if self.number == 1 or self._promised:
                raise
            return Page([], has_more=False)
        return page

    def take(self, page: Page[T]) -> Sequence[T]:
        """Return the objects of a page that were on none before it, as far as that is remembered."""
        new = [item for item in page.items if self._is_new(item)]
        if self._long:
            self._seen = set(map(identity, page.items))
        self.number += 1
        self._promised = page.has_more is True
        self.done = not new or not (self._paged if page.has_more is None else page.has_more)
        return new

    def _is_new(self, item: T) -> bool:
        key = identity(item)
        if key in self._seen:
            return False
        self._seen.add(key)
        return True
