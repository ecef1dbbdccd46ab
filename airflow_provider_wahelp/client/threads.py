"""Files on an event loop: opened, read and written in a thread, since storage may be another host's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager
from typing import IO, TYPE_CHECKING, TypeVar

from airflow_provider_wahelp.client.bodies import Encoded
from airflow_provider_wahelp.client.http_request import CHUNK

if TYPE_CHECKING:
    import httpx

T = TypeVar("T")


@asynccontextmanager
async def in_thread(manager: AbstractContextManager[T]) -> AsyncIterator[T]:
    """Enter and leave a context in a thread."""
    entered = await asyncio.to_thread(manager.__enter__)
    try:
        yield entered
    except BaseException as error:
        if not await asyncio.to_thread(manager.__exit__, type(error), error, error.__traceback__):
            raise
    else:
        await asyncio.to_thread(manager.__exit__, None, None, None)


def content_of(form: Encoded) -> bytes | AsyncIterator[bytes]:
    """Return a body as httpx takes it on an event loop."""
    return form.content if isinstance(form.content, bytes) else _chunks(form)


async def store(file: AbstractContextManager[IO[bytes]], response: httpx.Response) -> int:
    """Write the body of a response to a file, and return its size."""
    size = 0
    async with in_thread(file) as opened:
        async for chunk in response.aiter_bytes(CHUNK):
            size += await asyncio.to_thread(opened.write, chunk)
    return size


async def _chunks(form: Encoded) -> AsyncIterator[bytes]:
    chunks = iter(form.content if not isinstance(form.content, bytes) else [form.content])
    while chunk := await asyncio.to_thread(next, chunks, b""):
        yield chunk
