"""Who may ask: whoever reaches the sandbox, but no web page that its owner happens to visit."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from starlette.types import Scope


def stranger(scope: Scope) -> str:
    """Return why a request is not answered; ``""`` where it is.

    A browser says from which page a request comes (``Origin``), and by which name it knows this server
    (``Host``): a name of somebody's own can be made to lead to this machine.

    :param scope: the request.
    """
    headers = dict(scope["headers"])
    host = headers.get(b"host", b"").decode("latin-1")
    origin = headers.get(b"origin", b"").decode("latin-1")
    if origin and origin.lower() not in {f"http://{host.lower()}", f"https://{host.lower()}"}:
        return "Песочница не отвечает чужим страницам"
    if not _known(str((scope.get("server") or ("",))[0]), host):
        return "Песочница отвечает здесь только как localhost"
    return ""


@lru_cache(16)
def _known(address: str, host: str) -> bool:
    """Return whether a name may be used for an address: for one of this machine alone, no domain."""
    name = _name(f"//{host}")
    return not _is_loopback(address) or name == "localhost" or not host or _is_loopback(name)


def _name(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
