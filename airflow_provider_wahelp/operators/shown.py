"""What a mailing's task leaves for Airflow's UI while it runs: see ``docs/pages.md``."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.version_compat import AIRFLOW_V_3_1_PLUS

from airflow_provider_wahelp.operators.limits import LimitedOperator
from airflow_provider_wahelp.operators.links import LINK, MailingLink, mailing_page

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

log = logging.getLogger(__name__)


class ShownOperator(LimitedOperator):
    """A mailing that is seen on a page: from Airflow 3.1 on, and unless XComs are unwanted."""

    operator_extra_links = (MailingLink(),) if AIRFLOW_V_3_1_PLUS else ()

    report_path: str | None

    def _shown(self, context: Context, *, resumed: bool) -> dict[str, Any]:
        """Push the link and a first word; return what shows the mailing from then on."""
        ti: Any = context.get("ti")
        if not (AIRFLOW_V_3_1_PLUS and self.do_xcom_push and hasattr(ti, "xcom_push")):
            return {}
        from airflow_provider_wahelp.delivery.mailing.overview import OVERVIEW, ShownIn

        def publish(overview: Mapping[str, Any]) -> None:
            ti.xcom_push(key=OVERVIEW, value={**overview, "conn_id": self.wahelp_conn_id})

        earlier = None
        try:
            ti.xcom_push(key=LINK, value=mailing_page(ti.dag_id, ti.run_id, ti.task_id, ti.map_index))
            if resumed:
                earlier = ti.xcom_pull(task_ids=ti.task_id, key=OVERVIEW, map_indexes=ti.map_index)
            if not isinstance(earlier, Mapping):
                earlier = None
                publish({"at": time.time(), "began": time.time(), "totals": {}})
        except Exception as error:  # noqa: BLE001 - whatever Airflow can say must not stop the messages
            log.warning("The mailing cannot be shown in Airflow's UI (%s)", type(error).__name__)
        path = self._checked("report_path")
        return {"shown": ShownIn(publish, {"report": path and str(path)}, earlier)}
