"""Operators: each does one thing with Wahelp and returns the API's object as a plain dict."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_provider_wahelp._lazy import lazy_exports

if TYPE_CHECKING:
    from airflow_provider_wahelp.operators.channels import CreateChannelOperator
    from airflow_provider_wahelp.operators.mailings import SendMessagesOperator
    from airflow_provider_wahelp.operators.messages import GetMessagesOperator, SendMessageOperator
    from airflow_provider_wahelp.operators.projects import CreateProjectOperator
    from airflow_provider_wahelp.operators.users import CreateUserOperator
    from airflow_provider_wahelp.operators.webhooks import SetWebhookOperator

__all__ = [
    "CreateChannelOperator",
    "CreateProjectOperator",
    "CreateUserOperator",
    "GetMessagesOperator",
    "SendMessageOperator",
    "SendMessagesOperator",
    "SetWebhookOperator",
]

__getattr__ = lazy_exports(
    __name__,
    {
        "CreateChannelOperator": "channels",
        "CreateProjectOperator": "projects",
        "CreateUserOperator": "users",
        "GetMessagesOperator": "messages",
        "SendMessageOperator": "messages",
        "SendMessagesOperator": "mailings",
        "SetWebhookOperator": "webhooks",
    },
)
