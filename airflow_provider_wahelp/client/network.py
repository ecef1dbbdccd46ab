"""How a server is reached: one reading of the environment for both HTTP libraries.

Left to themselves they read it differently: what a worker can send would not be waited for in a triggerer.
"""

from __future__ import annotations

import ssl
from functools import cached_property

from airflow_provider_wahelp.client.certificates import tls_context
from airflow_provider_wahelp.client.proxies import Proxy, proxy_for
from airflow_provider_wahelp.client.settings import Settings

Server = tuple[str, str]
"""The scheme of a server, and its host with its port."""


def server_of(url: str) -> Server:
    """Return the server that an address is of. Each call asks twice: urlsplit is slower."""
    scheme, _, rest = url.partition("://")
    return scheme.lower(), rest.partition("/")[0]


class Network:
    """The way to each server, found once.

    :param settings: the server that is called, and how its certificate is checked.
    :raises InputError: if the environment or the settings name what cannot be used for the way to it.
    """

    def __init__(self, settings: Settings) -> None:
        self._verify = settings.verify
        self._proxies: dict[Server, Proxy | None] = {}
        self._base_url = settings.base_url
        self._check()

    @cached_property
    def tls(self) -> ssl.SSLContext:
        """What certificates are checked with: those of servers, and those of proxies."""
        return tls_context(self._verify)

    def proxy(self, url: str) -> Proxy | None:
        """Return the proxy that an address is reached through.

        To read the environment anew is a tenth of what a call costs.

        :raises InputError: if it cannot be used.
        """
        server = server_of(url)
        if server not in self._proxies:
            self._proxies[server] = proxy_for(url)
        return self._proxies[server]

    def explained(self, reason: str = "") -> str:
        """Return why no answer came, with the name of the variable if a proxy has a part in it."""
        proxy = self.proxy(self._base_url)
        words = [reason, f"through the proxy that {proxy.variable} names" if proxy else ""]
        return ", ".join(filter(None, words))

    def _check(self) -> None:
        """Refuse early what cannot be used."""
        proxy = self.proxy(self._base_url)
        if self._base_url.startswith("https:") or (proxy and proxy.scheme == "https"):
            _ = self.tls
