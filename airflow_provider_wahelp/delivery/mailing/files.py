"""The files of a mailing: one for all its messages, or each row's own."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

from airflow_provider_wahelp.client.bodies import FilePart
from airflow_provider_wahelp.client.errors import InputError
from airflow_provider_wahelp.client.file_likeness import name_digest
from airflow_provider_wahelp.delivery.mailing.options import Options
from airflow_provider_wahelp.delivery.mailing.queued_message import QueuedMessage
from airflow_provider_wahelp.delivery.mailing.row_shape import Row, cell
from airflow_provider_wahelp.delivery.mailing.worklist import Worklist
from airflow_provider_wahelp.storage.outgoing import OutgoingFile, outgoing_file
from airflow_provider_wahelp.storage.uploads import checked_part, part_to_send

_KEY_SIGNS = 8
_IN_FOLDER = "the column must name a file in the folder that file names, without .. and without a / before"


class MailingFiles(Protocol):
    """The files of a mailing."""

    def attached(self, person: QueuedMessage, row: Row) -> QueuedMessage:
        """Return a recipient with the file of their row.

        :raises InputError: if the row names none.
        """

    def part(self, person: QueuedMessage) -> FilePart:
        """Return a recipient's file, checked; each call may come from another thread.

        :raises InputError: if it cannot be sent.
        """

    def unsendable(self, worklist: Worklist, threads: int) -> Iterator[tuple[int, str]]:
        """Yield the rows that wait whose file cannot be sent, and why.

        :raises InputError: if that is the same for all.
        """


class CommonFile:
    """One file for all messages: looked at once, opened for each."""

    def __init__(self, file: OutgoingFile) -> None:
        self._file = file

    def attached(self, person: QueuedMessage, row: Row) -> QueuedMessage:
        """Return a recipient with the file."""
        return person._replace(file=self._file.name)

    def part(self, person: QueuedMessage) -> FilePart:
        """Return the file."""
        return self._file.part

    def unsendable(self, worklist: Worklist, threads: int) -> Iterator[tuple[int, str]]:
        """Refuse the mailing if the file cannot be sent."""
        if worklist.waiting(1):
            _ = self._file.part
        yield from ()


class RowFiles:
    """A file of its own for each message.

    :param column: the column that holds its path.
    :param folder: where all of them are, if the column has only their names.
    """

    def __init__(self, column: str, folder: str = "") -> None:
        self._column = column
        self._folder = folder and folder.rstrip("/") + "/"

    def attached(self, person: QueuedMessage, row: Row) -> QueuedMessage:
        """Return a recipient with the file of their row: another file is another message."""
        path = str(cell(row, self._column) or "").strip()
        if not path:
            raise InputError("file_column", f"the column {self._column!r} is missing or empty")
        name = path.rpartition("/")[2]
        key = person.key if person.label else f"{person.key}/{name_digest(name)[:_KEY_SIGNS]}"
        return person._replace(key=key, file=self._within(path))

    def part(self, person: QueuedMessage) -> FilePart:
        """Return the file."""
        return checked_part(part_to_send(person.file))

    def unsendable(self, worklist: Worklist, threads: int) -> Iterator[tuple[int, str]]:
        """Yield the rows that wait whose file cannot be sent, and why."""
        with ThreadPoolExecutor(threads, "wahelp") as pool:
            for people in worklist.waiting_people():
                for person, fault in zip(people, pool.map(self._fault, people), strict=True):
                    if fault:
                        yield person.number, fault

    def _fault(self, person: QueuedMessage) -> str:
        try:
            self.part(person)
        except InputError as error:
            return str(error)
        return ""

    def _within(self, path: str) -> str:
        """Return the path of a file. With a folder, the rows, which are data, name nothing outside of it."""
        if not self._folder:
            return path
        if path.startswith("/") or "://" in path or ".." in path.split("/"):
            raise InputError("file_column", _IN_FOLDER)
        return self._folder + path


def files_of(options: Options) -> MailingFiles | None:
    """Return the files of a mailing; ``None`` if it is of texts alone."""
    if options.file_column:
        return RowFiles(options.file_column, str(options.file or ""))
    file: Any = options.file
    if file is not None and not isinstance(file, OutgoingFile):
        file = outgoing_file(file, None, options.file_name)
    return CommonFile(file) if file else None
