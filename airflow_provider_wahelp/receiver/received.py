"""What a webhook told of, and where it happened."""

from __future__ import annotations

from dataclasses import dataclass

from airflow_provider_wahelp.assets.uri import ChannelUri
from airflow_provider_wahelp.client.events import ChannelEvent


@dataclass(frozen=True)
class Received:
    """An event of a channel.

    :param conn_id: the connection whose secret the webhook knew.
    """

    conn_id: str
    channel: ChannelUri
    event: ChannelEvent
