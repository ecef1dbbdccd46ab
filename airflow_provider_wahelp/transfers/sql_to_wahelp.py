"""From a query to people's phones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Literal, get_args

from airflow_provider_wahelp.client import arguments
from airflow_provider_wahelp.client.errors import InputError
from airflow_provider_wahelp.delivery.mailing import options
from airflow_provider_wahelp.delivery.mailing.options import IfEmpty
from airflow_provider_wahelp.operators.mailings import SendMessagesOperator
from airflow_provider_wahelp.task import Argument, anything, optional, required

if TYPE_CHECKING:
    from airflow_provider_wahelp.delivery.mailing.rows import Row, Unreadable
    from airflow_provider_wahelp.storage.outgoing import OutgoingFile

AsFile = Literal["csv", "xlsx"]


def _query(name: str, value: Any) -> str:
    query = str(value)
    if not query.strip():
        raise InputError(name, "must be a query")
    return query


class SqlToWahelpOperator(SendMessagesOperator):
    """Send each of the people that a query yields a text of their own, once.

    The rows are streamed, from a server-side cursor on PostgreSQL and MySQL. The query ends before the first
    message goes. Needs the extra ``sql``. Everything else is as in
    :class:`~airflow_provider_wahelp.operators.mailings.SendMessagesOperator`.

    :param sql: the query, or a file that ends in ``.sql``; it yields the columns ``user_id`` or ``phone``,
        and the columns that the text needs. A retry runs the query again: a row is known by its key, not by
        its place.
    :param sql_conn_id: the id of any Airflow connection to a database.
    :param parameters: the query's parameters. Its placeholders are the driver's own: ``:name`` in SQLite and
        Oracle, ``%(name)s`` in PostgreSQL and MySQL, where a literal ``%`` is then ``%%``.
    :param suppress_sql: a query of people who are not written to, in columns ``phone`` or ``user_id``, on the
        same connection, in addition to ``suppress``. It gets no ``parameters``.
    :param if_empty: without any row: ``skip`` (the default), ``succeed`` or ``fail``.
    :param as_file: ``csv`` or ``xlsx``: send the rows as one document (``docs/files.md``). Then the query
        names nobody: ``recipients`` get the document, with the ``text``. Without any row, ``succeed`` sends
        the names of the columns alone. ``xlsx`` needs the extra ``xlsx``.
    :param recipients: who gets the document, as ``SendMessagesOperator`` takes it.
    :param file_name: what the document is called, e.g. ``"orders-{{ ds }}.xlsx"``. With ``as_file`` it must
        be given: by its name it is recognised after a lost answer.
    """

    checks: ClassVar[dict[str, Argument]] = {
        "sql": required(partial(_query, "sql")),
        "sql_conn_id": required(str),
        "parameters": optional(anything),
        "suppress_sql": optional(partial(_query, "suppress_sql")),
        "as_file": optional(arguments.one_of("as_file", get_args(AsFile))),
        **SendMessagesOperator.checks,
        "recipients": optional(options.recipients),
    }
    template_fields: Sequence[str] = tuple(checks)
    template_ext: Sequence[str] = (".sql",)
    template_fields_renderers: ClassVar[dict[str, str]] = {"sql": "sql", "suppress_sql": "sql"}

    def __init__(
        self,
        *,
        sql: str,
        sql_conn_id: str,
        parameters: Mapping[str, Any] | Sequence[Any] | None = None,
        suppress_sql: str | None = None,
        if_empty: IfEmpty = "skip",
        as_file: AsFile | None = None,
        recipients: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(recipients=recipients, if_empty=if_empty, **kwargs)
        self.sql = sql
        self.sql_conn_id = sql_conn_id
        self.parameters = parameters
        self.suppress_sql = suppress_sql
        self.as_file = as_file
        self._check_arguments()

    def rows(self) -> Iterable[Row | Unreadable]:
        """Return what the query yields; or who gets it as a document."""
        if self._checked("as_file"):
            return super().rows()
        from airflow_provider_wahelp.delivery.mailing.query import query_rows
        from airflow_provider_wahelp.delivery.mailing.row_shape import Columns

        columns = Columns("sql", self._checked("columns"))
        return query_rows(self.sql_conn_id, self._checked("sql"), self.parameters, columns)

    def suppressed(self) -> Mapping[str, Iterable[Any]]:
        """Return the people who must not be written to, by the argument that names them."""
        if not self.suppress_sql:
            return super().suppressed()
        from airflow_provider_wahelp.delivery.mailing.query import query_rows
        from airflow_provider_wahelp.delivery.mailing.row_shape import Columns

        columns = Columns("suppress_sql", self._checked("columns"), optional=True)
        stopped = query_rows(self.sql_conn_id, self._checked("suppress_sql"), None, columns)
        return {**super().suppressed(), "suppress_sql": stopped}

    def _check_together(self) -> None:
        super()._check_together()
        if "as_file" not in vars(self):  # the base class checks first
            return
        for name in ("recipients", "file_name") if self.as_file else ():
            if getattr(self, name) in (None, ""):
                raise InputError(name, "must be given with as_file")
        if self.recipients is not None and not self.as_file:
            raise InputError("recipients", "are those of the query, unless as_file makes a document of it")
        if self.as_file and (self.file is not None or self.file_column):
            raise InputError("file, file_column", "cannot be given beside as_file, which makes the file")

    def _options(self, channel_uuid: str) -> options.Options:
        given = super()._options(channel_uuid)
        return replace(given, file=self._document()) if self._checked("as_file") else given

    def _document(self) -> OutgoingFile:
        from airflow_provider_wahelp.delivery.mailing.query import query_table
        from airflow_provider_wahelp.transfers.query_document import QueryDocument

        return QueryDocument(
            partial(query_table, self.sql_conn_id, self._checked("sql"), self.parameters),
            kind=self._checked("as_file"),
            name=self._checked("file_name"),
            zone=self._checked("timezone"),
            if_empty=self._checked("if_empty"),
        ).outgoing()
