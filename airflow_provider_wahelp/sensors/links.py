"""The button on a task's page that leads to Wahelp."""

from __future__ import annotations

from airflow_provider_wahelp.links import LeftLink


class WahelpLink(LeftLink):
    """Leads to Wahelp, where a channel is authorized."""

    name = "Open Wahelp"
    key = "wahelp_link"
