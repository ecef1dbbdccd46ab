"""The connections of the demo. They lie in Airflow's database, where the UI changes them."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import urlsplit

from demo.airflow_api import AirflowApi
from demo.shop import shop_connection

PASSWORD = "demo-password"  # of fewer than five characters Airflow says in every log that it cannot mask them

_WAHELP = {
    "connection_id": "wahelp_default",
    "conn_type": "wahelp",
    "login": "demo@example.com",
    "password": PASSWORD,
}


def connect(airflow: AirflowApi, url: str, shop: Path) -> None:
    """Tell Airflow of an account that has nothing in it yet, and of the shop's database.

    :param airflow: Airflow.
    :param url: where the account is.
    :param shop: where the database is.
    """
    address = urlsplit(url)
    host = f"{address.scheme}://{address.hostname}"
    airflow.add_connection({**_WAHELP, "host": host, "port": address.port})
    airflow.add_connection({"connection_id": "shop_db", **shop_connection(shop)})


def name_defaults(airflow: AirflowApi, dag_id: str, run_id: str) -> None:
    """Let the account's connection name the project and the channel that the onboarding has made.

    :param airflow: Airflow.
    :param dag_id: the onboarding.
    :param run_id: its run.
    """
    made = {
        "project_id": airflow.xcom(dag_id, run_id, "project", "id"),
        "channel_uuid": airflow.xcom(dag_id, run_id, "channel", "uuid"),
    }
    airflow.change_connection(_WAHELP, extra=json.dumps(made))
