"""The sandbox as an ASGI application."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, cast

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import Mount

from airflow_provider_wahelp.sandbox import (
    api,
    changes_api,
    control,
    mailing_api,
    page,
    template_api,
    unimitated,
)
from airflow_provider_wahelp.sandbox.bodies import refusal
from airflow_provider_wahelp.sandbox.errors import SandboxError
from airflow_provider_wahelp.sandbox.gateway import Gateway
from airflow_provider_wahelp.sandbox.state import State
from airflow_provider_wahelp.sandbox.webhooks import WebhookDelivery

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request
    from starlette.responses import Response

    from airflow_provider_wahelp.sandbox.options import SandboxOptions
    from airflow_provider_wahelp.sandbox.storage import Storage

_TICK = 0.2


def create_app(
    options: SandboxOptions | None = None, *, state: State | None = None, storage: Storage | None = None
) -> Starlette:
    """Build the application. It dates its answers itself: run uvicorn with ``date_header=False``.

    :param options: how the platform behaves, for a new state.
    :param state: a state to serve in place of a new one.
    :param storage: where the state is kept.
    """
    served = state or State(options)

    @asynccontextmanager
    async def running(_app: Starlette) -> AsyncIterator[None]:
        async with _background(served, storage):
            yield

    app = Starlette(
        routes=[
            *page.routes,
            Mount(
                "/api/app",
                routes=[
                    *api.routes,
                    *changes_api.routes,
                    *mailing_api.routes,
                    *template_api.routes,
                    *unimitated.routes,
                ],
            ),
            Mount("/api/crm", routes=unimitated.crm_routes),
            Mount("/sandbox", routes=control.routes),
        ],
        middleware=[Middleware(Gateway, state=served)],
        exception_handlers={SandboxError: _refuse, HTTPException: _refuse_route},
        lifespan=running,
    )
    app.router.redirect_slashes = False  # the platform mends no address
    app.state.wahelp = served
    return app


@asynccontextmanager
async def _background(state: State, storage: Storage | None) -> AsyncIterator[None]:
    delivery = WebhookDelivery()
    await delivery.start()
    state.listen(delivery.put)
    ticker = asyncio.create_task(_tick(state, storage))
    try:
        yield
    finally:
        ticker.cancel()
        await asyncio.gather(ticker, return_exceptions=True)
        await delivery.stop()
        if storage:
            storage.save(state)


async def _tick(state: State, storage: Storage | None) -> None:
    while True:
        await asyncio.sleep(_TICK)
        state.tick()
        if storage:
            storage.save_now_and_then(state)


async def _refuse(_request: Request, error: Exception) -> Response:
    return refusal(cast("SandboxError", error))


async def _refuse_route(_request: Request, error: Exception) -> Response:
    found = cast("HTTPException", error)
    return refusal(SandboxError(found.status_code, found.detail))
