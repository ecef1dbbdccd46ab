"""Getting, renewing and sharing a token (docs/api.md, 2).

A :class:`TokenKeeper` decides; the clients perform the calls that it yields.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Generator
from contextlib import suppress
from dataclasses import replace
from typing import Any

from airflow_provider_wahelp.client import calls, readers
from airflow_provider_wahelp.client.call import Call
from airflow_provider_wahelp.client.errors import (
    CredentialsError,
    ForbiddenError,
    NotFoundError,
    NotWahelpError,
    RejectedError,
    TokenRefusedError,
    WahelpError,
)
from airflow_provider_wahelp.client.flow import Facts, Question, ServerTime, ServiceFacts
from airflow_provider_wahelp.client.history_clock import Offset, agreed, offset_of
from airflow_provider_wahelp.client.server_clock import ServerClock
from airflow_provider_wahelp.client.settings import Settings
from airflow_provider_wahelp.client.token_store import Token, TokenStore

log = logging.getLogger(__name__)

Login = Call[tuple[str, float]]
Renewal = Generator[Login, tuple[str, float], "Token"]


class TokenKeeper:
    """Holds the token that is in use, and knows how to get the next one."""

    def __init__(self, settings: Settings, store: TokenStore, clock: Callable[[], float] = time.time) -> None:
        self.store = store
        self._settings = settings
        self._clock = clock
        self._token: Token | None = None
        self._rejected: set[str] = set()
        self._offset: Offset | None = None
        self.server_clock = ServerClock(clock)

    def current(self) -> Token | None:
        """Return the token in use, unless it is time to renew it."""
        token = self._token
        return token if token and token.fresh(self._clock()) else None

    def answer(self, step: Question) -> Any:
        """Answer a question of an operation that takes no call."""
        if isinstance(step, ServerTime):
            return self.server_clock.time(step.at)
        if isinstance(step, Facts):
            return ServiceFacts(self._offset, self._settings.arrives_within)
        answered = self.server_clock.time().seconds
        asked = self.server_clock.time(step.asked.seconds) if step.asked.by_host else step.asked
        return self._learn(offset_of(step.at, asked.seconds, answered))

    def reject(self, value: str) -> None:
        """Drop a token that the API refused, here and where it is shared."""
        self._rejected.add(value)
        if self._token and self._token.value == value:
            self._token = None
        self.store.discard(value)

    def renewal(self) -> Renewal:
        """Yield the calls that bring a usable token, and return it. Run it under the store's lock.

        :raises WahelpError: if no token can be got.
        """
        token = self._kept()
        if token is None or not token.fresh(self._clock()):
            try:
                token = yield from self._renewed(token)
            except WahelpError as error:
                error.may_have_happened = False  # whatever the token was for
                raise
            self.store.write(token)
        self._token = token
        if token.lifetime < float("inf"):  # a ready-made one has seen no answer
            self.server_clock.suggest(token.clock_offset, token.clock_start)
        return token

    def _learn(self, found: Offset | None) -> None:
        """Take note of a finding about the history's clock; share it if it says more than what is shared."""
        if found is None:
            return
        self._offset = agreed(self._offset, found)
        shared = Offset(*self._token.history_offset) if self._token and self._token.history_offset else None
        if self._token and (shared is None or self._offset.says_more_than(shared)):
            self._token = replace(self._token, history_offset=self._offset)
            self._share(self._token)

    def _share(self, token: Token) -> None:
        """Write a token with what was learnt since, unless another one was got meanwhile."""
        if self.store.try_lock():
            try:
                kept = self.store.read()
                ready_made = kept is None and token.value == self._settings.access_token.strip()
                if ready_made or (kept and kept.value == token.value):
                    self.store.write(token)
            finally:
                self.store.unlock()

    def _kept(self) -> Token | None:
        """Return the best token that is there already, without asking the API."""
        shared = self.store.read()
        if shared and shared.history_offset and self._offset is None:
            self._offset = Offset(*shared.history_offset)  # what a token has brought does not end with it
        known = [token for token in (self._token, shared) if token and self._usable(token)]
        if known:
            return max(known, key=lambda token: token.expires_at)  # another task may have renewed ours
        ready_made = Token(self._settings.access_token.strip())
        return ready_made if self._usable(ready_made) else None

    def _usable(self, token: Token) -> bool:
        if token.value in self._rejected or token.expired(self._clock()):
            return False
        return readers.sendable(token.value)

    def _renewed(self, token: Token | None) -> Renewal:
        if token:
            # A refresh can fail for many reasons; then a login helps, and until its end the old token.
            with suppress(WahelpError):
                return self._issued((yield calls.refresh_token(token.value)))
        try:
            return (yield from self._logged_in())
        except WahelpError as error:
            if token and error.temporary and not token.expired(self._clock()):
                return token
            raise

    def _logged_in(self) -> Renewal:
        if not self._settings.can_log_in:
            had = (
                "the access token is refused, and"
                if self._settings.access_token
                else "the connection has no access token, and"
            )
            raise CredentialsError("log in", f"{had} the connection has no login with a password to get one")
        try:
            return self._issued((yield calls.log_in(self._settings.login, self._settings.password)))
        except (RejectedError, ForbiddenError, TokenRefusedError) as error:
            # Which status a wrong password has is not known.
            raise CredentialsError("log in", error.words, status=error.status) from None
        except NotFoundError as error:
            raise NotWahelpError("log in", error.words, status=error.status) from None

    def _issued(self, got: tuple[str, float]) -> Token:
        value, lifetime = got
        learnt = (*self.server_clock.shared(), self._offset)
        return Token(value, self._clock() + lifetime, lifetime, *learnt)
