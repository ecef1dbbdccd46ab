"""A channel as an asset, in Airflow 3."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from airflow_provider_wahelp.assets import WahelpAsset

UUID = "0b5a7a9e-1f1c-4d7e-9a52-6f2d4c1e8b3a"
URI = f"wahelp://wahelp.ru/101/{UUID}"


def airflow_2() -> bool:
    from importlib.metadata import version

    return version("apache-airflow").startswith("2.")


on_airflow_3 = pytest.mark.skipif(airflow_2(), reason="Airflow 3 has assets")


@pytest.mark.skipif(not airflow_2(), reason="Airflow 3 has assets")
def test_before_airflow_3_it_says_so() -> None:
    with pytest.raises(RuntimeError, match="WahelpAsset needs Airflow 3"):
        WahelpAsset(101, UUID)


@on_airflow_3
def test_name_and_uri_are_equal_however_they_are_spelt() -> None:
    assets = [WahelpAsset(101, UUID), WahelpAsset("101", UUID.upper(), host="WAHELP.ru")]
    assert {(asset.name, asset.uri) for asset in assets} == {(URI, URI)}


@on_airflow_3
def test_airflow_itself_normalises_an_address() -> None:
    from airflow.sdk import Asset

    assert Asset(f"wahelp://WAHELP.RU/101/{UUID.upper()}/").uri == URI
    with pytest.raises(ValueError, match="An asset's URI must have"):
        Asset("wahelp://wahelp.ru/101")


@on_airflow_3
def test_that_with_a_partition_for_each_message_is_another_asset() -> None:
    from airflow import sdk

    if hasattr(sdk, "PartitionedAssetTimetable"):
        asset = WahelpAsset(101, UUID, partitioned=True)
        assert (asset.name, asset.uri) == (f"{URI}/messages", f"{URI}/messages")
    else:
        with pytest.raises(RuntimeError, match=r"needs Airflow 3\.2"):
            WahelpAsset(101, UUID, partitioned=True)


@on_airflow_3
def test_what_it_is_told_of_is_kept_with_it() -> None:
    asset = WahelpAsset(101, UUID, kinds=["call", "message"], include=["text"], extra={"team": "shop"})
    assert asset.extra == {"team": "shop", "kinds": ["message", "call"], "include": ["text"]}
    assert WahelpAsset(101, UUID).extra == {"kinds": ["message"], "include": []}


@on_airflow_3
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"kinds": ["letter"]}, "kinds: must be a list of 'message', 'call'"),
        ({"kinds": "message"}, "kinds: must be a list"),
        ({"include": ["name"]}, "include: must be a list of 'phone', 'text'"),
        ({"host": "https://wahelp.ru"}, "An asset's URI"),
        ({"project_id": "demo"}, "An asset's URI"),
        ({"channel_uuid": ""}, "channel_uuid"),
    ],
)
def test_wrong_arguments_are_refused(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        WahelpAsset(**{"project_id": 101, "channel_uuid": UUID, **arguments})


def test_importing_it_brings_no_airflow_and_no_database() -> None:
    code = (
        "import sys; from airflow_provider_wahelp.assets import WahelpAsset, IncomingEvent; "
        "print({'airflow', 'sqlite3', 'httpx', 'requests', 'phonenumbers'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "set()"
