"""The buttons on a task's page that lead to its channel, whose address the task leaves while it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlencode

from airflow.providers.common.compat.sdk import BaseOperatorLink
from airflow.providers.common.compat.version_compat import AIRFLOW_V_3_1_PLUS

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import BaseOperator
    from airflow.sdk.types import TaskInstanceKey

CHANNEL = "wahelp_channel_link"
"""The key of the XCom that holds the link to a channel: by it the page knows the channels of tasks, too."""


class LeftLink(BaseOperatorLink):
    """A link that the task has left as an XCom."""

    key: ClassVar[str]

    @property
    def xcom_key(self) -> str:
        """The XCom that Airflow 3 takes the address from."""
        return self.key

    def get_link(self, operator: BaseOperator, *, ti_key: TaskInstanceKey) -> str:
        """Return the address that the task has left, or an empty text: then there is no button.

        :param operator: the task.
        :param ti_key: its instance.
        """
        from airflow.providers.common.compat.sdk import XCom

        return str(XCom.get_value(key=self.xcom_key, ti_key=ti_key) or "")


class WahelpLink(LeftLink):
    """Leads to Wahelp, where a channel is authorized."""

    name = "Open Wahelp"
    key = "wahelp_link"


class ChannelLink(LeftLink):
    """Leads to a channel's page: whether it is active, and the QR code of one that waits to be scanned."""

    name = "Channel"
    key = CHANNEL


CHANNEL_LINKS = (ChannelLink(),) if AIRFLOW_V_3_1_PLUS else ()
"""What a task has that leads to a channel: nothing where there are no pages."""


def leave_channel(ti: Any, conn_id: str, project_id: int, channel_uuid: str) -> None:
    """Leave the link to a channel's page: relative, as Airflow may be served under a path.

    :param ti: the task instance.
    """
    if AIRFLOW_V_3_1_PLUS:
        named = {"conn_id": conn_id, "project_id": project_id, "channel_uuid": channel_uuid}
        ti.xcom_push(key=CHANNEL, value=f"wahelp/channels?{urlencode(named)}")
