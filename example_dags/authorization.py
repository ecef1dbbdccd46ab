"""A channel that somebody has to authorize: a sensor waits for it, and beside it a person is asked to do it.

The person finds the request under "Required Actions" in Airflow, with the QR code where the API gives one,
and answers it when that is done. Nobody is asked if the channel is active. Project and channel are the
connection's defaults.

Asking people needs Airflow 3.1; below, the DAG is the sensor alone.
"""

from __future__ import annotations

from datetime import timedelta

# On Airflow 3 the same as "from airflow.sdk import DAG, task" and "from airflow.sdk.exceptions import ...".
from airflow.providers.common.compat.sdk import DAG, AirflowSkipException, task

from airflow_provider_wahelp.sensors import ChannelActiveSensor

try:
    from airflow.providers.standard.operators.hitl import HITLEntryOperator
except Exception:  # noqa: BLE001 - before Airflow 3.1 it says so with an error of its own
    HITLEntryOperator = None

with DAG(
    dag_id="wahelp_authorization",
    description="Wait for a channel to be authorized, and ask somebody to do it",
    doc_md=__doc__,
    schedule=None,
    catchup=False,
    tags=["wahelp", "example"],
) as dag:
    wait = ChannelActiveSensor(task_id="wait", deferrable=True, poke_interval=10, timeout=timedelta(days=1))

    if HITLEntryOperator:

        @task(show_return_value_in_logs=False)  # whoever scans it owns the channel
        def request() -> str:
            """Say what is to be done, with the QR code where there is one."""
            from airflow_provider_wahelp.client.errors import WahelpError
            from airflow_provider_wahelp.hooks import WahelpHook
            from airflow_provider_wahelp.sensors.qr import drawing

            hook = WahelpHook()
            if hook.get_channel().active:
                raise AirflowSkipException("The channel is active: nobody has to do anything.")
            try:
                code = drawing(hook.get_channel_qr())
            except WahelpError:
                code = ""
            if not code:
                return "Open the channel in Wahelp."
            return f"Scan this with the phone, or open the channel in Wahelp:\n\n```\n{code}\n```"

        ask = HITLEntryOperator(
            task_id="ask",
            subject="The channel is waiting for its authorization",
            body="{{ ti.xcom_pull(task_ids='request') }}",
            response_timeout=timedelta(days=1),  # with it, nobody need answer for the run to end
        )
        request() >> ask
