"""Slack and Telegram, as far as Airflow's hooks for them ask: a server with a call each, at 50 ms a call."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from fastapi import FastAPI

from benchmarks.servers import LATENCY, announced

app = FastAPI()


@contextmanager
def running() -> Iterator[str]:
    """Run it; return where it is. It is stopped in any case."""
    command = [sys.executable, "-m", "uvicorn", f"{__name__}:app", "--port", "0", "--no-access-log"]
    with announced("messengers", command) as (url, _):
        yield url


@app.post("/slack/chat.postMessage")
async def slack() -> dict[str, object]:
    """Take a message, as Slack does."""
    await asyncio.sleep(LATENCY)
    return {"ok": True, "channel": "C1", "ts": "1.0"}


@app.post("/telegram{token}/sendMessage")
async def telegram() -> dict[str, object]:
    """Take a message, as Telegram does."""
    await asyncio.sleep(LATENCY)
    return {"ok": True, "result": {"message_id": 1, "date": 1, "chat": {"id": 1, "type": "private"}}}
