"""A channel as an asset."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, get_args

from airflow_provider_wahelp.assets.event import Inclusion
from airflow_provider_wahelp.assets.uri import ChannelUri
from airflow_provider_wahelp.client import arguments
from airflow_provider_wahelp.client.events import KINDS, Kind

if TYPE_CHECKING:
    from airflow.sdk import Asset


def WahelpAsset(  # noqa: N802 - it is used as the class is
    project_id: int | str,
    channel_uuid: str,
    *,
    host: str = "wahelp.ru",
    kinds: Sequence[Kind] = ("message",),
    include: Sequence[Inclusion] = (),
    partitioned: bool = False,
    **kwargs: Any,
) -> Asset:
    """Return a channel as an asset: what people write there are its events. Airflow 3.

    Airflow takes an asset for another one where its name or its URI is spelt differently. So both are the one
    spelling of ``wahelp://<host>/<project>/<channel>``.

    :param project_id: the channel's project.
    :param channel_uuid: the channel.
    :param host: the host of the API, as in the connection.
    :param kinds: the events that DAGs are woken by, of ``message``, ``call``, ``deleted``, ``status`` and
        ``echo``: see :data:`~airflow_provider_wahelp.client.events.Kind`. With ``echo``, a DAG that sends
        through the channel wakes itself.
    :param include: what personal data the events hold, of ``phone`` and ``text``. Airflow keeps events in its
        database and shows them to everybody who may see the asset.
    :param partitioned: whether to return another asset, which has a partition for each message: a DAG with
        ``PartitionedAssetTimetable`` has a run for each. Airflow 3.2.
    :param kwargs: ``watchers``, ``group`` and whatever else Airflow's ``Asset`` takes.
    :raises ValueError: if one of the arguments is wrong.
    """
    try:
        from airflow.sdk import Asset
    except ImportError:
        raise RuntimeError("WahelpAsset needs Airflow 3.0: before, nothing can tell of messages") from None

    channel = ChannelUri.parse(f"wahelp://{host}/{project_id}/{arguments.channel_uuid(channel_uuid)}")
    if partitioned:
        _require_partitions()
    uri = str(channel._replace(partitioned=partitioned))
    extra: dict[str, Any] = {
        "kinds": arguments.some_of(kinds, "kinds", KINDS),
        "include": arguments.some_of(include, "include", get_args(Inclusion)),
    }
    return Asset(name=uri, uri=uri, extra={**kwargs.pop("extra", {}), **extra}, **kwargs)


def _require_partitions() -> None:
    try:
        from airflow.sdk import PartitionedAssetTimetable  # noqa: F401
    except ImportError:
        raise RuntimeError("partitioned=True needs Airflow 3.2: before, assets have no partitions") from None
