"""Where a reader may see channels: what connections lead to, and what tasks have been at."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

from airflow.models.connection import Connection
from airflow.models.xcom import XComModel
from airflow.utils.session import create_session
from sqlalchemy import select

from airflow_provider_wahelp.client import arguments
from airflow_provider_wahelp.client.errors import InputError
from airflow_provider_wahelp.connection_form import CONN_TYPE
from airflow_provider_wahelp.links import CHANNEL
from airflow_provider_wahelp.pages.access import may_read_connection, visible_dags, with_xcoms
from airflow_provider_wahelp.pages.mailings import mailings
from airflow_provider_wahelp.pages.qr import can_draw
from airflow_provider_wahelp.pages.wahelp import Place, Project

MOST = 50
"""Tasks that are asked which channels they were at: the latest."""


def places(user: Any) -> list[Place]:
    """Return the projects whose channels a user may see, each once.

    Airflow lists only the connections of its own database. Those of environment and secrets backends are
    known by the tasks that use them.
    """
    found = dict.fromkeys([*_stored(), *_of_tasks(user), *_of_mailings(user)])
    readable = {conn_id: may_read_connection(user, conn_id) for conn_id in {place.conn_id for place in found}}
    return [place for place in found if readable[place.conn_id]]


def shown(project: Project, channel_uuid: str | None = None) -> dict[str, Any]:
    """Return what the page shows of a project: plain JSON values.

    :param channel_uuid: of this channel alone.
    """
    found = [each for each in project.channels if channel_uuid in (None, each[0].uuid)]
    lost = "The project has no such channel." if channel_uuid and not found else ""
    return {
        "project_id": project.project_id,
        "error": project.error or lost,
        "shared": project.shared,
        "channels": [
            {
                **{name: getattr(channel, name) or "" for name in ("uuid", "name", "type")},
                "active": channel.active,
                "scan": channel.type == "whatsapp" and not channel.active and bool(channel.uuid),
                "sent": use and use.sent,
                "cap": use and use.cap,
            }
            for channel, use in found
        ],
        "draws": can_draw(),
    }


def _stored() -> list[Place]:
    query = select(Connection.conn_id).where(Connection.conn_type == CONN_TYPE).order_by(Connection.conn_id)
    with create_session(scoped=False) as session:
        return [Place(conn_id) for conn_id in session.scalars(query)]


def _of_mailings(user: Any) -> Iterator[Place]:
    for mailing in mailings(user):
        if conn_id := mailing.told.get("conn_id"):
            yield Place(str(conn_id))


def _of_tasks(user: Any) -> list[Place]:
    """Return where the latest tasks were that have left a link to their channel."""
    if not (dag_ids := visible_dags(user)):
        return []
    query = select(XComModel).where(XComModel.key == CHANNEL, XComModel.dag_id.in_(dag_ids))
    with create_session(scoped=False) as session:
        rows = session.scalars(query.order_by(XComModel.timestamp.desc()).limit(MOST)).all()
        readable = with_xcoms(user, {row.dag_id for row in rows})
        links = [XComModel.deserialize_value(row) for row in rows if row.dag_id in readable]
    return list(filter(None, map(_place, links)))


def _place(link: Any) -> Place | None:
    """Return where a link leads: an XCom may hold anything."""
    named = {name: values[0] for name, values in parse_qs(urlsplit(str(link)).query).items()}
    try:
        return Place(named["conn_id"], arguments.project_id(named["project_id"]))
    except (KeyError, InputError):
        return None
