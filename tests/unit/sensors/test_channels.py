"""The sensor's decisions, in both of its modes."""

from __future__ import annotations

import base64
import re
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException

from airflow_provider_wahelp.client.errors import CredentialsError, NotFoundError
from airflow_provider_wahelp.client.models import QrCode
from airflow_provider_wahelp.hooks import WahelpHook
from airflow_provider_wahelp.sandbox import Sandbox
from airflow_provider_wahelp.sensors import ChannelActiveSensor
from airflow_provider_wahelp.sensors.qr import drawing


@pytest.fixture
def channel(wahelp_sandbox: Sandbox, connect: Any) -> dict[str, Any]:
    connect(wahelp_sandbox.url, extra={"retries": 0, "timeout": 2})
    wahelp_sandbox.configure(activation_delay=None)
    with WahelpHook() as hook:
        project = hook.create_project("Shop").id
        return {
            "project_id": project,
            "channel_uuid": hook.create_channel("Support", project_id=project).uuid,
        }


def test_it_waits_until_the_channel_is_active(channel: dict[str, Any], wahelp_sandbox: Sandbox) -> None:
    sensor = ChannelActiveSensor(task_id="wait", **channel)
    assert not sensor.poke({})
    wahelp_sandbox.scan(channel["channel_uuid"])
    done = sensor.poke({})
    assert done
    assert done.xcom_value["active"] is True
    assert done.xcom_value["uuid"] == channel["channel_uuid"]


@pytest.mark.parametrize("mode", ["poke", "reschedule"])
def test_an_unknown_channel_fails_at_once(channel: dict[str, Any], mode: str) -> None:
    sensor = ChannelActiveSensor(
        task_id="wait", project_id=channel["project_id"], channel_uuid="no-such", mode=mode
    )
    with pytest.raises(NotFoundError) as caught:
        sensor.poke({})
    assert isinstance(caught.value, AirflowFailException)


def test_refused_credentials_fail_at_once(
    channel: dict[str, Any], wahelp_sandbox: Sandbox, connect: Any
) -> None:
    connect(wahelp_sandbox.url, password="wrong-password")
    with pytest.raises(CredentialsError):
        ChannelActiveSensor(task_id="wait", **channel).poke({})


def test_a_fault_that_may_pass_is_logged_and_waited_out(
    channel: dict[str, Any], wahelp_sandbox: Sandbox, connect: Any, task_log: Any
) -> None:
    connect("http://127.0.0.1:9", extra={"retries": 0})
    sensor = ChannelActiveSensor(task_id="wait", poke_interval=7, **channel)
    assert not sensor.poke({})
    said = task_log()
    assert "Wahelp could not be reached" in said
    assert "Looking again in 7 s." in said


def test_the_log_shows_a_code_to_scan_once(channel: dict[str, Any], task_log: Any) -> None:
    sensor = ChannelActiveSensor(task_id="wait", **channel)
    sensor.poke({})
    said = task_log()
    assert "scan this QR code" in said
    assert "█" in said
    sensor.poke({})
    assert "QR code with the phone" not in task_log()


def test_a_picture_becomes_an_address_that_a_browser_opens() -> None:
    assert drawing(QrCode(image=b"\x89PNG", media_type="image/png")) == "data:image/png;base64,iVBORw=="


WHATSAPP = "2@" + "Ab3/" * 58 + ",kE9+Zm8="


@pytest.mark.parametrize("content", ["1234", "otpauth://4711", WHATSAPP], ids=len)
def test_a_code_is_drawn_in_colours_of_its_own_and_as_a_picture(content: str) -> None:
    """What phones read in neither theme: half blocks, the page's own colours, a Micro QR."""
    *lines, words, picture = drawing(QrCode(content=content)).splitlines()
    drawn = [modules(line) for line in lines]
    size = len(drawn)
    assert {len(row) for row in drawn} == {size}
    assert size - 8 >= 21  # a Micro QR has 17 modules at most
    assert all(dark == 0 for row in drawn for dark in row[:4] + row[-4:])
    assert not any(sum(row) for row in drawn[:4] + drawn[-4:])
    for top, left in ((4, 4), (4, size - 11), (size - 11, 4)):  # a Micro QR has one of them
        assert [row[left : left + 7] for row in drawn[top : top + 7]] == FINDER
    assert "picture" in words
    assert picture.startswith("data:image/png;base64,")
    assert base64.b64decode(picture.partition(",")[2]).startswith(b"\x89PNG")


FINDER = [
    [1, 1, 1, 1, 1, 1, 1],
    [1, 0, 0, 0, 0, 0, 1],
    [1, 0, 1, 1, 1, 0, 1],
    [1, 0, 1, 1, 1, 0, 1],
    [1, 0, 1, 1, 1, 0, 1],
    [1, 0, 0, 0, 0, 0, 1],
    [1, 1, 1, 1, 1, 1, 1],
]


def modules(line: str) -> list[int]:
    """Read a line as a log view shows it: each character on the background that was named for it last."""
    found: list[int] = []
    for colours, cells in re.findall(r"\x1b\[([0-9;]+)m([^\x1b]*)", line):
        assert cells.strip("█ ") == ""
        found += [int(colours == "30;40")] * (len(cells) // 2)
        assert (colours in ("30;40", "97;107")) == bool(cells)
    return found


def test_a_code_that_cannot_be_drawn_does_not_end_the_wait(
    channel: dict[str, Any], task_log: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(WahelpHook, "get_channel_qr", lambda *_: QrCode(content="<svg/>" * 1000))
    assert not ChannelActiveSensor(task_id="wait", **channel).poke({})
    assert "waits for its authorization: open it in Wahelp." in task_log()
