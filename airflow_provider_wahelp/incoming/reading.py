"""Reading what people wrote since a DAG last read, each message once, however Airflow groups the events."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from airflow_provider_wahelp.assets.event import IncomingEvent
from airflow_provider_wahelp.assets.uri import ChannelUri
from airflow_provider_wahelp.client.errors import InputError
from airflow_provider_wahelp.incoming.ledger import MARGIN, ReadState, StoredEvent

if TYPE_CHECKING:
    from airflow.sdk import Asset


def new_messages(
    asset: Asset, *, fetch: bool = False, wahelp_conn_id: str = "wahelp_default"
) -> list[IncomingEvent]:
    """Return what is new since this task last read, in order, each message once. For ``@task``.

    A retried or cleared task gets the same messages again. The task needs ``inlets=[asset]`` and
    ``max_active_tis_per_dag=1``: two runs must not read at the same time.

    :param asset: the channel, by :func:`~airflow_provider_wahelp.assets.wahelp.WahelpAsset`.
    :param fetch: whether to read texts and phones from Wahelp, a request a message, where the asset does not
        include them. So they never lie in Airflow's database.
    :param wahelp_conn_id: where to fetch from.
    """
    from airflow.sdk import get_current_context

    found = read_new(asset, get_current_context())
    return [_fetched(each, asset, wahelp_conn_id) for each in found] if fetch else found


def message_of_run(
    asset: Asset, *, fetch: bool = False, wahelp_conn_id: str = "wahelp_default"
) -> IncomingEvent:
    """Return the message that this run is for. For ``@task``, in a DAG with ``PartitionedAssetTimetable``.

    :param asset: the channel's messages, by ``WahelpAsset(..., partitioned=True)``.
    :param fetch: as for :func:`new_messages`.
    :param wahelp_conn_id: where to fetch from.
    :raises InputError: in a run that no message has started.
    """
    from airflow.sdk import get_current_context

    context: Any = get_current_context()
    key, triggering = context["dag_run"].partition_key, context["triggering_asset_events"]
    given = triggering[asset] if key and asset in triggering else ()
    found = (IncomingEvent.from_extra(each.extra) for each in given)
    event = next((each for each in found if each and each.key == key), None)
    if event is None:
        raise InputError("asset", "must be the partitioned one whose message has started this run")
    return _fetched(event, asset, wahelp_conn_id) if fetch else event


def read_new(asset: Asset, context: Any) -> list[IncomingEvent]:
    """Return what is new for the task of a context, and remember it before the task can use it."""
    ti = context["ti"]
    store = _store(asset, context)
    state = ReadState.from_json(store.load()) or ReadState(_first_start(asset, context))
    run_id = f"{ti.run_id}/{ti.map_index}"
    after, found = state.assign(run_id, _events(asset, context, state.start(run_id)))
    if after is not state:
        store.save(after.to_json())
    return found


class _Store(Protocol):
    def load(self) -> Any: ...

    def save(self, value: Any) -> None: ...


class _AssetStore:
    """The asset's own store (3.3)."""

    def __init__(self, accessor: Any, name: str) -> None:
        self._accessor = accessor
        self._name = name

    def load(self) -> Any:
        return self._accessor.get(self._name)

    def save(self, value: Any) -> None:
        self._accessor.set(self._name, value)


class _VariableStore:
    """A Variable, before 3.3."""

    def __init__(self, name: str) -> None:
        self._name = name

    def load(self) -> Any:
        from airflow.sdk import Variable

        stored = Variable.get(self._name, default=None)
        return json.loads(stored) if stored else None

    def save(self, value: Any) -> None:
        from airflow.sdk import Variable

        Variable.set(self._name, json.dumps(value))


def _store(asset: Asset, context: Any) -> _Store:
    ti = context["ti"]
    whose = hashlib.sha256(json.dumps([ti.dag_id, ti.task_id, asset.uri]).encode()).hexdigest()[:16]
    name = f"wahelp_read_{whose}"
    accessors = context.get("asset_state_store")
    return _VariableStore(name) if accessors is None else _AssetStore(accessors[asset], name)


def _first_start(asset: Asset, context: Any) -> datetime:
    """Return where the very first reading begins: with what has started this run, not with all there is."""
    triggering: Mapping[Any, Any] = context.get("triggering_asset_events") or {}
    times = [each.timestamp for each in (triggering[asset] if asset in triggering else ())]  # noqa: SIM401
    run_after = getattr(context["dag_run"], "run_after", None)
    first: datetime = min([*times, *filter(None, [run_after])])
    return first - MARGIN


def _events(asset: Asset, context: Any, after: datetime) -> Iterator[StoredEvent]:
    events = context["inlet_events"][asset]
    if hasattr(events, "after"):  # Airflow 3.2
        events = events.after(after.isoformat())
    for each in events:
        event = IncomingEvent.from_extra(each.extra)
        if event and each.timestamp >= after:
            yield StoredEvent(event, each.timestamp)


def _fetched(event: IncomingEvent, asset: Asset, wahelp_conn_id: str) -> IncomingEvent:
    if event.text is not None and event.phone is not None:
        return event
    from airflow_provider_wahelp.hooks.wahelp import WahelpHook

    with WahelpHook(wahelp_conn_id) as hook:
        project = ChannelUri.parse(asset.uri).project_id
        message = hook.get_message(event.id, channel_uuid=event.channel_uuid, project_id=project)
    return replace(event, text=event.text or message.text, phone=event.phone or message.phone)
