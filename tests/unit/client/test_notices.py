from __future__ import annotations

import pytest

from airflow_provider_wahelp.client.notices import is_call, is_deleted, is_written


@pytest.mark.parametrize(
    "text",
    ["_Incoming call_", "_Missed call_", "_Outgoing call_", " _Missed video call_\n", "_Входящий звонок_"],
)
def test_a_call(text: str) -> None:
    assert is_call(text)
    assert not is_deleted(text)
    assert not is_written(text)


@pytest.mark.parametrize(
    "text",
    [
        "_Message deleted_",
        "Message deleted",
        "_сообщение удалено_",
        "_Сообщение удалено_",
        "Это сообщение удалено.",
    ],
)
def test_a_deleted_message(text: str) -> None:
    assert is_deleted(text)
    assert not is_call(text)
    assert not is_written(text)


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "STOP",
        "Call me",
        "call",
        "_call me_",
        "I missed your call",
        "_Incoming call_ what was that?",
        "_one_ and _two call_",
        "Is that message deleted?",
        "Моё сообщение удалено, потому что я передумал и хочу, чтобы мне больше никто никогда не писал",
    ],
)
def test_what_somebody_wrote(text: str | None) -> None:
    assert is_written(text)
