"""httpx, set up to reach each server as requests would."""

from __future__ import annotations

import httpx

from airflow_provider_wahelp.client.network import Network
from airflow_provider_wahelp.client.proxies import Proxy


class Transport(httpx.AsyncBaseTransport):
    """Sends each request by the way to its server; httpx itself reads nothing of the environment.

    :param network: knows the ways.
    """

    def __init__(self, network: Network) -> None:
        self._network = network
        self._pools: dict[tuple[str, Proxy | None], httpx.AsyncHTTPTransport] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request."""
        return await self._pool(request.url).handle_async_request(request)

    async def aclose(self) -> None:
        """Close the connections."""
        for pool in self._pools.values():
            await pool.aclose()

    def _pool(self, url: httpx.URL) -> httpx.AsyncHTTPTransport:
        way = (url.scheme, self._network.proxy(str(url)))
        if way not in self._pools:
            self._pools[way] = self._new_pool(*way)
        return self._pools[way]

    def _new_pool(self, scheme: str, proxy: Proxy | None) -> httpx.AsyncHTTPTransport:
        # Certificates take 22 ms to load. A pool for http has no use for them, and serves nothing else.
        verify = self._network.tls if scheme == "https" else False
        return httpx.AsyncHTTPTransport(
            verify=verify, trust_env=False, proxy=self._understood(proxy) if proxy else None
        )

    def _understood(self, proxy: Proxy) -> httpx.Proxy:
        return httpx.Proxy(
            f"{proxy.scheme}://{proxy.address}",
            ssl_context=self._network.tls if proxy.scheme == "https" else None,
            auth=proxy.credentials if proxy.scheme == "socks5" and any(proxy.credentials) else None,
            headers=proxy.headers,
        )
