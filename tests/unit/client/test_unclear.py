from __future__ import annotations

from airflow_provider_wahelp.client.reconcile import digest


def test_any_text_of_a_history_has_a_digest() -> None:
    assert digest("half \ud83d ") == digest("half \ud83d") != digest("half ?")
