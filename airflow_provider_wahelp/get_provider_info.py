"""What Airflow reads about this provider before it imports any of it."""

from __future__ import annotations

from typing import Any

from airflow_provider_wahelp import connection_form

_PACKAGE = "airflow_provider_wahelp"
_INTEGRATION = "Wahelp"
_OPERATORS = (
    "api ask channels files history incoming mailings messages people "
    "platform_mailings projects replies templates users webhooks"
)


def get_provider_info() -> dict[str, Any]:
    """Return the provider's metadata, as Airflow's ``provider_info.schema.json`` describes it."""
    return {
        "package-name": "airflow-provider-wahelp",
        "name": "Wahelp",
        "description": "WhatsApp and Telegram messages through `Wahelp <https://wahelp.ru>`__.",
        "integrations": [
            {
                "integration-name": _INTEGRATION,
                "external-doc-url": "https://wahelp.ru",
                "tags": ["service"],
            }
        ],
        "hooks": _modules("hooks", "asynchronous", "wahelp"),
        "operators": _modules("operators", *_OPERATORS.split()),
        "sensors": _modules("sensors", "channels", "messages"),
        "triggers": _modules("triggers", "answers", "channels", "incoming", "mailings", "messages"),
        "notifications": [f"{_PACKAGE}.notifications.wahelp.WahelpNotifier"],
        "transfers": _transfers(),
        "extra-links": [f"{_PACKAGE}.operators.links.MailingLink", f"{_PACKAGE}.sensors.links.WahelpLink"],
        "connection-types": [_connection_type()],
        "asset-uris": [{"schemes": ["wahelp"], "handler": f"{_PACKAGE}.assets.uri.sanitize_uri"}],
        "config": _config(),
    }


def _modules(kind: str, *names: str) -> list[dict[str, Any]]:
    modules = [f"{_PACKAGE}.{kind}.{name}" for name in names]
    return [{"integration-name": _INTEGRATION, "python-modules": modules}]


def _transfers() -> list[dict[str, Any]]:
    return [
        {
            "source-integration-name": "Common SQL",
            "target-integration-name": _INTEGRATION,
            "python-module": f"{_PACKAGE}.transfers.sql_to_wahelp",
        }
    ]


def _connection_type() -> dict[str, Any]:
    return {
        "connection-type": connection_form.CONN_TYPE,
        "hook-class-name": f"{_PACKAGE}.hooks.wahelp.WahelpHook",
        "hook-name": connection_form.HOOK_NAME,
        "ui-field-behaviour": {
            "hidden-fields": connection_form.HIDDEN_FIELDS,
            "relabeling": connection_form.RELABELING,
            "placeholders": connection_form.PLACEHOLDERS,
        },
        "conn-fields": connection_form.conn_fields(),
    }


def _config() -> dict[str, Any]:
    return {
        "wahelp": {
            "description": "Settings of the Wahelp provider.",
            "options": {
                "state": {
                    "description": (
                        "The connection of a Redis, Valkey or PostgreSQL in which the tasks of all hosts "
                        "count and remember together. Empty: each host for itself, in ``state_directory``.\n"
                    ),
                    "version_added": "0.1.0",
                    "type": "string",
                    "example": "wahelp_state",
                    "default": "",
                },
                "per_person": {
                    "description": (
                        "How many messages a person gets in a period at most, over all mailings and single "
                        "sends. Empty: no limit, unless a task names one.\n"
                    ),
                    "version_added": "0.1.0",
                    "type": "string",
                    "example": "3 per week",
                    "default": "",
                },
                **_alert_options(),
                "state_directory": {
                    "description": (
                        "Where the tasks of a host share a token. Created for its owner alone; it may "
                        "vanish at any time. Empty: the directory ``wahelp`` in ``AIRFLOW_HOME``.\n"
                    ),
                    "version_added": "0.1.0",
                    "type": "string",
                    "example": "/var/lib/airflow/wahelp",
                    "default": "",
                },
                **_file_options(),
                **_mailing_options(),
            },
        }
    }


def _alert_options() -> dict[str, Any]:
    told = {
        "alert_to": ("", "+71234567890, +77012345678", "Phones that are told when any task or DAG fails."),
        "alert_conn_id": ("wahelp_default", "wahelp_alerts", "The connection that tells them."),
        "alert_throttle": ("600", "3600", "Seconds for which an alert silences its group; 0: each is sent."),
        "alert_quiet_hours": ("", "22:00-08:00", "When no alert is sent."),
        "alert_timezone": ("Europe/Moscow", "Asia/Almaty", "The zone of times in alerts."),
        "alert_timeout": (
            "40",
            "100",
            "Seconds for an alert; less than dag_file_processor_timeout.",
        ),
    }
    return {
        name: {
            "description": f"{description}\n",
            "version_added": "0.1.0",
            "type": "string",
            "example": example,
            "default": default,
            "sensitive": name == "alert_to",  # phones: not for those who may read the configuration
        }
        for name, (default, example, description) in told.items()
    }


def _file_options() -> dict[str, Any]:
    return {
        "file_field": {
            "description": (
                "The name of the part that a file to a person is sent in. Wahelp has not published "
                "it; ``wahelp docs`` may tell.\n"
            ),
            "version_added": "0.1.0",
            "type": "string",
            "example": "attachment",
            "default": "file",
        },
        "file_limit": {
            "description": "Bytes that a file to a person, or one that is fetched, may have.\n",
            "version_added": "0.1.0",
            "type": "integer",
            "example": "16000000",
            "default": "100000000",
        },
        "file_hosts": {
            "description": (
                "Hosts of your own network that ``file_url`` may name, each with its port or without, "
                "with commas between. All others of your own network are refused.\n"
            ),
            "version_added": "0.1.0",
            "type": "string",
            "example": "grafana.internal:3000",
            "default": "",
        },
    }


def _mailing_options() -> dict[str, Any]:
    return {
        "mailing_path": {
            "description": (
                "Where the mailings that Wahelp itself sends lie, below ``/api/app``. Wahelp's list leaves "
                "it open. Empty: below the channel.\n"
            ),
            "version_added": "0.1.0",
            "type": "string",
            "example": "projects/{project_id}/mass_mailings/{kind}",
            "default": "",
        },
        "mailing_states": {
            "description": (
                "What a status of such a mailing means, as JSON: ``draft``, ``running``, ``finished``, "
                '``stopped`` or ``failed``. ``""`` stands for none.\n'
            ),
            "version_added": "0.1.0",
            "type": "string",
            "example": '{"3": "finished"}',
            "default": "",
        },
    }
