"""The addresses of the page of alerts."""

from __future__ import annotations

from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import APIRouter
from starlette.responses import JSONResponse, Response

from airflow_provider_wahelp.pages.alerts import alerts
from airflow_provider_wahelp.pages.headers import PRIVATE

router = APIRouter()


@router.get("/data/alerts")
def alerts_data(user: GetUserDep) -> Response:
    """Return the alerts of late that the reader may see."""
    return JSONResponse(alerts(user), headers=PRIVATE)
