"""Both hooks through the same cases, over real HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from airflow_provider_wahelp.hooks import WahelpAsyncHook, WahelpHook
from airflow_provider_wahelp.sandbox import Sandbox

Calling = Callable[..., Any]


class Blocking:
    """Calls a method of the blocking hook."""

    def __init__(self, **arguments: Any) -> None:
        self.hook = WahelpHook(**arguments)

    def __getattr__(self, name: str) -> Calling:
        def call(*args: Any, **kwargs: Any) -> Any:
            result = getattr(self.hook, name)(*args, **kwargs)
            return list(result) if isinstance(result, Iterator) else result

        return call


class Asynchronous:
    """Calls a method of the asynchronous hook, each time in an event loop of its own."""

    def __init__(self, **arguments: Any) -> None:
        self.hook = WahelpAsyncHook(**arguments)

    def __getattr__(self, name: str) -> Calling:
        async def call(*args: Any, **kwargs: Any) -> Any:
            async with self.hook:
                result = getattr(self.hook, name)(*args, **kwargs)
                if isinstance(result, AsyncIterator):
                    return [item async for item in result]
                return await result

        return lambda *args, **kwargs: asyncio.run(call(*args, **kwargs))


@pytest.fixture(params=[Blocking, Asynchronous], ids=["blocking", "asynchronous"])
def new_hook(request: pytest.FixtureRequest, wahelp_sandbox: Sandbox, connect: Any) -> Callable[..., Any]:
    """Return what makes a hook on the sandbox, as every new task makes one."""
    connect(wahelp_sandbox.url)
    return request.param


@pytest.fixture
def hook(new_hook: Callable[[], Any]) -> Any:
    """Return a hook on the sandbox."""
    return new_hook()


@pytest.fixture
def project(hook: Any) -> int:
    """Return the id of a project."""
    return hook.create_project("Shop").id


@pytest.fixture
def channel(hook: Any, project: int, wahelp_sandbox: Sandbox) -> dict[str, Any]:
    """Return the arguments that name an active channel."""
    uuid = hook.create_channel("Support", project_id=project).uuid
    wahelp_sandbox.scan(uuid)
    return {"channel_uuid": uuid, "project_id": project}
