"""A DAG that the events of the benchmark start, where there is a receiver."""

from __future__ import annotations

import os

from airflow.providers.common.compat.sdk import dag, task

URI = os.environ.get("WAHELP_BENCH_ASSET")


def receiving() -> None:
    """Do nothing."""

    @task
    def nothing() -> None:
        return None

    nothing()


if URI:
    from airflow_provider_wahelp.assets import WahelpAsset

    host, project, channel = URI.removeprefix("wahelp://").split("/")
    asset = WahelpAsset(project, channel, host=host, kinds=["message", "status"])
    dag("receiving", schedule=[asset], max_active_runs=1, is_paused_upon_creation=False)(receiving)()
