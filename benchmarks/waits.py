"""Waits in one event loop, as the triggerer runs them; each function is the work of a process of its own.

What Airflow has loaded is kept out of the garbage collection: walking through it takes 0.2 s with and without
us. What the waits bring is not.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import socket
import time
import tracemalloc
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import httpx

from airflow_provider_wahelp.triggers import ChannelActiveTrigger, MessageStatusTrigger, poll

ROUNDS = 4
FAULT_SECONDS = 10.0
HEAL_SECONDS = 60.0
SHARING = 100
"""Waits that share a poll which meets with a fault."""

_TICK = 0.01
_KINDS: dict[str, dict[str, Any]] = {
    "HTTP 401": {"fault": "dead_token"},
    "HTTP 429": {"fault": "rate_limit"},
    "HTTP 502": {"fault": "error_after", "status": 502},
}


def memory(project_id: int, sent: Mapping[str, Sequence[int]], waits: int, interval: float) -> float:
    """Return what a wait takes, in bytes: in a process of its own, as measuring slows everything down."""
    return asyncio.run(_memory(project_id, sent, waits, interval))


def loop(
    url: str, project_id: int, sent: Mapping[str, Sequence[int]], waits: int, interval: float
) -> dict[str, float]:
    """Let triggers wait for some intervals, then let what they wait for come about."""
    with httpx.Client(base_url=f"{url}/sandbox", trust_env=False, timeout=60) as sandbox:
        return asyncio.run(_loop(sandbox, _triggers(project_id, sent, waits, interval), list(sent), interval))


def faults(url: str, where: Mapping[str, tuple[int, str]]) -> dict[str, dict[str, float]]:
    """Let waits meet with faults that last for a while, each in a project of its own, at the same time."""
    with httpx.Client(base_url=f"{url}/sandbox", trust_env=False, timeout=60) as sandbox:
        return asyncio.run(_faults(url, sandbox, where))


class Watchdog:
    """Notes for how long the event loop was held up at most."""

    def __init__(self) -> None:
        self.longest = 0.0
        self._task = asyncio.create_task(self._watch())

    async def _watch(self) -> None:
        while True:
            begun = time.perf_counter()
            await asyncio.sleep(_TICK)
            self.longest = max(self.longest, time.perf_counter() - begun - _TICK)

    def stop(self) -> None:
        """Stop watching."""
        self._task.cancel()


class Host:
    """A host that leads to the sandbox, and is dead at first: nobody listens.

    :param url: the sandbox.
    """

    def __init__(self, url: str) -> None:
        self._to = urlsplit(url)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = int(probe.getsockname()[1])
        self.url = f"http://127.0.0.1:{self._port}"

    async def heal(self) -> asyncio.Server:
        """Begin to listen."""
        return await asyncio.start_server(self._lead, "127.0.0.1", self._port)

    async def _lead(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(self._to.hostname, self._to.port)
        await asyncio.gather(_pipe(reader, back), _pipe(there, writer))


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()


async def _memory(project_id: int, sent: Mapping[str, Sequence[int]], waits: int, interval: float) -> float:
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    tasks = await _start(_triggers(project_id, sent, waits, interval))
    await asyncio.sleep(interval)
    gc.collect()
    taken = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    await _stop(tasks)
    return taken / waits


async def _loop(
    sandbox: httpx.Client, triggers: list[Any], channels: list[str], interval: float
) -> dict[str, float]:
    gc.collect()
    gc.freeze()
    watchdog = Watchdog()
    tasks = await _start(triggers)
    await asyncio.sleep(interval * 1.5)
    await asyncio.to_thread(_requests, sandbox)
    await asyncio.sleep(interval * ROUNDS)
    asked = await asyncio.to_thread(_requests, sandbox)
    happened = time.perf_counter()
    await asyncio.to_thread(_come_about, sandbox, channels)
    latest = max(await asyncio.wait_for(asyncio.gather(*tasks), interval * 10))
    watchdog.stop()
    return {"requests": len(asked) / ROUNDS, "held": watchdog.longest, "latest": latest - happened}


async def _faults(
    url: str, sandbox: httpx.Client, where: Mapping[str, tuple[int, str]]
) -> dict[str, dict[str, float]]:
    host, looks = Host(url), _count_looks()
    os.environ["AIRFLOW_CONN_WAHELP_DEAD"] = json.dumps(
        {**json.loads(os.environ["AIRFLOW_CONN_WAHELP_DEFAULT"]), "host": host.url}
    )
    tasks = {
        name: await _start(_sharing(*place, "wahelp_dead" if name == "dead host" else "wahelp_default"))
        for name, place in where.items()
    }
    await asyncio.sleep(1)
    for name, kind in _KINDS.items():
        fault = {**kind, "path": f"*/projects/{where[name][0]}/channels*"}
        await asyncio.to_thread(sandbox.post, "/faults", json=fault)
    await asyncio.to_thread(_requests, sandbox)
    looks.clear()
    await asyncio.sleep(FAULT_SECONDS)
    asked = await asyncio.to_thread(_requests, sandbox)
    dead = looks[where["dead host"][0]]
    server = await host.heal()
    await asyncio.to_thread(sandbox.delete, "/faults")
    await asyncio.to_thread(_come_about, sandbox, [uuid for _, uuid in where.values()])
    found = {}
    for name, (project_id, _) in where.items():
        count = dead if name == "dead host" else sum(_is_about(path, project_id, name) for path in asked)
        _, lost = await asyncio.wait(tasks[name], timeout=HEAL_SECONDS)
        failed = sum(bool(task.exception()) for task in tasks[name] if task.done())
        await _stop(lost)
        found[name] = {"rate": count / FAULT_SECONDS, "lost": len(lost) + failed}
    server.close()
    return found


def _count_looks() -> Counter[int]:
    """Count the looks of each project: at a dead host each is one attempt to connect."""
    looks: Counter[int] = Counter()
    look: Callable[..., Awaitable[Any]] = poll.Poll.run_once

    async def counted(self: poll.Poll, *hints: Any) -> Any:
        looks[self._project] += 1
        return await look(self, *hints)

    poll.Poll.run_once = counted  # type: ignore[method-assign]
    return looks


def _is_about(path: str, project_id: int, name: str) -> bool:
    login = name == "HTTP 401" and "/user/" in path  # a new token
    return login or f"/projects/{project_id}/" in path


def _sharing(project_id: int, uuid: str, connection: str) -> list[Any]:
    place = {"project_id": project_id, "channel_uuid": uuid}
    return [ChannelActiveTrigger(poke_interval=1, wahelp_conn_id=connection, **place) for _ in range(SHARING)]


def _triggers(project_id: int, sent: Mapping[str, Sequence[int]], waits: int, interval: float) -> list[Any]:
    """Return triggers of which half wait for channels, and half for messages."""
    common: dict[str, Any] = {"project_id": project_id, "poke_interval": interval}
    channels, half = list(sent), waits // 2
    triggers: list[Any] = [
        ChannelActiveTrigger(channel_uuid=channels[number % len(channels)], **common)
        for number in range(half)
    ]
    for number in range(waits - half):
        uuid = channels[number % len(channels)]
        message = sent[uuid][number // len(channels) % len(sent[uuid])]
        triggers.append(MessageStatusTrigger(message_id=message, channel_uuid=uuid, **common))
    return triggers


async def _start(triggers: list[Any]) -> list[asyncio.Task[float]]:
    """Start triggers as the triggerer does: the loop has its turn after each."""
    tasks = []
    for trigger in triggers:
        tasks.append(asyncio.create_task(_outcome(trigger)))
        await asyncio.sleep(0)
    return tasks


async def _outcome(trigger: Any) -> float:
    """Run a trigger as the triggerer does, and return when its event was out."""
    async for event in trigger.run():
        if "result" not in event.payload:
            raise RuntimeError(str(event.payload))
    return time.perf_counter()


async def _stop(tasks: Iterable[asyncio.Task[float]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _requests(sandbox: httpx.Client) -> list[str]:
    """Return the paths of what was asked since the last time."""
    paths = [each["path"] for each in sandbox.get("/requests").json()]
    sandbox.delete("/requests")
    return paths


def _come_about(sandbox: httpx.Client, channels: list[str]) -> None:
    for uuid in channels:
        sandbox.post(f"/channels/{uuid}/scan")
    sandbox.post("/clock/advance", json={"seconds": 10_000})
