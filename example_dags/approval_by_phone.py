"""A price list that goes out once somebody has approved it: they reply with a number on their phone.

The reply decides the task as the Airflow user that belongs to the phone. It needs the receiver of
webhooks, see ``docs/listening.md``. The link under "Required Actions" in Airflow works as well.

Asking people needs Airflow 3.1; below, the DAG sends the list without asking.
"""

from __future__ import annotations

from datetime import timedelta

# On Airflow 3 this is the same as "from airflow.sdk import DAG, task".
from airflow.providers.common.compat.sdk import DAG, task

from airflow_provider_wahelp.notifications import WahelpApprovalNotifier

try:
    from airflow.providers.standard.operators.hitl import ApprovalOperator
except Exception:  # noqa: BLE001 - before Airflow 3.1 it says so with an error of its own
    ApprovalOperator = None

with DAG(
    dag_id="wahelp_approval_by_phone",
    description="Publish a price list once somebody has approved it on their phone",
    doc_md=__doc__,
    schedule=None,
    catchup=False,
    tags=["wahelp", "example"],
) as dag:

    @task
    def publish() -> str:
        """Publish the list."""
        return "published"

    published = publish()

    if ApprovalOperator:
        approve = ApprovalOperator(
            task_id="approve",
            subject="Publish the new prices?",
            body="42 prices, 3 of them more than 10 % higher.",
            response_timeout=timedelta(hours=4),
            notifiers=[WahelpApprovalNotifier(approvers={"+71234567890": "admin"})],
        )
        approve >> published
