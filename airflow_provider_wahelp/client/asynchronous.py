"""``AsyncWahelpClient``: performs calls with httpx, for whatever runs on an event loop."""

from __future__ import annotations

import asyncio
import logging
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, Self, TypeVar

import httpx
from tenacity import AsyncRetrying

from airflow_provider_wahelp.client import errors, retries
from airflow_provider_wahelp.client.answers import Answer, Page
from airflow_provider_wahelp.client.bodies import Encoded, encoded
from airflow_provider_wahelp.client.call import Call
from airflow_provider_wahelp.client.flow import Flow, Pause, Stamped, Step
from airflow_provider_wahelp.client.http_request import LOCK_POLL, answer_of, headers_of, is_file, url_of
from airflow_provider_wahelp.client.network import Network
from airflow_provider_wahelp.client.paging import Pager
from airflow_provider_wahelp.client.server_clock import uptime
from airflow_provider_wahelp.client.settings import Settings
from airflow_provider_wahelp.client.threads import content_of, in_thread, store
from airflow_provider_wahelp.client.token_store import TokenStore, process_store
from airflow_provider_wahelp.client.tokens import TokenKeeper
from airflow_provider_wahelp.client.transport import Transport

T = TypeVar("T")


_NEVER_SENT = (
    httpx.ConnectError,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    httpx.InvalidURL,
)


