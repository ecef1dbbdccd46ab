"""Notes in Airflow's audit log of who has seen what is about people."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from airflow.models.log import Log
from airflow.utils.session import create_session


def note(user: Any, event: str, extra: Mapping[str, Any] | None = None, **task: Any) -> None:
    """Note what a user has done.

    :param extra: what it was done to: ids, no phone and no text.
    :param task: the fields of a task instance, if it is about one.
    """
    name = user.get_name()
    told = json.dumps(extra) if extra else None
    with create_session(scoped=False) as session:
        session.add(Log(event=event, owner=name, owner_display_name=name, extra=told, **task))
