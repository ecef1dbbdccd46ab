"""Incoming messages: what people wrote to a channel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import BaseOperator

from airflow_provider_wahelp.client.errors import InputError

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context
    from airflow.sdk import Asset


class IncomingMessagesOperator(BaseOperator):
    """Return what people wrote since this DAG last read, in order, each message once. Airflow 3.

    A run is not given all events that came before it; this task reads the others too. A retried or cleared
    task gets the same messages again.

    :param asset: the channel, by :func:`~airflow_provider_wahelp.assets.wahelp.WahelpAsset`.
    :return: a list of :class:`~airflow_provider_wahelp.assets.event.IncomingEvent` as plain values: ``id``,
        ``kind``, ``user_id``, ``at``, ...; ``phone`` and ``text`` where the asset includes them.
    """

    template_fields: Sequence[str] = ()

    def __init__(self, *, asset: Asset, **kwargs: Any) -> None:
        uri = getattr(asset, "uri", "")
        if not uri.startswith("wahelp://") or uri.endswith("/messages"):
            raise InputError("asset", "must be a WahelpAsset that is not partitioned")
        # Two runs that read at the same time would both get the same messages.
        super().__init__(**{"max_active_tis_per_dag": 1, **kwargs, "inlets": [asset]})
        self.asset = asset

    def execute(self, context: Context) -> list[dict[str, Any]]:
        """Read what is new."""
        from airflow_provider_wahelp.incoming.reading import read_new

        found = read_new(self.asset, context)
        self.log.info("%d new messages", len(found))
        return [{**vars(each), "at": each.at.isoformat() if each.at else None} for each in found]
