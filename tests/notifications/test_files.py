"""Alerts with a file: it goes with the text, and the alert goes without it where it cannot."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_wahelp.notifications import WahelpNotifier, attachment

from .conftest import MINUTE, OTHER, PHONE, Rig, fail, notifier, of_run, of_task

PLOT = b"\x89PNG\r\n\x1a\n of the night"


@pytest.fixture
def plot(tmp_path: Path) -> str:
    (tmp_path / "load.png").write_bytes(PLOT)
    return f"file://{tmp_path}/{{{{ ti.task_id }}}}.png"


def lines(rig: Rig, phone: str = PHONE) -> list[tuple[str, str, str]]:
    """Return what a phone has got: texts, kinds, and names of files."""
    return [
        (line["text"], line["message_type"], (line["file_url"] or "").rpartition("/")[2])
        for line in rig.sandbox.conversation(phone)
    ]


def test_an_alert_carries_a_file_to_each_recipient(rig: Rig, plot: str) -> None:
    WahelpNotifier(text="boom", to=[PHONE, OTHER], file=plot)(of_task())
    assert lines(rig) == lines(rig, OTHER) == [("boom", "image", "load.png")]
    assert len(rig.sends) == 2


def test_an_alert_on_an_event_loop_carries_one_too(rig: Rig, plot: str) -> None:
    asyncio.run(WahelpNotifier(text="boom", phone=PHONE, file=plot).async_notify(of_task()))
    assert lines(rig) == [("boom", "image", "load.png")]


@pytest.mark.parametrize(
    ("file", "why"),
    [
        (
            "{folder}/gone.csv",
            "Without the file gone.csv: it cannot be read (FileNotFoundError): check the path.",
        ),
        ("{folder}/empty.csv", "Without the file empty.csv: it must have 1 to 100,000,000 bytes"),
        ("nowhere://x/a.csv", "Without the file a.csv: it cannot be read (ValueError)."),
        ("{{{{ 1 / 0 }}}}", "Without the file: its path cannot be rendered (ZeroDivisionError)."),
    ],
)
def test_an_alert_goes_without_a_file_that_cannot_be_read_and_says_so(
    rig: Rig, tmp_path: Path, file: str, why: str
) -> None:
    (tmp_path / "empty.csv").touch()
    WahelpNotifier(text="boom", phone=PHONE, file=file.format(folder=tmp_path))(of_task())
    ((text, kind, _),) = lines(rig)
    assert text.startswith(f"boom\n{why}")
    assert kind == "text"


@pytest.mark.parametrize("nothing", ["", None, "{{ '' }}"])
def test_a_template_may_name_no_file(rig: Rig, nothing: Any) -> None:
    WahelpNotifier(text="boom", phone=PHONE, file=nothing)(of_task())
    assert lines(rig) == [("boom", "text", "")]


def test_an_alert_goes_without_a_file_that_wahelp_refuses(
    rig: Rig, plot: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__WAHELP__FILE_FIELD", "attachment")  # unknown to the sandbox
    WahelpNotifier(text="boom", phone=PHONE, file=plot)(of_task())
    assert lines(rig) == [("boom\nWithout the file load.png: Wahelp refuses it.", "text", "")]
    assert len(rig.sends) == 2


def test_a_storage_that_does_not_answer_costs_the_file_and_not_the_alert(
    rig: Rig, plot: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    over = time.monotonic() + 30

    def hang(file: Any) -> None:
        while time.monotonic() < over and not lines(rig):
            time.sleep(0.01)

    monkeypatch.setattr(attachment, "_read", hang)
    monkeypatch.setattr(attachment, "_SHARE", 0.02)
    WahelpNotifier(text="boom", phone=PHONE, file=plot)(of_task())
    assert lines(rig) == [("boom\nWithout the file load.png: it could not be read in time.", "text", "")]


def test_a_file_whose_answer_was_lost_is_sent_once(rig: Rig, plot: str) -> None:
    rig.sandbox.inject("cut_after", operation="send_message", count=1)
    for _ in range(2):
        WahelpNotifier(text="boom", phone=PHONE, file=plot)(of_task())
    assert lines(rig) == [("boom", "image", "load.png")]


def test_what_is_held_back_reads_no_file(rig: Rig, plot: str, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[Any] = []
    monkeypatch.setattr(attachment, "_read", read.append)
    fail(3, by=notifier(file=plot, throttle=10 * MINUTE))
    assert len(read) == 1
    notifier(text="over", file=plot)(of_run())
    assert len(read) == 2
