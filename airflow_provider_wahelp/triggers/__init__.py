"""Triggers: waiting without a worker."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_provider_wahelp._lazy import lazy_exports

if TYPE_CHECKING:
    from airflow_provider_wahelp.triggers.answers import AnswersTrigger as AnswersTrigger
    from airflow_provider_wahelp.triggers.channels import ChannelActiveTrigger as ChannelActiveTrigger
    from airflow_provider_wahelp.triggers.incoming import IncomingMessagesTrigger as IncomingMessagesTrigger
    from airflow_provider_wahelp.triggers.mailings import PlatformMailingTrigger as PlatformMailingTrigger
    from airflow_provider_wahelp.triggers.messages import MessageStatusTrigger as MessageStatusTrigger

__getattr__, __all__ = lazy_exports(
    __name__,
    answers="AnswersTrigger",
    channels="ChannelActiveTrigger",
    incoming="IncomingMessagesTrigger",
    mailings="PlatformMailingTrigger",
    messages="MessageStatusTrigger",
)
