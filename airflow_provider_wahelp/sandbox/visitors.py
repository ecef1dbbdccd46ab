"""Who may ask: whoever reaches the sandbox, but no web page that its owner happens to visit."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from starlette.types import Scope

_OUR_OWN = (".localhost", ".internal", ".local", ".test")
"""Ends of names that nobody can register; a name without a dot is none of the Internet either."""

_ELSEWHERE = (b"cross-site", b"same-site")


def stranger(scope: Scope) -> str:
    """Return why a request is not answered; ``""`` where it is.

    A browser says from which page a request comes (``Origin``, and ``Sec-Fetch-Site`` where a picture or a
    script is fetched without it), and by which name it knows this server (``Host``): a name of somebody's
    own can be made to lead to this machine. A link from another page may lead here.

    :param scope: the request.
    """
    headers = dict(scope["headers"])
    host = headers.get(b"host", b"").decode("latin-1")
    origin = headers.get(b"origin", b"").decode("latin-1")
    if origin and origin.lower() not in {f"http://{host.lower()}", f"https://{host.lower()}"}:
        return "Песочница не отвечает чужим страницам"
    if headers.get(b"sec-fetch-site") in _ELSEWHERE and not _follows_a_link(scope["method"], headers):
        return "Песочница не отвечает чужим страницам"
    if not _known(str((scope.get("server") or ("",))[0]), host):
        return "Песочница не отвечает чужим именам"
    return ""


def _follows_a_link(method: str, headers: dict[bytes, bytes]) -> bool:
    """Return whether a person opens an address, in a window and not in a frame."""
    return method == "GET" and headers.get(b"sec-fetch-dest") == b"document"


@lru_cache(16)
def _known(address: str, host: str) -> bool:
    """Return whether a name may stand for an address: for one of this machine alone, none of the Internet."""
    if not host or not _is_loopback(address):
        return True
    try:
        name = urlsplit(f"//{host}").hostname or "?."
        return "." not in name or name.endswith(_OUR_OWN) or bool(ip_address(name))
    except ValueError:
        return False


def _is_loopback(address: str) -> bool:
    try:
        return ip_address(address.removeprefix("::ffff:")).is_loopback
    except ValueError:
        return False
