"""What all operators share."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.providers.common.compat.sdk import BaseOperator

from airflow_provider_wahelp.literals import refuse_none
from airflow_provider_wahelp.rendering import DataIsNoTemplate

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_wahelp.hooks.wahelp import WahelpHook


class WahelpOperator(DataIsNoTemplate, BaseOperator):
    """An operator with a hook, which is imported when it is first used: a DAG file never needs it.

    :param wahelp_conn_id: the id of an Airflow connection of type ``wahelp``.
    """

    ui_color = "#e3f6ec"

    outputs: ClassVar[Sequence[str]] = ("id",)
    """The fields of the result that are XComs of their own, so that ``task.output["id"]`` is one."""

    def __init__(self, *, wahelp_conn_id: str = "wahelp_default", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        refuse_none(wahelp_conn_id=wahelp_conn_id)
        self.wahelp_conn_id = wahelp_conn_id

    @cached_property
    def hook(self) -> WahelpHook:
        """The hook of this task."""
        from airflow_provider_wahelp.hooks.wahelp import WahelpHook

        return WahelpHook(self.wahelp_conn_id)

    def _result(self, context: Context, result: dict[str, Any]) -> dict[str, Any]:
        """Return an object of the API, its ids as XComs of their own."""
        if self.do_xcom_push and not self.multiple_outputs and (ti := context.get("ti")):
            for key in self.outputs:
                if result[key] is not None:  # Airflow 3.0 fails a task that pushes nothing
                    ti.xcom_push(key=key, value=result[key])
        return result
