"""Where an operation lies: its path, as the vendor and as people write it (docs/api.md, 1)."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import SplitResult, quote, unquote, urlsplit

from airflow_provider_wahelp.client.errors import InputError

_API = re.compile(r"api(/|$)")
_ROOTS = re.compile(r"(app|crm|user_access)(/|$)")
_BELOW_APP = re.compile(r"api/(documentation|changelog)/?(\?|$)")
_PROJECT = re.compile(r"(?:^|/)projects/(\d+)(?:[/?]|$)")
_DEFAULT_PORTS = {"http": 80, "https": 443}
_MUST = "must be the path of an operation as Wahelp lists it, e.g. /crm/contacts/"


def resolved(path: str, base_url: str = "") -> str:
    """Return a path below the server's address, without a slash before it.

    ``/crm/contacts/``, ``api/crm/contacts/`` and ``https://wahelp.ru/api/crm/contacts/`` are one operation. A
    path without a root, such as ``projects``, lies below ``/api/app/``. A full address is taken as it is.

    :param path: the path, or an address of the same server.
    :param base_url: the address of the server.
    :raises InputError: if it is none, or leads to another server.
    """
    path = str(path).strip()
    if "://" in path.partition("?")[0]:
        return _checked(_local(path, base_url))
    path = _checked(path.lstrip("/"))
    if _BELOW_APP.match(path):
        return f"api/app/{path}"
    if _API.match(path):
        return path
    return f"api/{path}" if _ROOTS.match(path) else f"api/app/{path}"


def project_in(path: str) -> int | None:
    """Return the project that a path names."""
    found = _PROJECT.search(path)
    return int(found[1]) if found else None


def joined(*parts: int | str) -> str:
    """Return a path made of parts, none of which can lead elsewhere."""
    return "/".join(map(_quoted, parts))


def page_query(page: int) -> dict[str, int]:
    """Return what names a page of a list, counted from 1; the first is not named."""
    return {"page": page} if page > 1 else {}


@lru_cache(1024)  # most are asked for again and again
def _quoted(part: int | str) -> str:
    return quote(str(part), safe="")


def _local(address: str, base_url: str) -> str:
    """Return what follows the server in an address: the token must not reach another one."""
    try:
        parts, base = urlsplit(address), urlsplit(base_url)
        same = _host(parts) == _host(base) and "@" not in parts.netloc
    except ValueError:
        raise InputError("path", _MUST) from None
    prefix = f"{base.path.rstrip('/')}/"
    if not same or not f"{parts.path}/".startswith(prefix):
        raise InputError("path", f"must be a path, or an address below the connection's host {base_url}")
    query = f"?{parts.query}" if parts.query else ""
    fragment = f"#{parts.fragment}" if parts.fragment else ""
    return parts.path.removeprefix(prefix).lstrip("/") + query + fragment


def _host(parts: SplitResult) -> tuple[str | None, int | None]:
    """Return host and port. ``http`` and ``https`` on their own ports are one server."""
    port = parts.port
    return parts.hostname, None if port == _DEFAULT_PORTS.get(parts.scheme) else port


def _checked(path: str) -> str:
    """Refuse a path that HTTP libraries would change, or that a value put into it could lead elsewhere."""
    segments = unquote(path.partition("?")[0]).split("/")
    if not path or re.search(r"[\x00-\x1f\x7f#\\]", unquote(path.partition("?")[0])) or "#" in path:
        raise InputError("path", _MUST)
    if {".", ".."} & set(segments):
        raise InputError("path", "must have no part that is . or ..")
    return path
