"""The blocking hook's calls of operations without a method of their own, and of the API's documentation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any

from airflow_provider_wahelp.client import arguments
from airflow_provider_wahelp.client.generic import Response
from airflow_provider_wahelp.failures import airflow_errors
from airflow_provider_wahelp.hooks.blocking import BlockingHook
from airflow_provider_wahelp.hooks.bound_operations import Asked, result_of
from airflow_provider_wahelp.storage.uploads import Uploads

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import ObjectStoragePath


class RequestingHook(BlockingHook):
    """A hook that reaches each operation of the API."""

    def request(
        self,
        method: str,
        path: str,
        json: Any = None,
        params: Mapping[str, Any] | None = None,
        project_id: int | str | None = None,
        data: Mapping[str, Any] | None = None,
        files: Uploads | None = None,
        output_path: str | ObjectStoragePath | None = None,
    ) -> Any:
        """Call any of the API's operations, with the same token, repetitions and errors.

        After a lost answer ``GET``, ``PUT`` and ``DELETE`` are repeated (a repeated ``DELETE`` may then say
        :class:`NotFoundError`), others only if they certainly were not carried out.

        :param path: the path as Wahelp lists it (``/crm/contacts/``), with or without ``/api``, or the full
            address; a path without a root lies below ``/api/app``.
        :param json: a body of JSON; or
        :param data: the fields of a form, and
        :param files: its files by the names of their parts, which make it multipart: a path of object
            storage, bytes, ``(name, path or bytes)``, or with the type as the third; a list for several.
        :param project_id: what ``X-Project`` says; by default the project in the path, or the connection's.
        :param output_path: a path of object storage for an answer that is a file, which may be large.
        :return: the ``data`` of the answer; with ``output_path`` its ``path``, ``size`` and ``content_type``.
        """
        response = self.get_response(method, path, json, params, project_id, data, files, output_path)
        return result_of(response, output_path)

    def get_response(
        self,
        method: str,
        path: str,
        json: Any = None,
        params: Mapping[str, Any] | None = None,
        project_id: int | str | None = None,
        data: Mapping[str, Any] | None = None,
        files: Uploads | None = None,
        output_path: str | ObjectStoragePath | None = None,
    ) -> Response:
        """Do as :meth:`request`, and return the whole answer, with its status and headers."""
        asked = Asked(json, data, files, params, project_id, output_path)
        return self._do(lambda does: does.request(method, path, asked))

    def request_list(
        self,
        path: str,
        params: Mapping[str, Any] | None = None,
        project_id: int | str | None = None,
        limit: int | str | None = None,
    ) -> Iterator[Any]:
        """Yield the entries of any list of the API, page by page.

        :param path: the path, as :meth:`request` takes it.
        :param limit: how many entries at most; all by default.
        """
        with airflow_errors():
            most = arguments.limit(limit)
        asked = Asked(params=params, project_id=project_id)
        return islice(self._each(lambda does: does.request_list(path, asked), paged=True), most)

    def get_documentation(self) -> dict[str, Any]:
        """Read the API's own documentation, an OpenAPI document: it settles each ``?`` of docs/api.md.

        ``wahelp docs`` on the command line says what it confirms, contradicts and adds.
        """
        return self._do(lambda does: does.get_documentation())

    def get_changelog(self) -> Any:
        """Read what has changed in the API, as text or as JSON values."""
        return self._do(lambda does: does.get_changelog())
