"""The address of this Airflow's receiver."""

from __future__ import annotations

import pytest
from airflow.providers.common.compat.version_compat import AIRFLOW_V_3_0_PLUS

from airflow_provider_wahelp.client.errors import InputError
from airflow_provider_wahelp.hooks.receiver import receiver_address
from tests.conftest import Connect

SECRET = "a-secret-that-nobody-guesses"
HOST = "http://127.0.0.1:9"


@pytest.mark.skipif(not AIRFLOW_V_3_0_PLUS, reason="the API server came with Airflow 3")
def test_the_address_is_below_that_of_the_api_server(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(HOST, extra={"webhook_token": SECRET, "project_id": 101})
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://airflow.example.com/etl/")
    address = f"https://airflow.example.com/etl/wahelp/webhooks/wahelp_default?token={SECRET}"
    assert receiver_address("wahelp_default") == (address, 101)


@pytest.mark.skipif(not AIRFLOW_V_3_0_PLUS, reason="the API server came with Airflow 3")
@pytest.mark.parametrize(
    ("extra", "base", "missing"),
    [
        ({"project_id": 101}, "https://airflow.example.com", "webhook_token"),
        ({"project_id": 101, "webhook_token": SECRET}, "", "base_url"),
        ({"webhook_token": SECRET}, "https://airflow.example.com", "project_id"),
    ],
)
def test_what_is_missing_is_named(
    connect: Connect, monkeypatch: pytest.MonkeyPatch, extra: dict[str, object], base: str, missing: str
) -> None:
    connect(HOST, extra=extra)
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", base)
    with pytest.raises(InputError, match=missing) as error:
        receiver_address("wahelp_default")
    assert SECRET not in str(error.value)


@pytest.mark.skipif(AIRFLOW_V_3_0_PLUS, reason="this is about Airflow 2")
def test_airflow_2_has_no_receiver(connect: Connect) -> None:
    connect(HOST, extra={"webhook_token": SECRET, "project_id": 101})
    with pytest.raises(InputError, match="Airflow 3"):
        receiver_address("wahelp_default")


@pytest.mark.parametrize("token", ["short", "a" * 23, "a secret with blanks in it, and long", "x" * 201])
def test_a_secret_that_can_be_guessed_is_refused(
    connect: Connect, monkeypatch: pytest.MonkeyPatch, token: str
) -> None:
    from airflow_provider_wahelp.hooks.wahelp import WahelpHook

    connect(HOST, extra={"webhook_token": token, "project_id": 101})
    with pytest.raises(InputError, match="webhook_token: must be 24") as error:
        WahelpHook().get_conn()
    assert token not in str(error.value)
