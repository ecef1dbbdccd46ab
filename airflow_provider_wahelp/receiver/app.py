"""The receiver of webhooks, as a FastAPI application."""

from __future__ import annotations

from fastapi import FastAPI


def make_app() -> FastAPI:
    """Return the application that Airflow's API server mounts."""
    return FastAPI(title="Wahelp", docs_url=None, redoc_url=None, openapi_url=None)
