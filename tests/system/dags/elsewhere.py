"""The onboarding example to the letter, but for the connection: three more DAGs for Airflow to find."""

from __future__ import annotations

from pathlib import Path

example = (Path(__file__).resolve().parents[3] / "example_dags" / "onboarding.py").read_text("utf-8")

for name in ("guide", "dying", "renewed"):
    text = example.replace('dag_id="wahelp_onboarding"', f'dag_id="wahelp_{name}"')
    text = text.replace("default_args={", f'default_args={{"wahelp_conn_id": "wahelp_{name}", ')
    exec(compile(text, f"onboarding of {name}", "exec"), {"__name__": name})
