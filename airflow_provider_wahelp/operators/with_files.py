"""What mailings know of files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_wahelp.client import arguments
from airflow_provider_wahelp.client.base_error import InputError
from airflow_provider_wahelp.operators.limits import LimitedOperator
from airflow_provider_wahelp.task import anything, optional

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import ObjectStoragePath


def _column(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise InputError("file_column", "must be the name of a column, e.g. invoice_path")
    return value


class FilesOperator(LimitedOperator):
    """An operator that can send a file with each text. How Wahelp takes files is **not confirmed**.

    :param file: a file that all get: a path of object storage, or bytes; or, with ``file_column``, the folder
        of all files, which ends in ``/``.
    :param file_name: what the file that all get is called; by default as in its path.
    :param file_column: the column that holds the path of each row's own file; in a folder, its name there.
    """

    checks = LimitedOperator.checks | {
        "file": optional(anything),
        "file_name": optional(arguments.name),
        "file_column": optional(_column),
    }

    def __init__(
        self,
        *,
        file: str | bytes | ObjectStoragePath | None = None,
        file_name: str | None = None,
        file_column: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.file = file
        self.file_name = file_name
        self.file_column = file_column

    def _check_together(self) -> None:
        super()._check_together()
        if self.file_column and self.file_name:
            raise InputError("file_name", "is for one file that all get, and not for those of file_column")
        if self.file_column and isinstance(self.file, str) and not self.file.endswith(("/", "}}")):
            raise InputError("file", "must be a folder beside file_column, and end in /")
