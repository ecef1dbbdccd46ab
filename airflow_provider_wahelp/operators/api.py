"""Any of Wahelp's operations: those that have no operator of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar, Literal, get_args

from airflow_provider_wahelp.client import arguments
from airflow_provider_wahelp.client.errors import InputError, UnknownOutcomeError, WahelpError
from airflow_provider_wahelp.client.paths import resolved
from airflow_provider_wahelp.failures import airflow_errors
from airflow_provider_wahelp.operators.base import WahelpOperator
from airflow_provider_wahelp.task import anything, optional, required

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_wahelp.client.generic import Response

OnLostAnswer = Literal["fail", "retry"]

_REPEATABLE = {"GET", "HEAD", "OPTIONS", "PUT", "DELETE"}


def _path(value: Any) -> str:
    """Return a path; whether an address is one of the connection's host, the hook knows."""
    text = str(value)
    if "://" not in text:
        resolved(text)
    return text


def _method(value: Any) -> arguments.HttpMethod:
    return arguments.choice(str(value).upper(), "method", get_args(arguments.HttpMethod))


class WahelpApiOperator(WahelpOperator):
    """Call any of Wahelp's operations, with the token, repetitions and errors of all operators.

    As in HttpOperator, ``pagination_function``, ``response_check`` and ``response_filter`` get a response:
    ``status_code``, ``headers``, ``text``, ``json()``, and ``data``, which is what the envelope holds. After
    a ``pagination_function`` the other two get a list of them. The functions may name parts of the context.

    :param path: the path as Wahelp lists it (``/crm/contacts/``), with or without ``/api``, or the full
        address; a path without a root lies below ``/api/app``.
    :param method: ``GET``, ``POST``, ...
    :param json: a body of JSON; or
    :param data: the fields of a form, and
    :param files: its files by the names of their parts: paths of object storage, or bytes.
    :param query: what follows the question mark of the address.
    :param project_id: what ``X-Project`` says; by default the project in the path, or the connection's.
    :param output_path: a path of object storage for an answer that is a file.
    :param all_pages: whether to read all pages of a list, which are counted by ``page``. The result, also for
        ``response_filter``, is one list of all entries.
    :param limit: how many entries at most, with ``all_pages``; all by default.
    :param pagination_function: returns from a response what the next request has other than the first
        (``{"query": {"page": 2}}``; ``path``, ``query``, ``json``, ``data``), or nothing after the last.
    :param response_check: returns whether a response is right; a wrong one fails the task.
    :param response_filter: returns from a response what the task returns; by default its ``data``.
    :param on_lost_answer: what to do if an answer to a ``POST`` or ``PATCH`` is lost, so that it may have
        been carried out: ``fail`` without a retry, or leave it to the task's retries (``retry``).
    :return: the ``data`` of the answer; with ``output_path`` its ``path``, ``size`` and ``content_type``.
    """

    checks = WahelpOperator.checks | {
        "path": required(_path),
        "method": required(_method),
        "json": optional(anything, (None,)),
        "data": optional(anything, (None,)),
        "files": optional(anything, (None,)),
        "query": optional(anything, (None,)),
        "project_id": optional(arguments.project_id),
        "output_path": optional(anything),
        "limit": optional(arguments.limit),
        "on_lost_answer": required(arguments.one_of("on_lost_answer", get_args(OnLostAnswer))),
    }
    template_fields: Sequence[str] = tuple(checks)
    template_fields_renderers: ClassVar[dict[str, str]] = {"json": "json", "data": "json", "query": "json"}

    def __init__(
        self,
        *,
        path: str,
        method: str = "GET",
        json: Any = None,
        data: Mapping[str, Any] | None = None,
        files: Mapping[str, Any] | None = None,
        query: Mapping[str, Any] | None = None,
        project_id: int | str | None = None,
        output_path: str | None = None,
        all_pages: bool = False,
        limit: int | str | None = None,
        pagination_function: Callable[..., Mapping[str, Any] | None] | None = None,
        response_check: Callable[..., bool] | None = None,
        response_filter: Callable[..., Any] | None = None,
        on_lost_answer: OnLostAnswer = "fail",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.path = path
        self.method = method
        self.json = json
        self.data = data
        self.files = files
        self.query = query
        self.project_id = project_id
        self.output_path = output_path
        self.all_pages = all_pages
        self.limit = limit
        self.pagination_function = pagination_function
        self.response_check = response_check
        self.response_filter = response_filter
        self.on_lost_answer = on_lost_answer
        self._check_arguments()

    def execute(self, context: Context) -> Any:
        """Make the request, or one for each page."""
        with self._failing_if_lost():
            if self.all_pages:
                entries = self.hook.request_list(
                    self.path, self._checked("query"), self._checked("project_id"), self._checked("limit")
                )
                return self._result_of(list(entries), context)
            responses = list(self._responses())
        return self._result_of(responses if self.pagination_function else responses[0], context)

    def _check_together(self) -> None:
        if (self.all_pages or self.pagination_function) and self.output_path:
            raise InputError("output_path", "must be left out where there are pages: it takes one answer")
        if self.all_pages and self.pagination_function:
            raise InputError("all_pages", "must be left out where pagination_function names the pages")
        if self.all_pages and (str(self.method).upper() != "GET" or self.json is not None or self.data):
            raise InputError("all_pages", "must be left out: only a GET without a body has pages")

    def _responses(self) -> Iterator[Response]:
        first = {name: self._checked(name) for name in ("path", "query", "json", "data")}
        asked: Mapping[str, Any] | None = first
        while asked:
            response = self._response(asked)
            yield response
            more = self.pagination_function(response) if self.pagination_function else None
            asked = _merged(first, more) if more else None

    def _response(self, asked: Mapping[str, Any]) -> Response:
        return self.hook.get_response(
            self._checked("method"),
            asked["path"],
            json=asked["json"],
            params=asked["query"],
            data=asked["data"],
            files=self._checked("files"),
            project_id=self._checked("project_id"),
            output_path=self._checked("output_path"),
        )

    def _result_of(self, answered: Any, context: Context) -> Any:
        from airflow.providers.common.compat.sdk import AirflowException, determine_kwargs

        if self.response_check:
            named = determine_kwargs(self.response_check, [answered], context)
            if not self.response_check(answered, **named):
                raise AirflowException("response_check says that the answer is not right.")
        if self.response_filter:
            named = determine_kwargs(self.response_filter, [answered], context)
            return self.response_filter(answered, **named)
        return self._default_result(answered)

    def _default_result(self, answered: Any) -> Any:
        from airflow_provider_wahelp.hooks.bound_operations import result_of

        if self.all_pages:
            return answered
        if self.pagination_function:
            return [response.data for response in answered]
        return result_of(answered, self.output_path)

    @contextmanager
    def _failing_if_lost(self) -> Iterator[None]:
        """Keep Airflow from repeating what may have been carried out."""
        try:
            yield
        except WahelpError as error:
            method = self._checked("method")
            is_lost = error.may_have_happened and error.temporary and method not in _REPEATABLE
            if not is_lost or self._checked("on_lost_answer") == "retry":
                raise
            with airflow_errors():
                raise UnknownOutcomeError(f"the {method} was carried out", error.reason) from error


def _merged(first: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the next page is asked for: mappings are merged, all else is replaced."""
    return {
        name: {**value, **more[name]}
        if isinstance(value, Mapping) and isinstance(more.get(name), Mapping)
        else more.get(name, value)
        for name, value in first.items()
    }
