"""Which certificates a server's is checked with: by the rules of requests, for both HTTP libraries."""

from __future__ import annotations

import os
import ssl
from functools import lru_cache
from pathlib import Path

import certifi

from airflow_provider_wahelp.client.errors import InputError

_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


def tls_context(verify: bool | str) -> ssl.SSLContext:
    """Return the TLS context for a client. One costs 22 ms of CPU, so one serves a process.

    :param verify: whether certificates are checked, or the path of the bundle to check them with. ``True``
        means the bundle that the environment names, or else that of certifi.
    :raises InputError: if a bundle cannot be used. Its argument is the environment variable that names it.
    """
    if isinstance(verify, str):
        return _trusting(verify, "ca_bundle")
    if not verify:
        return _unchecked()
    named = next(filter(os.environ.get, _VARIABLES), None)
    return _trusting(os.environ[named], named) if named else _trusting(certifi.where(), "certifi")


@lru_cache(maxsize=8)
def _trusting(bundle: str, named_by: str) -> ssl.SSLContext:
    """Return a context that trusts the certificates of a bundle: of a file, or of a directory that is hashed.

    Either HTTP library would say in its own way, and too late, that a bundle cannot be used.
    """
    try:
        folder = Path(bundle).is_dir()
        context = ssl.create_default_context(
            cafile=None if folder else bundle, capath=bundle if folder else None
        )
    except (OSError, ValueError):  # what is no PEM is an SSLError, which is an OSError
        raise InputError(
            named_by, "must be the path of a PEM file of certificates that can be read here"
        ) from None
    context.hostname_checks_common_name = False  # as urllib3 has it
    return context


@lru_cache(maxsize=1)
def _unchecked() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
