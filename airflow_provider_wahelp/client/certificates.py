"""Which certificates a server's is checked with."""

from __future__ import annotations

import ssl
from pathlib import Path

from airflow_provider_wahelp.client.errors import InputError
from airflow_provider_wahelp.client.settings import Settings


def ssl_context(bundle: str) -> ssl.SSLContext:
    """Return a TLS context that trusts the certificates of a bundle.

    :param bundle: the path of a file of certificates, or of a directory that OpenSSL has hashed.
    :raises InputError: if it cannot be used, which either HTTP library would say in its own way and too late.
    """
    try:
        folder = Path(bundle).is_dir()
        return ssl.create_default_context(
            cafile=None if folder else bundle, capath=bundle if folder else None
        )
    except (OSError, ValueError):  # what is no PEM is an SSLError, which is an OSError
        raise InputError(
            "ca_bundle", "must be the path of a PEM file of certificates that can be read here"
        ) from None


def check_bundle(settings: Settings) -> None:
    """Insist on a bundle that can be used, where one is named and needed.

    :raises InputError: if it cannot be used.
    """
    if isinstance(settings.verify, str) and settings.base_url.startswith("https"):
        ssl_context(settings.verify)
