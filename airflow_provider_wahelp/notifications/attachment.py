"""The file of an alert: read in time, or the alert goes without it and says so."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from typing import Any, NamedTuple

from asgiref.sync import sync_to_async

from airflow_provider_wahelp.client.bodies import FilePart
from airflow_provider_wahelp.client.errors import InputError

_SHARE = 0.4  # of the time: to read it; a send needs the rest


class Unrendered(NamedTuple):
    """Stands for a path whose template cannot be rendered."""

    error: str


class Attachment(NamedTuple):
    """The file of an alert.

    :param part: the file; ``None`` where it cannot be sent.
    :param lacking: the line that says so.
    """

    part: FilePart | None = None
    lacking: str = ""

    @property
    def refused(self) -> str:
        """The line that says that Wahelp takes no such file."""
        return _without(self.part.name if self.part else "", "Wahelp refuses it")


async def read_attachment(file: Any, seconds: float) -> Attachment:
    """Read a file, within a share of so many seconds.

    :param file: a path of object storage; nothing for none.
    """
    if not file:
        return Attachment()
    if isinstance(file, Unrendered):
        return Attachment(lacking=_without("", f"its path cannot be rendered ({file.error})"))
    name = str(file).rpartition("/")[2]
    try:
        async with asyncio.timeout(seconds * _SHARE):
            # A thread that knows the loop: in a triggerer an Airflow connection is asked for through it.
            return Attachment(await sync_to_async(_read, thread_sensitive=False)(file))
    except TimeoutError:
        why = "it could not be read in time"
    except InputError as error:
        why = f"it {error.must}"
    except Exception as error:  # noqa: BLE001 - whatever an object storage raises: the alert goes
        why = f"it cannot be read ({type(error).__name__})"
    return Attachment(lacking=_without(name, why))


def once(read: Callable[[], Any]) -> Callable[[], Any]:
    """Return a function whose callers wait for one and the same reading."""
    tasks: list[asyncio.Task[Attachment]] = []

    async def shared() -> Attachment:
        if not tasks:
            tasks.append(asyncio.create_task(read()))
        return await asyncio.shield(tasks[0])

    return shared


def _read(file: Any) -> FilePart:
    """Copy it here: what lies far away must not hold up the send."""
    from airflow_provider_wahelp.storage.outgoing import part_of
    from airflow_provider_wahelp.storage.unnamed import UnnamedFile
    from airflow_provider_wahelp.storage.uploads import checked_part, part_to_send

    found = checked_part(part_to_send(file))
    kept = UnnamedFile()
    with kept.rewrite() as copy, found.open() as content:
        shutil.copyfileobj(content, copy)
    return part_of(kept, found.name, found.content_type or "")


def _without(name: str, why: str) -> str:
    return f"Without the file{name and f' {name}'}: {why}."
