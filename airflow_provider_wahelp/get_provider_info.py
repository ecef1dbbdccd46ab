"""What Airflow reads about this provider before it imports any of it."""

from __future__ import annotations

from typing import Any

from airflow_provider_wahelp import config_options, connection_form

_PACKAGE = "airflow_provider_wahelp"
_INTEGRATION = "Wahelp"
_OPERATORS = (
    "api ask channels files history incoming mailings messages people "
    "platform_mailings projects replies templates users webhooks"
)
_LINKS = (
    "links.ChannelLink",
    "links.WahelpLink",
    "operators.conversations.ConversationLink",
    "operators.links.MailingLink",
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
        "extra-links": [f"{_PACKAGE}.{link}" for link in _LINKS],
        "connection-types": [_connection_type()],
        "asset-uris": [{"schemes": ["wahelp"], "handler": f"{_PACKAGE}.assets.uri.sanitize_uri"}],
        "config": config_options.described(),
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
