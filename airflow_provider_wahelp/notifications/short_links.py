"""A link to a task's log that is short enough for a phone: the id of the try, which our pages look up."""

from __future__ import annotations

from base64 import b32decode, b32encode
from uuid import UUID

from airflow_provider_wahelp.hooks.receiver import PREFIX

_PADDING = "======"


def short_link(long: str, task_instance_id: object) -> str:
    """Return a link to the log of a task: the long one where no page of ours would resolve a short one.

    :param task_instance_id: a UUID from Airflow 3 on: each try has its own.
    """
    from airflow.providers.common.compat.sdk import conf
    from airflow.providers.common.compat.version_compat import AIRFLOW_V_3_1_PLUS

    base = conf.get("api", "base_url", fallback="") if AIRFLOW_V_3_1_PLUS else ""
    if not base or not conf.getboolean("wahelp", "short_links", fallback=True):
        return long
    try:
        code = code_of(UUID(str(task_instance_id)))
    except ValueError:
        return long
    short = f"{base.rstrip('/')}{PREFIX}/r/{code}"
    return min(long, short, key=len) if long else short


def code_of(uuid: UUID) -> str:
    """Return a UUID in letters and digits alone: a messenger takes a hyphen at the end for the text's."""
    return b32encode(uuid.bytes).decode().removesuffix(_PADDING).lower()


def uuid_of(code: str) -> UUID | None:
    """Return the UUID of a code; ``None`` if it is none."""
    try:
        return UUID(bytes=b32decode(f"{code.upper()}{_PADDING}"))
    except ValueError:
        return None
