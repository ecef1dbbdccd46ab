"""What an Airflow connection of type ``wahelp`` says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from airflow_provider_wahelp.client import arguments
from airflow_provider_wahelp.client.errors import InputError
from airflow_provider_wahelp.client.settings import Settings, base_url
from airflow_provider_wahelp.connection_form import FIELDS, TOKEN_CACHES

_WORDS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


class AirflowConnection(Protocol):
    """The fields that connections have in every Airflow."""

    conn_id: Any
    host: Any
    port: Any
    schema: Any
    login: Any
    password: Any


@dataclass(frozen=True)
class WahelpConnection:
    """A connection, read and checked.

    :param conn_id: its id.
    :param settings: what the client needs.
    :param project_id: the default project.
    :param channel_uuid: the default channel.
    :param token_cache: ``host`` or ``process``.
    """

    conn_id: str
    settings: Settings
    project_id: int | None = None
    channel_uuid: str | None = None
    token_cache: str = "host"

    def project(self, value: Any = None) -> int:
        """Return the given project, or the connection's.

        :param value: the argument ``project_id``.
        :raises InputError: if neither says which.
        """
        return arguments.project_id(self._or_default(value, self.project_id, "project_id"))

    def channel(self, value: Any = None) -> str:
        """Return the given channel, or the connection's.

        :param value: the argument ``channel_uuid``.
        :raises InputError: if neither says which.
        """
        return arguments.channel_uuid(self._or_default(value, self.channel_uuid, "channel_uuid"))

    def _or_default(self, value: Any, default: Any, argument: str) -> Any:
        if value not in (None, ""):
            return value
        if default is None:
            raise InputError(argument, f"must be given, as the connection {self.conn_id!r} names no default")
        return default


def read_connection(connection: AirflowConnection, extra: Mapping[str, Any]) -> WahelpConnection:
    """Read an Airflow connection, wherever it came from: form, JSON, URI or environment.

    :param connection: the connection.
    :param extra: its decoded extra; from a URI all its values are strings.
    :raises InputError: naming the field that is not what it must be.
    """
    options = {field.name: extra.get(field.name) for field in FIELDS}
    given = {name: value for name, value in options.items() if value not in (None, "")}
    settings = Settings(
        base_url=base_url(connection.host or "", connection.port, connection.schema or ""),
        login=connection.login or "",
        password=connection.password or "",
        access_token=str(given.get("access_token", "")),
        timeout=_number(given.get("timeout", 30), "timeout", least=0.001),
        retries=int(_number(given.get("retries", 4), "retries", least=0)),
        verify=_verify(given),
    )
    return WahelpConnection(
        conn_id=str(connection.conn_id),
        settings=settings,
        project_id=arguments.project_id(given["project_id"]) if "project_id" in given else None,
        channel_uuid=arguments.channel_uuid(given["channel_uuid"]) if "channel_uuid" in given else None,
        token_cache=arguments.choice(given.get("token_cache", "host"), "token_cache", TOKEN_CACHES),
    )


def _verify(given: Mapping[str, Any]) -> bool | str:
    verify = _WORDS.get(str(given.get("verify", True)).strip().lower())
    if verify is None:
        raise InputError("verify", "must be true or false")
    return str(given.get("ca_bundle", "")) or True if verify else False


def _number(value: Any, argument: str, least: float) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = -1.0
    if not least <= number < float("inf"):
        raise InputError(argument, f"must be a number, {least:g} or more")
    return number
