"""From a task in Airflow's UI to the page that shows what it does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from airflow.providers.common.compat.sdk import BaseOperatorLink

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import BaseOperator

LINK = "wahelp_mailing_link"
"""The key of the XCom that holds it: pushed at the start, as Airflow asks for a link only at the end."""


def mailing_page(dag_id: str, run_id: str, task_id: str, map_index: int) -> str:
    """Return the address of a mailing's page: relative, as Airflow may be served under a path."""
    named = {"dag_id": dag_id, "run_id": run_id, "task_id": task_id, "map_index": map_index}
    return f"wahelp/mailings?{urlencode(named)}"


class MailingLink(BaseOperatorLink):
    """From a task to its mailing."""

    name = "Mailing"  # type: ignore[assignment, unused-ignore]
    xcom_key = LINK  # type: ignore[assignment, unused-ignore]

    def get_link(self, operator: BaseOperator, *, ti_key: Any) -> str:
        """Return where it leads."""
        return mailing_page(ti_key.dag_id, ti_key.run_id, ti_key.task_id, ti_key.map_index)
