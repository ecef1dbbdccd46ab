"""``WahelpClient``: performs calls with requests, for whatever runs in a worker."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import IO, Any, Self, TypeVar

import requests
from tenacity import RetryCallState, Retrying
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from airflow_provider_wahelp.client import errors, retries
from airflow_provider_wahelp.client.answers import Answer, Page
from airflow_provider_wahelp.client.bodies import encoded
from airflow_provider_wahelp.client.call import Call
from airflow_provider_wahelp.client.flow import Flow, Pause, Stamped, Step
from airflow_provider_wahelp.client.http_request import CHUNK, LOCK_POLL, answer_of, is_file
from airflow_provider_wahelp.client.network import Network
from airflow_provider_wahelp.client.paging import Pager
from airflow_provider_wahelp.client.server_clock import uptime
from airflow_provider_wahelp.client.session import Session, prepared
from airflow_provider_wahelp.client.settings import Settings
from airflow_provider_wahelp.client.token_store import TokenStore, process_store
from airflow_provider_wahelp.client.tokens import TokenKeeper

T = TypeVar("T")


class WahelpClient:
    """Performs calls over one pooled keep-alive session; safe to share between threads.

    :param settings: the server, the credentials, the timeouts and the retries.
    :param store: where the token is shared; by default among the clients of this process.
    :param on_token: is called with each token before its first use, so that logs can mask it.
    :raises InputError: if the CA bundle, or a proxy that the environment names, cannot be used.
    """

    def __init__(
        self,
        settings: Settings,
        store: TokenStore | None = None,
        on_token: Callable[[str], None] = lambda token: None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.settings = settings
        self._network = Network(settings)
        self._keeper = TokenKeeper(settings, store or process_store(settings))
        self._on_token = on_token
        self._session = Session(self._network)
        self._retrying = Retrying(sleep=sleep, before_sleep=self._note, **retries.policy(settings))
        self.trouble = ""
        """Why a call is being repeated, in words; nothing once one was answered."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def perform(self, call: Call[T]) -> T:
        """Perform one call: with a token, with the repetitions that are allowed.

        :return: what the call's reader makes of the answer.
        :raises WahelpError: if it failed for good.
        """
        if call.token is not None:
            return self._attempts(call, call.token)
        token = self._token()
        try:
            return self._attempts(call, token)
        except errors.CredentialsError:  # a token can die before its time (docs/api.md, 2)
            return self._attempts(call, self._token(rejected=token))

    def run(self, flow: Flow[T]) -> T:
        """Take the steps of an operation.

        :param flow: a generator of :mod:`~airflow_provider_wahelp.client.operations`.
        :raises WahelpError: if it failed for good.
        """
        try:
            step = next(flow)
            while True:
                try:
                    result = self._take(step)
                except errors.WahelpError as error:
                    step = flow.throw(error)
                else:
                    step = flow.send(result)
        except StopIteration as stop:
            result_of_all: T = stop.value
            return result_of_all

    def iterate(self, page_of: Callable[[int], Call[Page[T]]], *, paged: bool) -> Iterator[T]:
        """Yield the objects of a list, asking for a page when the one before is used up.

        :param page_of: returns the call for a page, counted from 1.
        :param paged: whether the list is known to take pages.
        :raises WahelpError: if a page cannot be read.
        """
        pager: Pager[T] = Pager(paged=paged)
        while not pager.done:
            yield from pager.take(self.run(pager.ask(page_of)))

    def _take(self, step: Step) -> Any:
        if isinstance(step, Pause):
            return self._retrying.sleep(step.seconds)
        if isinstance(step, Call):
            return self.perform(step)
        if not isinstance(step, Stamped):
            self._token()  # each login, of any process, learns the server's time
        return self._keeper.answer(step)

    def _attempts(self, call: Call[T], token: str) -> T:
        result: T = self._retrying(self._exchange, call, token)
        return result

    def _exchange(self, call: Call[T], token: str) -> T:
        asked = uptime()
        with translated(call, self._network), encoded(call.form) as form:
            request = prepared(call, self.settings, token, form)
            response = self._session.send(
                request,
                timeout=(self.settings.connect_timeout, self.settings.timeout_of(sends=call.sends)),
                allow_redirects=call.method == "GET",
                proxies=self._session.proxies_for(str(request.url)),
                stream=call.store is not None,
            )
            answer = _received(call, response)
        self._keeper.server_clock.learn(answer.headers.get("date"), asked)
        result = call.result(answer, token)
        if call.store and answer.stored is None:
            _store(call.store, [answer.body])
        self.trouble = ""
        return result

    def _note(self, state: RetryCallState) -> None:
        """Note why and when a call is repeated: a task that waits must not look as if it hung."""
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, errors.WahelpError):
            self.trouble = retries.describe(error, state.upcoming_sleep)

    def _token(self, rejected: str | None = None) -> str:
        if rejected:
            self._keeper.reject(rejected)
        if token := self._keeper.current():
            return token.value
        with self._lock():
            token = self._keeper.current()  # somebody else may have got one meanwhile
            if token is None:
                token = self.run(self._keeper.renewal())
        self._on_token(token.value)
        return token.value

    @contextmanager
    def _lock(self) -> Iterator[None]:
        """Wait for the store's lock; one that is held past the deadline costs a login, never the task."""
        deadline = time.monotonic() + self.settings.deadline
        while not (locked := self._keeper.store.try_lock()) and time.monotonic() < deadline:
            time.sleep(LOCK_POLL)
        try:
            yield
        finally:
            if locked:
                self._keeper.store.unlock()


