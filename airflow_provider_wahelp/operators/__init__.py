"""Operators: each does one thing with Wahelp and returns the API's object as a plain dict."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_provider_wahelp._lazy import lazy_exports

if TYPE_CHECKING:
    from airflow_provider_wahelp.operators.api import WahelpApiOperator as WahelpApiOperator
    from airflow_provider_wahelp.operators.ask import AskOperator as AskOperator
    from airflow_provider_wahelp.operators.channels import CreateChannelOperator as CreateChannelOperator
    from airflow_provider_wahelp.operators.files import SendFileOperator as SendFileOperator
    from airflow_provider_wahelp.operators.history import GetMessagesOperator as GetMessagesOperator
    from airflow_provider_wahelp.operators.incoming import (
        IncomingMessagesOperator as IncomingMessagesOperator,
    )
    from airflow_provider_wahelp.operators.mailings import SendMessagesOperator as SendMessagesOperator
    from airflow_provider_wahelp.operators.messages import SendMessageOperator as SendMessageOperator
    from airflow_provider_wahelp.operators.people import BlockContactOperator as BlockContactOperator
    from airflow_provider_wahelp.operators.people import DeleteMessageOperator as DeleteMessageOperator
    from airflow_provider_wahelp.operators.people import DeleteUserOperator as DeleteUserOperator
    from airflow_provider_wahelp.operators.people import ImportContactsOperator as ImportContactsOperator
    from airflow_provider_wahelp.operators.people import UnblockContactOperator as UnblockContactOperator
    from airflow_provider_wahelp.operators.platform_mailings import (
        CreatePlatformMailingOperator as CreatePlatformMailingOperator,
    )
    from airflow_provider_wahelp.operators.platform_mailings import (
        ExportPlatformMailingOperator as ExportPlatformMailingOperator,
    )
    from airflow_provider_wahelp.operators.platform_mailings import (
        StartPlatformMailingOperator as StartPlatformMailingOperator,
    )
    from airflow_provider_wahelp.operators.platform_mailings import (
        StopPlatformMailingOperator as StopPlatformMailingOperator,
    )
    from airflow_provider_wahelp.operators.projects import CreateProjectOperator as CreateProjectOperator
    from airflow_provider_wahelp.operators.replies import ReplyReportOperator as ReplyReportOperator
    from airflow_provider_wahelp.operators.templates import CreateTemplateOperator as CreateTemplateOperator
    from airflow_provider_wahelp.operators.templates import ListTemplatesOperator as ListTemplatesOperator
    from airflow_provider_wahelp.operators.users import CreateUserOperator as CreateUserOperator
    from airflow_provider_wahelp.operators.webhooks import SetWebhookOperator as SetWebhookOperator

__getattr__, __all__ = lazy_exports(
    __name__,
    api="WahelpApiOperator",
    ask="AskOperator",
    channels="CreateChannelOperator",
    files="SendFileOperator",
    history="GetMessagesOperator",
    incoming="IncomingMessagesOperator",
    mailings="SendMessagesOperator",
    messages="SendMessageOperator",
    people=(
        "BlockContactOperator DeleteMessageOperator DeleteUserOperator "
        "ImportContactsOperator UnblockContactOperator"
    ),
    platform_mailings=(
        "CreatePlatformMailingOperator ExportPlatformMailingOperator "
        "StartPlatformMailingOperator StopPlatformMailingOperator"
    ),
    projects="CreateProjectOperator",
    replies="ReplyReportOperator",
    templates="CreateTemplateOperator ListTemplatesOperator",
    users="CreateUserOperator",
    webhooks="SetWebhookOperator",
)
