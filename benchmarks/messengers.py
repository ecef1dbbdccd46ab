"""Slack and Telegram, as far as Airflow's hooks for them ask: a server with a call each, at 50 ms a call."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from benchmarks.servers import LATENCY, announced


@contextmanager
def running() -> Iterator[str]:
    """Run it; return where it is. It is stopped in any case."""
    command = [sys.executable, "-m", "uvicorn", f"{__name__}:app", "--port", "0", "--no-access-log"]
    with announced("messengers", command) as (url, _):
        yield url


async def slack(_request: Request) -> Response:
    """Take a message, as Slack does."""
    await asyncio.sleep(LATENCY)
    return JSONResponse({"ok": True, "channel": "C1", "ts": "1.0"})


async def telegram(_request: Request) -> Response:
    """Take a message, as Telegram does."""
    await asyncio.sleep(LATENCY)
    result = {"message_id": 1, "date": 1, "chat": {"id": 1, "type": "private"}}
    return JSONResponse({"ok": True, "result": result})


app = Starlette(
    routes=[
        Route("/slack/chat.postMessage", slack, methods=["POST"]),
        Route("/telegram{token}/sendMessage", telegram, methods=["POST"]),
    ]
)
