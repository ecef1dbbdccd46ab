"""The file of an alert: read in time, or the alert goes without it and says so."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from typing import Any, NamedTuple

from asgiref.sync import sync_to_async

from airflow_provider_wahelp.client.bodies import FilePart
from airflow_provider_wahelp.client.errors import InputError
from airflow_provider_wahelp.language import Words, marked

_SHARE = 0.4  # of the time: to read it; a send needs the rest


class Unrendered(NamedTuple):
    """Stands for a path whose template cannot be rendered."""

    error: str


class Attachment(NamedTuple):
    """The file of an alert.

    :param part: the file; ``None`` where it cannot be sent.
    :param name: what it is called; empty where that is not known.
    :param why: why it cannot be sent, a :func:`marked` text.
    :param error: what stands there for ``{error}``.
    """

    part: FilePart | None = None
    name: str = ""
    why: str = ""
    error: str = ""

    def lacking(self, words: Words) -> str:
        """Return the line that says that it cannot be sent."""
        why = words.gettext(self.why, error=self.error)
        if not self.name:
            return words.gettext("Without the file: {why}.", why=why)
        return words.gettext("Without the file {name}: {why}.", name=self.name, why=why)

    def refused(self, words: Words) -> str:
        """Return the line that says that Wahelp takes no such file."""
        name = self.part.name if self.part else ""
        return Attachment(name=name, why=marked("Wahelp refuses it")).lacking(words)


async def read_attachment(file: Any, seconds: float) -> Attachment:
    """Read a file, within a share of so many seconds.

    :param file: a path of object storage; nothing for none.
    """
    if not file:
        return Attachment()
    if isinstance(file, Unrendered):
        return Attachment(why=marked("its path cannot be rendered ({error})"), error=file.error)
    name = str(file).rpartition("/")[2]
    try:
        async with asyncio.timeout(seconds * _SHARE):
            # A thread that knows the loop: in a triggerer an Airflow connection is asked for through it.
            return Attachment(await sync_to_async(_read, thread_sensitive=False)(file))
    except TimeoutError:
        return Attachment(None, name, marked("it could not be read in time"))
    except InputError as error:
        return Attachment(None, name, marked("it {error}"), error.must)
    except Exception as error:  # noqa: BLE001 - whatever an object storage raises: the alert goes
        return Attachment(None, name, marked("it cannot be read ({error})"), type(error).__name__)


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
