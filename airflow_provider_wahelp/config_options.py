"""The options of the section ``wahelp`` in Airflow's configuration, as Airflow's documentation lists them."""

from __future__ import annotations

from typing import Any, NamedTuple


class Option(NamedTuple):
    """An option.

    :param description: in reST.
    :param sensitive: whether it is nothing for those who may read the configuration.
    """

    default: str
    example: str
    description: str
    type: str = "string"
    sensitive: bool = False


OPTIONS = {
    "state": Option(
        "",
        "wahelp_state",
        "The connection of a Redis, Valkey or PostgreSQL in which the tasks of all hosts count and remember "
        "together. Empty: each host for itself, in ``state_directory``.",
    ),
    "state_directory": Option(
        "",
        "/var/lib/airflow/wahelp",
        "Where the tasks of a host share a token. Created for its owner alone; it may vanish at any time. "
        "Empty: the directory ``wahelp`` in ``AIRFLOW_HOME``.",
    ),
    "language": Option(
        "",
        "ru",
        "The language of alerts, and of what is said beside a question: ``en`` or ``ru``. An argument and a "
        "connection go before it. Empty: English, and beside a question its own language.",
    ),
    "per_person": Option(
        "",
        "3 per week",
        "How many messages a person gets in a period at most, over all mailings and single sends. Empty: no "
        "limit, unless a task names one.",
    ),
    "alert_to": Option(
        "",
        "+71234567890, +77012345678",
        "Phones that are told when any task or DAG fails.",
        sensitive=True,
    ),
    "alert_conn_id": Option("wahelp_default", "wahelp_alerts", "The connection that tells them."),
    "alert_throttle": Option(
        "600", "3600", "Seconds for which an alert silences its group; 0: each is sent."
    ),
    "alert_quiet_hours": Option("", "22:00-08:00", "When no alert is sent."),
    "alert_timezone": Option("Europe/Moscow", "Asia/Almaty", "The zone of times in alerts."),
    "alert_timeout": Option(
        "40", "100", "Seconds that an alert may take; less than ``dag_file_processor_timeout``."
    ),
    "short_links": Option(
        "True",
        "False",
        "Whether a link in an alert is a short one, which this provider resolves in Airflow's API server, "
        "from Airflow 3.1 on. ``False`` where the API server does not have this provider.",
        "boolean",
    ),
    "file_field": Option(
        "file",
        "attachment",
        "The name of the part that a file to a person is sent in. Wahelp has not published it; "
        "``wahelp docs`` may tell.",
    ),
    "file_limit": Option(
        "100000000", "16000000", "Bytes that a file to a person, or one that is fetched, may have.", "integer"
    ),
    "file_hosts": Option(
        "",
        "grafana.internal:3000",
        "Hosts of your own network that ``file_url`` may name, each with its port or without, with commas "
        "between. All others of your own network are refused.",
    ),
    "mailing_path": Option(
        "",
        "projects/{project_id}/mass_mailings/{kind}",
        "Where the mailings that Wahelp itself sends lie, below ``/api/app``. Wahelp's list leaves it open. "
        "Empty: below the channel.",
    ),
    "mailing_states": Option(
        "",
        '{"3": "finished"}',
        "What a status of such a mailing means, as JSON: ``draft``, ``running``, ``finished``, ``stopped`` "
        'or ``failed``. ``""`` stands for none.',
    ),
}


def described() -> dict[str, Any]:
    """Return the section, as Airflow's ``provider_info.schema.json`` describes it."""
    options = {
        name: {
            **option._asdict(),
            "description": f"{option.description}\n",
            "version_added": "0.1.0",
        }
        for name, option in OPTIONS.items()
    }
    return {"wahelp": {"description": "Settings of the Wahelp provider.", "options": options}}