class _NoAddresses(logging.Filter):
    """Drops httpx's line for each request to the API: it is logged at INFO with the whole query."""

    def __init__(self) -> None:
        super().__init__()
        self.hosts: set[str] = set()

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether a record may be logged."""
        said = record.getMessage()
        return not any(part in said for part in ("/api/app/", "/api/crm/", *self.hosts))


_no_addresses = _NoAddresses()
logging.getLogger("httpx").addFilter(_no_addresses)


async def _ignore(token: str) -> None:
    """Do nothing with a token."""


class AsyncWahelpClient:
    """Performs calls over one pool of keep-alive connections; belongs to the event loop that it is used in.

    :param settings: the server, the credentials, the timeouts and the retries.
    :param store: where the token is shared; by default among the clients of this process.
    :param on_token: is called with each token before its first use, so that logs can mask it.
    :raises InputError: if the CA bundle, or a proxy that the environment names, cannot be used.
    """

    def __init__(
        self,
        settings: Settings,
        store: TokenStore | None = None,
        on_token: Callable[[str], Awaitable[None]] = _ignore,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.settings = settings
        _no_addresses.hosts.add(f"{settings.base_url}/")
        self._network = Network(settings)
        self._keeper = TokenKeeper(settings, store or process_store(settings))
        self._on_token = on_token
        self._sleep = sleep
        self._http = httpx.AsyncClient(
            cookies=CookieJar(
                DefaultCookiePolicy(allowed_domains=[])
            ),  # no cookies: the token alone identifies the account
            transport=Transport(self._network),
            trust_env=False,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def perform(self, call: Call[T]) -> T:
        """Perform one call: with a token, with the repetitions that are allowed.

        :return: what the call's reader makes of the answer.
        :raises WahelpError: if it failed for good.
        """
        if call.token is not None:
            return await self._attempts(call, call.token)
        token = await self._token()
        try:
            return await self._attempts(call, token)
        except errors.CredentialsError:  # a token can die before its time (docs/api.md, 2)
            return await self._attempts(call, await self._token(rejected=token))

    async def run(self, flow: Flow[T]) -> T:
        """Take the steps of an operation.

        :param flow: a generator of :mod:`~airflow_provider_wahelp.client.operations`.
        :raises WahelpError: if it failed for good.
        """
        try:
            step = next(flow)
            while True:
                try:
                    result = await self._take(step)
                except errors.WahelpError as error:
                    step = flow.throw(error)
                else:
                    step = flow.send(result)
        except StopIteration as stop:
            result_of_all: T = stop.value
            return result_of_all

    async def iterate(self, page_of: Callable[[int], Call[Page[T]]], *, paged: bool) -> AsyncIterator[T]:
        """Yield the objects of a list, asking for a page when the one before is used up.

        :param page_of: returns the call for a page, counted from 1.
        :param paged: whether the list is known to take pages.
        :raises WahelpError: if a page cannot be read.
        """
        pager: Pager[T] = Pager(paged=paged)
        while not pager.done:
            for item in pager.take(await self.run(pager.ask(page_of))):
                yield item

    async def _take(self, step: Step) -> Any:
        if isinstance(step, Pause):
            return await self._sleep(step.seconds)
        if isinstance(step, Call):
            return await self.perform(step)
        if not isinstance(step, Stamped):
            await self._token()  # each login, of any process, learns the server's time
        return self._keeper.answer(step)

    async def _attempts(self, call: Call[T], token: str) -> T:
        attempts = AsyncRetrying(sleep=self._sleep, **retries.policy(self.settings))
        return await attempts(self._exchange, call, token)

    async def _exchange(self, call: Call[T], token: str) -> T:
        asked = uptime()
        with _translated(call, self._network):
            async with in_thread(encoded(call.form)) if call.form else nullcontext() as form:
                response = await self._http.send(
                    self._request(call, token, form),
                    follow_redirects=call.method == "GET",
                    stream=call.store is not None,
                )
                answer = await _received(call, response)
        self._keeper.server_clock.learn(answer.headers.get("date"), asked)
        result = call.result(answer, token)
        if call.store and answer.stored is None:
            async with in_thread(call.store()) as file:
                await asyncio.to_thread(file.write, answer.body)
        return result

    def _request(self, call: Call[Any], token: str, form: Encoded | None) -> httpx.Request:
        bearer = {"Authorization": f"Bearer {token}"} if token else {}
        return self._http.build_request(
            call.method,
            url_of(self.settings.base_url, call),
            json=call.json,
            content=content_of(form) if form else None,
            headers={**headers_of(call), **bearer, **(form.headers if form else {})},
            timeout=httpx.Timeout(
                self.settings.timeout_of(sends=call.sends), connect=self.settings.connect_timeout
            ),
        )

    async def _token(self, rejected: str | None = None) -> str:
        if rejected:
            self._keeper.reject(rejected)
        if token := self._keeper.current():
            return token.value
        async with self._lock():
            token = self._keeper.current()  # somebody else may have got one meanwhile
            if token is None:
                token = await self.run(self._keeper.renewal())
        await self._on_token(token.value)
        return token.value

    @asynccontextmanager
    async def _lock(self) -> AsyncIterator[None]:
        """Wait for the store's lock; one that is held past the deadline costs a login, never the task."""
        deadline = time.monotonic() + self.settings.deadline
        while not (locked := self._keeper.store.try_lock()) and time.monotonic() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(LOCK_POLL)
        try:
            yield
        finally:
            if locked:
                self._keeper.store.unlock()


async def _received(call: Call[Any], response: httpx.Response) -> Answer:
    """Return an answer, its body in memory or in the file that it is for."""
    try:
        if call.store and is_file(call, response):
            stored = await store(call.store(), response)
            await response.aclose()
            return answer_of(call, response, stored)
        await response.aread()
    finally:
        await response.aclose()
    return answer_of(call, response)


@contextmanager
def _translated(call: Call[Any], network: Network) -> Iterator[None]:
    """Name a fault of the network by what it means for the call."""
    try:
        yield
    except httpx.ConnectTimeout:
        raise errors.ConnectTimeoutError(call.what, network.explained()) from None
    except _NEVER_SENT as error:
        raise errors.NotReachableError(call.what, network.explained(type(error).__name__)) from None
    except httpx.TimeoutException:
        raise errors.ReadTimeoutError(call.what) from None
    except httpx.DecodingError:
        raise errors.UnreadableAnswerError(call.what, "its encoding is broken") from None
    except httpx.TooManyRedirects:
        raise errors.RedirectedError(call.what, "in a circle") from None
    except (httpx.TransportError, ssl.SSLError) as error:  # of a handshake it is a ConnectError
        raise errors.ConnectionLostError(call.what, network.explained(type(error).__name__)) from None
