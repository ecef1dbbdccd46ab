"""The server, the credentials, the timeouts and the retries of a client."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from airflow_provider_wahelp.client.errors import InputError

DEFAULT_HOST = "https://wahelp.ru"
_LAST_PORT = 65535
_MUST = "must be the address of Wahelp, e.g. https://wahelp.ru"


@dataclass(frozen=True)
class Settings:
    """What a client needs to know.

    :param base_url: the scheme and host, as :func:`base_url` returns it.
    :param access_token: a ready-made token in place of login and password; it cannot be renewed without them.
    :param timeout: seconds to wait for an answer.
    :param send_timeout: seconds to wait for the answer to a send: longer than a proxy's usual minute.
    :param arrives_within: seconds after which a send that was begun has arrived or never will.
    :param retries: how often a call is repeated, where it may be.
    :param deadline: seconds that a call may take with all its repetitions and waits.
    :param verify: whether the server's certificate is checked, or the path of a CA bundle to check it with.
    """

    base_url: str = DEFAULT_HOST
    login: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    access_token: str = field(default="", repr=False)
    timeout: float = 30.0
    send_timeout: float = 75.0
    arrives_within: float = 75.0
    retries: int = 4
    deadline: float = 120.0
    verify: bool | str = True

    def timeout_of(self, *, sends: bool) -> float:
        """Return the seconds to wait for the answer to a call that sends a message, or to another one."""
        return self.send_timeout if sends else self.timeout

    @property
    def connect_timeout(self) -> float:
        """Seconds to wait for a connection."""
        return min(self.timeout, 10.0)

    @property
    def can_log_in(self) -> bool:
        """Whether there are a login and a password."""
        return bool(self.login and self.password)


def base_url(host: str = "", port: int | None = None, scheme: str = "") -> str:
    """Return the address that every path is appended to.

    :param host: with or without scheme, port, trailing slashes, ``/api`` or ``/api/app``.
    :param port: the port, if the host names none; 0 for the default.
    :param scheme: the scheme, if the host names none; ``https`` by default.
    :raises InputError: if it is no address.
    """
    text = host.strip() or DEFAULT_HOST
    if "://" not in text:
        text = f"{scheme or 'https'}://{text}"
    try:
        parts = urlsplit(text)
        named_port = parts.port
    except ValueError:
        raise InputError("host", _MUST) from None
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query:
        raise InputError("host", _MUST)
    if re.search(r"[@\s]", parts.netloc):
        raise InputError("host", _MUST)
    path = re.sub(r"(/api(/app)?)?/*$", "", parts.path.rstrip("/"))
    if not port or port == named_port:
        return f"{parts.scheme}://{parts.netloc}{path}"
    return f"{parts.scheme}://{parts.netloc.rstrip(':')}:{_port(port, named_port)}{path}"


def _port(port: int, named_port: int | None) -> int:
    if named_port:
        raise InputError("port", f"is {port}, while the host names {named_port}: leave one of them out")
    if not 0 < port <= _LAST_PORT:
        raise InputError("port", f"must be a number up to {_LAST_PORT}")
    return port
