"""What the operators share that are about a person: a link to the conversation."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from airflow.providers.common.compat.version_compat import AIRFLOW_V_3_1_PLUS

from airflow_provider_wahelp.links import LeftLink
from airflow_provider_wahelp.operators.base import WahelpOperator

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_wahelp.client.call import Id

_MOST = 20
"""People of a link: an address must not be endless."""


class ConversationLink(LeftLink):
    """From a task to the conversation with whom it wrote to."""

    name = "Conversation"
    key = "wahelp_conversation_link"


class ConversationOperator(WahelpOperator):
    """An operator whose task leads to the page of its conversation, from Airflow 3.1 on."""

    operator_extra_links = (ConversationLink(),) if AIRFLOW_V_3_1_PLUS else ()

    project_id: int | str | None

    def _leave_conversation(self, context: Context, channel_uuid: str | None, people: Iterable[Id]) -> None:
        """Leave the link, with ids alone; unless XComs are unwanted.

        :param channel_uuid: the connection's by default.
        :param people: the users of the channel.
        """
        ti = context.get("ti")
        users = list(people)[:_MOST]
        if AIRFLOW_V_3_1_PLUS and self.do_xcom_push and users and ti:
            project, channel = self.hook.project_and_channel(channel_uuid, self.project_id)
            named = {"conn_id": self.wahelp_conn_id, "project_id": project, "channel_uuid": channel}
            page = f"wahelp/conversations?{urlencode({**named, 'user_id': users}, doseq=True)}"
            ti.xcom_push(key=ConversationLink.key, value=page)