def _received(call: Call[Any], response: requests.Response) -> Answer:
    """Return an answer, its body in memory or in the file that it is for."""
    with response:
        if call.store and is_file(call, response):
            return answer_of(call, response, _store(call.store, response.iter_content(CHUNK)))
        return answer_of(call, response)


def _store(open_file: Callable[[], AbstractContextManager[IO[bytes]]], chunks: Iterable[bytes]) -> int:
    with open_file() as file:
        return sum(map(file.write, chunks))


@contextmanager
def translated(call: Call[Any], network: Network) -> Iterator[None]:
    """Name a fault of the network by what it means for the call."""
    try:
        yield
    except requests.ConnectTimeout:
        raise errors.ConnectTimeoutError(call.what, network.explained()) from None
    except requests.Timeout:
        raise errors.ReadTimeoutError(call.what) from None
    except requests.exceptions.ContentDecodingError:
        raise errors.UnreadableAnswerError(call.what, "its encoding is broken") from None
    except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError) as error:
        raise _broken(error)(call.what, network.explained(_reason(error))) from None
    except requests.TooManyRedirects:
        raise errors.RedirectedError(call.what, "in a circle") from None
    except (requests.exceptions.InvalidSchema, requests.exceptions.InvalidURL) as error:
        raise errors.NotReachableError(call.what, network.explained(type(error).__name__)) from None


def _broken(error: requests.RequestException) -> type[errors.WahelpError]:
    """Tell a request that never left from one whose fate is not known.

    A ``ProxyError`` alone says nothing: urllib3 makes one of each answer that is lost behind a proxy too.
    """
    causes = list(_causes(error))
    # urllib3 derives a refused connection from one that took too long, hence the order.
    if any(isinstance(cause, NewConnectionError) for cause in causes):
        return errors.NotReachableError
    if any(isinstance(cause, ConnectTimeoutError) for cause in causes):
        return errors.ConnectTimeoutError
    return errors.ConnectionLostError


def _causes(error: object) -> Iterator[object]:
    """Yield an exception and those that it wraps, as requests and urllib3 nest them.

    Its ``__context__`` is not one of them: the caller may have been handling another error.
    """
    while isinstance(error, BaseException):
        yield error
        wrapped = (getattr(error, "reason", None), *error.args, error.__cause__)
        error = next((inner for inner in wrapped if isinstance(inner, BaseException)), None)


def _reason(error: requests.RequestException) -> str:
    return type(list(_causes(error))[-1]).__name__
