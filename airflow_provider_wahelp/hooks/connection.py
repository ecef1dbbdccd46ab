"""Reading an Airflow connection of type ``wahelp``."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from airflow_provider_wahelp.client import arguments, phones
from airflow_provider_wahelp.client.arguments import Language
from airflow_provider_wahelp.client.errors import InputError
from airflow_provider_wahelp.client.settings import Settings, base_url
from airflow_provider_wahelp.connection_form import LOGIN_SCOPES
from airflow_provider_wahelp.hooks.extra import read_extra
from airflow_provider_wahelp.language import LANGUAGES

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Connection

T = TypeVar("T")
N = TypeVar("N", int, float)


@dataclass(frozen=True)
class WahelpConnection:
    """A connection, read and checked.

    :param login_scope: ``host`` or ``process``.
    :param webhook_token: the secret of the receiver's address; without one there is no receiver.
    :param language: of what people are told; ``None`` if neither the connection nor ``[wahelp]`` says.
    """

    conn_id: str
    settings: Settings
    project_id: int | None = None
    channel_uuid: str | None = None
    default_region: str | None = None
    login_scope: str = "host"
    webhook_token: str | None = field(default=None, repr=False)
    language: Language | None = None

    @property
    def host(self) -> str:
        """The API's host, as assets name it."""
        return urlsplit(self.settings.base_url).netloc.lower()

    def project(self, value: Any = None) -> int:
        """Return the given project, or the connection's.

        :raises InputError: if neither is given.
        """
        return arguments.project_id(self._or_default(value, self.project_id, "project_id"))

    def channel(self, value: Any = None) -> str:
        """Return the given channel, or the connection's.

        :raises InputError: if neither is given.
        """
        return arguments.channel_uuid(self._or_default(value, self.channel_uuid, "channel_uuid"))

    def _or_default(self, value: Any, default: Any, argument: str) -> Any:
        if value not in (None, ""):
            return value
        if default is None:
            raise InputError(
                argument, f"must be given, because the connection {self.conn_id!r} has no default"
            )
        return default


def read_connection(connection: Connection, extra: Any) -> WahelpConnection:
    """Read an Airflow connection, wherever it came from: form, JSON, URI or environment.

    :raises InputError: naming the field that is not what it must be.
    """
    conn_id = str(connection.conn_id)
    given = read_extra(None if _unreadable(connection.extra, extra) else extra, conn_id)
    return WahelpConnection(
        conn_id=conn_id,
        settings=_settings(connection, given),
        project_id=_checked(given["project_id"], arguments.project_id),
        channel_uuid=_checked(given["channel_uuid"], arguments.channel_uuid),
        default_region=phones.check_region(given["default_region"]),
        login_scope=arguments.choice(given["login_scope"], "login_scope", LOGIN_SCOPES),
        webhook_token=_checked(given["webhook_token"], _secret),
        language=_language(given["language"]),
    )


def _settings(connection: Connection, given: Mapping[str, Any]) -> Settings:
    timeout = _at_least(0.001, given["timeout"], "timeout")
    send_timeout = max(timeout, _at_least(0.001, given["send_timeout"], "send_timeout"))
    return Settings(
        base_url=base_url(connection.host or "", connection.port, connection.schema or ""),
        login=connection.login or "",
        password=connection.password or "",
        access_token=given["access_token"] or "",
        timeout=timeout,
        send_timeout=send_timeout,
        arrives_within=send_timeout,
        retries=_at_least(0, given["retries"], "retries"),
        verify=(given["ca_bundle"] or True) if given["verify"] else False,
    )


def _unreadable(text: Any, extra: Any) -> bool:
    """Return whether Airflow failed to decode the extra, which it only logs before it returns ``{}``."""
    return extra == {} and bool(re.search(r"[^{}\s]", str(text or "")))


def _checked(value: Any, check: Callable[[Any], T]) -> T | None:
    return None if value is None else check(value)


def _secret(token: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9._~-]{24,200}", token):
        raise InputError(
            "webhook_token",
            "must be 24 to 200 letters, digits or -._~ that nobody guesses, e.g. what `openssl rand -hex 16` "
            "prints: it is the only proof of who posts to the receiver",
        )
    return token


def _language(given: str | None) -> Language | None:
    """Return the language of a connection, or of all."""
    from airflow.providers.common.compat.sdk import conf

    of_all = conf.get("wahelp", "language", fallback="").strip()
    value, name = (given, "language") if given else (of_all, "[wahelp] language")
    language: Language | None = arguments.choice(value, name, LANGUAGES) if value else None
    return language


def _at_least(least: float, number: N, argument: str) -> N:
    if not least <= number < float("inf"):
        raise InputError(argument, f"must be a number, {least:g} or more")
    return number
