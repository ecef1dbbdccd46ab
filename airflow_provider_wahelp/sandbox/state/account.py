"""Logging in."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from airflow_provider_wahelp.sandbox.errors import SandboxError
from airflow_provider_wahelp.sandbox.state.core import Area, changing, reading

if TYPE_CHECKING:
    from airflow_provider_wahelp.sandbox.state.fields import Fields


class Account(Area):
    """The only account, and its tokens."""

    @changing
    def log_in(self, fields: Fields) -> dict[str, Any]:
        """Exchange login and password for a token.

        :param fields: ``login`` and ``password``.
        """
        options = self._core.options
        if (fields.get("login"), fields.get("password")) != (options.login, options.password):
            raise SandboxError(401, "Неверный логин или пароль")
        self._core.journal.logins += 1
        return {"token_type": "bearer", "access_token": self._issue(), **self._lifetime()}

    @changing
    def refresh(self, token: str) -> dict[str, Any]:
        """Exchange a token for a new one; the old one is dead from now on.

        :param token: a live token.
        """
        if self._core.options.refresh_fails:
            raise SandboxError(500, "Server Error")
        self._core.registry.tokens.pop(token, None)
        return {"token": {"token": self._issue(), **self._lifetime()}}

    @reading
    def check(self, token: str) -> None:
        """Refuse a token that does not live.

        :param token: any token.
        """
        if not self.lives(token):
            raise SandboxError(401, "Unauthenticated.")

    @reading
    def lives(self, token: str) -> bool:
        """Tell whether a token lives.

        :param token: any token.
        """
        return self._core.registry.tokens.get(token, 0) > self._core.clock.now()

    @changing
    def kill(self, token: str) -> None:
        """Let a token die.

        :param token: any token.
        """
        self._core.registry.tokens.pop(token, None)

    @reading
    def show(self) -> dict[str, Any]:
        """Show the account."""
        return {"id": 1, "login": self._core.options.login, "name": "Wahelp sandbox"}

    @changing
    def expire_tokens(self) -> None:
        """Let all tokens die at once."""
        self._core.registry.tokens.clear()

    def _issue(self) -> str:
        now = self._core.clock.now()
        tokens = self._core.registry.tokens
        for dead in [token for token, end in tokens.items() if end <= now]:
            del tokens[dead]
        token = secrets.token_urlsafe(32)
        tokens[token] = now + self._core.options.token_lifetime
        return token

    def _lifetime(self) -> dict[str, int | str]:
        seconds = self._core.options.token_lifetime
        spellings: dict[str, dict[str, int | str]] = {
            "int": {"expires_in": seconds},
            "string": {"expires_in": str(seconds)},
            "missing": {},
        }
        return spellings[self._core.options.expires_in]
