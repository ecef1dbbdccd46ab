"""What it costs to wait: thousands of triggers in one event loop, as the triggerer runs them.

    python benchmarks/waiting.py [--waits 5000] [--channels 10] [--interval 5] [--json results.json]

Half wait for channels, half for messages, all in one project of a sandbox that is a process of its own. The
run fails above a bar.

What Airflow has loaded is kept out of the garbage collection: walking through it takes 0.2 s with and without
us. What the waits bring is not.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import sys
import tempfile
import time
import tracemalloc
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
HOME = tempfile.TemporaryDirectory(prefix="wahelp-benchmark-")
os.environ.update(  # before anything imports Airflow
    AIRFLOW_HOME=HOME.name, AIRFLOW__CORE__LOAD_EXAMPLES="False", AIRFLOW__CORE__FERNET_KEY=""
)

import httpx  # noqa: E402

from airflow_provider_wahelp.triggers import ChannelActiveTrigger, MessageStatusTrigger  # noqa: E402
from demo.sandbox import Sandbox  # noqa: E402

ACCOUNT = {"login": "demo@example.com", "password": "demo"}
TICK = 0.01


@dataclass(frozen=True)
class Figure:
    """One result.

    :param name: what was measured.
    :param value: the figure.
    :param bar: what it may be at most.
    :param unit: its unit.
    """

    name: str
    value: float
    bar: float
    unit: str


class Account:
    """The sandbox's account: one project, its channels and one message for each wait.

    :param url: the sandbox.
    """

    def __init__(self, url: str) -> None:
        self._http = httpx.Client(base_url=url, trust_env=False, timeout=60)
        token = self._post("/api/app/user/login", ACCOUNT)["access_token"]
        self._http.headers["Authorization"] = f"Bearer {token}"
        self.project = self._post("/api/app/projects", {"name": "Benchmark"})["id"]

    def channel(self, name: str) -> str:
        """Make a channel, and return its uuid."""
        made = self._post(f"/api/app/projects/{self.project}/channels", {"name": name, "type": "whatsapp"})
        return str(made["uuid"])

    def messages(self, channel: str, count: int) -> list[int]:
        """Send so many messages through a channel, which is active for as long as that takes."""
        path = f"/api/app/projects/{self.project}/channels/{channel}"
        self._http.post(f"/sandbox/channels/{channel}/scan")
        user = self._post(f"{path}/users", {"name": "Anna", "phone": "+79161234567"})["id"]
        ids = [self._post(f"{path}/send_message/{user}", {"text": str(n)})["id"] for n in range(count)]
        self._http.post(f"/sandbox/channels/{channel}/log-out")
        return ids

    def requests(self) -> int:
        """Return how many requests there were since the last time."""
        count = len(self._http.get("/sandbox/requests").json())
        self._http.delete("/sandbox/requests")
        return count

    def come_about(self, channels: list[str]) -> None:
        """Let all that is waited for happen."""
        for channel in channels:
            self._http.post(f"/sandbox/channels/{channel}/scan")
        self._http.post("/sandbox/clock/advance", json={"seconds": 10_000})

    def _post(self, path: str, body: dict[str, Any]) -> Any:
        return self._http.post(path, json=body).raise_for_status().json()["data"]


class Watchdog:
    """Notes for how long the event loop was held up at most."""

    def __init__(self) -> None:
        self.longest = 0.0
        self._task = asyncio.create_task(self._watch())

    async def _watch(self) -> None:
        while True:
            begun = time.perf_counter()
            await asyncio.sleep(TICK)
            self.longest = max(self.longest, time.perf_counter() - begun - TICK)

    def stop(self) -> None:
        """Stop watching."""
        self._task.cancel()


async def outcome(trigger: Any) -> float:
    """Run a trigger as the triggerer does, and return when its event was out."""
    async for event in trigger.run():
        assert "result" in event.payload, event.payload
    return time.perf_counter()


async def start(triggers: list[Any]) -> list[asyncio.Task[float]]:
    """Start triggers as the triggerer does: the loop has its turn after each."""
    tasks = []
    for trigger in triggers:
        tasks.append(asyncio.create_task(outcome(trigger)))
        await asyncio.sleep(0)
    return tasks


async def measure(
    account: Account, triggers: list[Any], channels: list[str], interval: float
) -> list[Figure]:
    """Let triggers wait for some intervals, then let what they wait for come about."""
    gc.collect()
    gc.freeze()
    watchdog = Watchdog()
    tasks = await start(triggers)
    await asyncio.sleep(interval * 1.5)
    await asyncio.to_thread(account.requests)
    rounds = 4
    await asyncio.sleep(interval * rounds)
    per_interval = await asyncio.to_thread(account.requests) / rounds
    happened = time.perf_counter()
    await asyncio.to_thread(account.come_about, channels)
    latest = max(await asyncio.wait_for(asyncio.gather(*tasks), interval * 10))
    watchdog.stop()
    return [
        Figure("requests per interval", per_interval, 12, ""),
        Figure("event loop held up at most", watchdog.longest * 1000, 100, "ms"),
        Figure("from active to the last event", latest - happened, interval + 2, "s"),
    ]


async def memory(make: Any, interval: float) -> Figure:
    """Measure what a wait takes, in a run of its own: measuring slows everything down."""
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    triggers = make()
    tasks = await start(triggers)
    await asyncio.sleep(interval)
    gc.collect()
    taken = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return Figure("memory per wait", taken / len(triggers) / 1024, 30, "KiB")


def run(options: argparse.Namespace, account: Account) -> dict[str, list[Figure]]:
    """Measure waits for channels, for messages, and for both."""
    channels = [account.channel(f"Channel {n}") for n in range(options.channels)]
    recent = {channel: account.messages(channel, 50) for channel in channels}
    common = {"project_id": account.project, "poke_interval": options.interval}

    def for_channels(count: int) -> list[Any]:
        return [
            ChannelActiveTrigger(channel_uuid=channels[n % len(channels)], **common) for n in range(count)
        ]

    def for_messages(count: int) -> list[Any]:
        places = [(channels[n % len(channels)], n // len(channels)) for n in range(count)]
        return [
            MessageStatusTrigger(message_id=recent[c][n % len(recent[c])], channel_uuid=c, **common)
            for c, n in places
        ]

    def for_both() -> list[Any]:
        half = options.waits // 2
        return for_channels(half) + for_messages(options.waits - half)

    figures = [asyncio.run(memory(for_both, options.interval))]
    figures += asyncio.run(measure(account, for_both(), channels, options.interval))
    return {f"{options.waits} waits, {options.channels} channels, every {options.interval:g} s": figures}


def main() -> int:
    """Print the figures, and fail above a bar."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--waits", type=int, default=5000)
    parser.add_argument("--channels", type=int, default=10)
    parser.add_argument("--interval", type=float, default=5.0)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    never = ("--activation-delay", "never", "--delivered-after", "5000", "--read-after", "never")
    with Sandbox(Path(HOME.name, "sandbox.log"), *never) as sandbox:
        os.environ["AIRFLOW_CONN_WAHELP_DEFAULT"] = json.dumps(
            {"conn_type": "wahelp", "host": sandbox.url, **ACCOUNT}
        )
        results = run(options, Account(sandbox.url))
    for title, figures in results.items():
        print(title)
        for each in figures:
            verdict = "ok" if each.value <= each.bar else "TOO MUCH"
            print(f"  {each.name:32}{each.value:10.2f} {each.unit:4} bar {each.bar:5g}  {verdict}")
    if options.json:
        plain = {title: [asdict(each) for each in figures] for title, figures in results.items()}
        options.json.write_text(json.dumps(plain, indent=2))
    return int(any(each.value > each.bar for figures in results.values() for each in figures))


if __name__ == "__main__":
    sys.exit(main())
