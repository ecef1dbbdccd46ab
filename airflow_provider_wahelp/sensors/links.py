"""The button on a task's page that leads to Wahelp."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow.providers.common.compat.sdk import BaseOperatorLink

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import BaseOperator
    from airflow.sdk.types import TaskInstanceKey


class WahelpLink(BaseOperatorLink):
    """Leads to Wahelp, where a channel is authorized.

    Not to a picture of the QR code: Airflow 3 shows no ``data:`` address as a link, and the messenger
    replaces a code within a minute.
    """

    name = "Open Wahelp"

    @property
    def xcom_key(self) -> str:
        """The XCom that Airflow 3 takes the address from."""
        return "wahelp_link"

    def get_link(self, operator: BaseOperator, *, ti_key: TaskInstanceKey) -> str:
        """Return the address that the task has left, or an empty text: then there is no button.

        :param operator: the task.
        :param ti_key: its instance.
        """
        from airflow.providers.common.compat.sdk import XCom

        return str(XCom.get_value(key=self.xcom_key, ti_key=ti_key) or "")
