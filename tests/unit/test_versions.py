"""What an Airflow lacks is missing with a word."""

from __future__ import annotations

import pytest

from demo.airflow_version import VERSION


@pytest.mark.skipif(VERSION >= (3, 3), reason="Airflow 3.3 has retry policies")
def test_the_retry_policy_says_which_airflow_it_needs() -> None:
    with pytest.raises(ImportError, match=r"needs Airflow 3\.3"):
        import airflow_provider_wahelp.retry_policy  # noqa: F401
