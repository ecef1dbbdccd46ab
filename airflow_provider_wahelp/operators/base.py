"""What all operators share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.providers.common.compat.sdk import BaseOperator

from airflow_provider_wahelp.task import WahelpTask

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context


class WahelpOperator(WahelpTask, BaseOperator):
    """An operator with a hook.

    :param wahelp_conn_id: the id of an Airflow connection of type ``wahelp``.
    """

    outputs: ClassVar[Sequence[str]] = ("id",)
    """The fields of the result that are XComs of their own, so that ``task.output["id"]`` is one."""

    def __init__(self, *, wahelp_conn_id: str = "wahelp_default", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.wahelp_conn_id = wahelp_conn_id

    def _result(self, context: Context, result: dict[str, Any]) -> dict[str, Any]:
        """Return an object of the API, its ids as XComs of their own."""
        if self.do_xcom_push and not self.multiple_outputs and (ti := context.get("ti")):
            for key in self.outputs:
                if result[key] is not None:  # Airflow 3.0 fails a task that pushes nothing
                    ti.xcom_push(key=key, value=result[key])
        return result
