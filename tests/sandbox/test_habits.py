"""What habits do to the platform, seen from outside."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from airflow_provider_wahelp.sandbox import Habits, Sandbox, SandboxOptions

from .support import ANNA, BORIS, DEADLINE, ChannelCaller, fetch

if TYPE_CHECKING:
    from collections.abc import Callable

MOSCOW = timedelta(hours=3)


def texts(channel: ChannelCaller, **query: Any) -> list[str]:
    return [message["message"] for message in channel.data("GET", "/messages", params=query)]


def send(channel: ChannelCaller, user: dict[str, Any], text: str = "Hello") -> httpx.Response:
    path = f"{channel.path}/send_message/{user['id']}"
    return channel.api.http.post(path, json={"text": text})


def received(sandbox: Sandbox, phone: str = ANNA) -> list[str]:
    return [line["text"] for line in sandbox.conversation(phone)]


@pytest.fixture
def five(channel: ChannelCaller) -> ChannelCaller:
    """Return a channel that sent five messages, 1 to 5."""
    user = channel.user()
    for number in range(1, 6):
        channel.send(user, str(number))
    return channel


@pytest.mark.parametrize(
    ("habits", "query", "listed"),
    [
        ({}, {"limit": 2, "page": 2}, ["3", "2"]),
        ({"page_ignored": True}, {"limit": 2, "page": 2}, ["5", "4"]),
        ({"page_cap": 3}, {"limit": 100}, ["5", "4", "3"]),
        ({"page_cap": 3}, {"limit": 100, "page": 2}, ["2", "1"]),
        ({"page_cap": 3}, {"limit": 2, "page": 2}, ["3", "2"]),
        ({"oldest_first": True}, {}, ["1", "2", "3", "4", "5"]),
        ({"oldest_first": True}, {"limit": 2, "page": 3}, ["5"]),
        ({"history_keeps": 2}, {}, ["5", "4"]),
        ({"history_keeps": 2}, {"limit": 2, "page": 2}, []),
        ({"history_keeps": 3, "oldest_first": True}, {"limit": 2, "page": 2}, ["5"]),
        ({"history_keeps": 9}, {}, ["5", "4", "3", "2", "1"]),
        ({"page_ignored": True, "past_end": 404}, {"limit": 5, "page": 2}, ["5", "4", "3", "2", "1"]),
        ({}, {"limit": 5, "page": 2}, []),
    ],
)
def test_the_history_is_listed_as_the_service_does(
    five: ChannelCaller, habits: dict[str, Any], query: dict[str, int], listed: list[str]
) -> None:
    five.api.sandbox.set_habits(**habits)

    assert texts(five, **query) == listed


@pytest.mark.parametrize("path", ["/messages", "/users"])
@pytest.mark.parametrize("status", [404, 422])
def test_a_page_past_the_end_is_refused(five: ChannelCaller, path: str, status: int) -> None:
    five.api.sandbox.set_habits(past_end=status)

    five.ask("GET", path, params={"limit": 5, "page": 1})
    five.ask("GET", path, status, params={"limit": 5, "page": 2})


@pytest.mark.parametrize("status", [404, 422])
def test_the_first_page_of_nothing_is_empty(channel: ChannelCaller, status: int) -> None:
    channel.api.sandbox.set_habits(past_end=status)

    assert texts(channel) == []


@pytest.mark.parametrize(
    ("says", "messages", "users"),
    [
        ("users", [None, None], False),
        ("absent", [None, None], None),
        ("right", [True, False], False),
        ("always", [True, True], True),
    ],
)
def test_lists_tell_whether_there_is_more(
    five: ChannelCaller, says: str, messages: list[bool | None], users: bool | None
) -> None:
    five.api.sandbox.set_habits(has_more=says)

    pages = [five.ask("GET", "/messages", params={"limit": 3, "page": page}) for page in (1, 2)]
    assert [page.get("has_more") for page in pages] == messages
    assert five.ask("GET", "/users").get("has_more") is users


@pytest.mark.parametrize(
    ("habits", "spelling", "ahead"),
    [
        ({}, "%Y-%m-%d %H:%M:%S", MOSCOW),
        ({"times_offset": -90}, "%Y-%m-%d %H:%M:%S", MOSCOW - timedelta(seconds=90)),
        ({"times_offset": 90.0}, "%Y-%m-%d %H:%M:%S", MOSCOW + timedelta(seconds=90)),
        ({"times_utc": True}, "%Y-%m-%d %H:%M:%S", timedelta()),
        ({"times_format": "%Y-%m-%d %H:%M"}, "%Y-%m-%d %H:%M", MOSCOW),
        ({"times_format": "%d.%m.%Y %H:%M"}, "%d.%m.%Y %H:%M", MOSCOW),
    ],
)
def test_times_are_spelled_as_the_service_does(
    channel: ChannelCaller, habits: dict[str, Any], spelling: str, ahead: timedelta
) -> None:
    channel.api.sandbox.set_habits(**habits)

    response = send(channel, channel.user())

    now = parsedate_to_datetime(response.headers["date"])
    (listed,) = channel.data("GET", "/messages")
    for shown in (response.json()["data"], listed, listed["user"]):
        created = datetime.strptime(shown["created_at"], spelling).replace(tzinfo=UTC)
        lost = timedelta(seconds=0 if "S" in spelling else 60)
        assert -timedelta(seconds=30) - lost < created - ahead - now < timedelta(seconds=30)


def test_times_may_be_missing(channel: ChannelCaller) -> None:
    channel.api.sandbox.set_habits(times_format=None)

    sent = channel.send(channel.user())

    (listed,) = channel.data("GET", "/messages")
    assert [shown.get("created_at", "none") for shown in (sent, listed, listed["user"])] == ["none"] * 3


ALTERED = [
    ("html", 'a & b < "c" >', "a &amp; b &lt; &quot;c&quot; &gt;"),
    ("nbsp", "a b", "a\u00a0b"),
    ("one-space", "a  b   c", "a b c"),
    ("nfc", "e\u0301", "\u00e9"),
    ("no-fe0f", "\u2764\ufe0f!", "\u2764!"),
    ("zero-width", "a b", "\u200ba \u200bb"),
    ("no-zero-width", "a\u200bb\ufeff", "ab"),
    ("short-links", "See https://shop.example/order?id=1 now", "See https://short.example/"),
    ("no-blank-lines", "a\n\nb\n \nc", "a\nb\nc"),
    ("deleted", "Hello", "_Message deleted_"),
]


@pytest.mark.parametrize(("alteration", "text", "stored"), ALTERED)
def test_texts_are_stored_altered(channel: ChannelCaller, alteration: str, text: str, stored: str) -> None:
    channel.api.sandbox.set_habits(texts=[alteration])

    sent = channel.send(channel.user(), text)

    (listed,) = channel.data("GET", "/messages")
    one = channel.data("GET", f"/messages/{sent['id']}")
    assert listed["message"] == one["message"]
    assert listed["message"].startswith(stored)
    assert listed["message"] != text
    assert sent["text"] == text
    assert received(channel.api.sandbox) == [text]
    channel.api.sandbox.set_habits(texts_in_answer=True)
    assert channel.send(channel.user(BORIS), text)["text"] == listed["message"]


def test_alterations_add_up_and_a_text_is_cut(channel: ChannelCaller) -> None:
    channel.api.sandbox.set_habits(texts=["html", "nbsp"], text_limit=7)

    channel.send(channel.user(), "a & b & c")

    assert texts(channel) == ["a\u00a0&amp;"]


def test_only_what_was_sent_is_deleted(channel: ChannelCaller) -> None:
    channel.api.sandbox.set_habits(texts=["deleted"])
    channel.send(channel.user())
    channel.api.sandbox.receive(ANNA, "STOP")

    assert texts(channel) == ["STOP", "_Message deleted_"]


@pytest.mark.parametrize(("habit", "first"), [("late_outgoing", "STOP"), ("late_incoming", "Hello")])
def test_entries_show_up_late_under_their_own_time(channel: ChannelCaller, habit: str, first: str) -> None:
    sandbox = channel.api.sandbox
    user = channel.user()
    sandbox.set_habits(**{habit: 1800.0})
    for write in (lambda: channel.send(user), lambda: sandbox.receive(ANNA, "STOP")):
        write()
        sandbox.advance(10)

    assert texts(channel) == [first]
    sandbox.advance(1800)
    sandbox.receive(BORIS, "Later") if habit == "late_outgoing" else channel.send(user, "Later")
    assert texts(channel) == ["Later", "STOP", "Hello"]
    hello, stop = (datetime.fromisoformat(m["created_at"]) for m in channel.data("GET", "/messages")[:0:-1])
    assert timedelta(seconds=9) <= stop - hello < timedelta(seconds=30)


def test_a_person_who_blocked_the_channel_is_not_written_to(channel: ChannelCaller) -> None:
    anna, boris = channel.user(), channel.user(BORIS)
    channel.api.sandbox.set_habits(blocked=[f"+{ANNA}"])

    assert [send(channel, user).status_code for user in (anna, boris, anna)] == [403, 200, 403]
    assert (received(channel.api.sandbox), received(channel.api.sandbox, BORIS)) == ([], ["Hello"])
    assert ANNA not in repr(channel.api.sandbox.habits)


@pytest.mark.parametrize("status", [402, 422])
def test_a_quota_is_spent_and_raised(channel: ChannelCaller, status: int) -> None:
    user = channel.user()
    channel.api.sandbox.set_habits(quota=2, quota_status=status)

    assert [send(channel, user).status_code for _ in range(4)] == [200, 200, status, status]
    channel.api.sandbox.set_habits(quota=3)
    assert [send(channel, user).status_code for _ in range(2)] == [200, status]
    assert len(received(channel.api.sandbox)) == 3


@pytest.mark.parametrize("status", [404, 422])
def test_a_channel_logs_itself_out(channel: ChannelCaller, status: int) -> None:
    user = channel.user()
    channel.api.sandbox.set_habits(logs_out_after=2, logged_out_status=status)

    assert [send(channel, user).status_code for _ in range(3)] == [200, 200, status]
    assert channel.data("GET", "")["active"] is False
    channel.api.sandbox.scan(channel.uuid)
    assert [send(channel, user).status_code for _ in range(2)] == [200, 200]


@pytest.mark.parametrize("fault", ["rate_limit", "unavailable", "error_before", "error_after"])
def test_retry_after_is_a_date_by_a_clock_that_is_hours_off(channel: ChannelCaller, fault: str) -> None:
    sandbox = channel.api.sandbox
    sandbox.configure(clock_skew=-7200)
    sandbox.set_habits(retry_after_dates=True)
    sandbox.inject(fault, retry_after=60)

    headers = (
        send(channel, {"id": 301}).headers
        if fault != "error_after"
        else channel.api.http.get("projects").headers
    )

    date, until = (parsedate_to_datetime(headers[name]) for name in ("date", "retry-after"))
    assert timedelta(seconds=60) <= until - date <= timedelta(seconds=62)
    assert abs(datetime.now(UTC) - date - timedelta(hours=2)) < timedelta(seconds=30)


@pytest.mark.parametrize(
    ("fault", "parameters", "status", "delay", "body", "carried_out"),
    [
        ("error_after", {"status": 503, "retry_after": 5}, 503, "5", "<h1>503", True),
        ("error_after", {"status": 408}, 408, None, "Request Timeout", True),
        ("error_before", {"status": 408}, 408, None, "Request Timeout", False),
        ("error_before", {"status": 403, "words": "blocked by the user"}, 403, None, "blocked by", False),
        ("error_before", {"status": 402}, 402, None, "Payment Required", False),
        ("error_before", {"status": 502}, 502, None, "<h1>502", False),
        ("maintenance", {}, 200, None, '{"message": "Service is under maintenance"}', False),
        ("maintenance_after", {"words": "Back soon"}, 200, None, '{"message": "Back soon"}', True),
    ],
)
def test_single_requests_are_answered_badly(
    channel: ChannelCaller,
    fault: str,
    parameters: dict[str, Any],
    status: int,
    delay: str | None,
    body: str,
    carried_out: bool,
) -> None:
    user = channel.user()
    channel.api.sandbox.inject(fault, operation="send_message", count=1, **parameters)

    response = send(channel, user)

    assert (response.status_code, response.headers.get("retry-after")) == (status, delay)
    assert body in response.text
    assert received(channel.api.sandbox) == ["Hello"] * carried_out
    assert send(channel, user).json()["data"]["text"] == "Hello"


def test_everything_is_down(channel: ChannelCaller) -> None:
    channel.api.sandbox.inject("error_before", status=502)

    paths = ("projects", channel.path, f"{channel.path}/messages")
    assert [channel.api.http.get(path).status_code for path in paths] == [502] * 3
    assert channel.api.log_in().status_code == 502


def test_a_delayed_send_is_carried_out_although_nobody_waits(channel: ChannelCaller) -> None:
    sandbox, user = channel.api.sandbox, channel.user()
    sandbox.inject("delayed", operation="send_message", count=1, seconds=45)
    path = f"{channel.path}/send_message/{user['id']}"

    with pytest.raises(httpx.ReadTimeout):
        channel.api.http.post(path, json={"text": "Hello"}, timeout=0.3)

    assert received(sandbox) == []
    sandbox.advance(44)
    assert received(sandbox) == []
    sandbox.advance(1)
    until(lambda: received(sandbox) == ["Hello"])
    until(lambda: sandbox.requests[-1]["fault"] == "delayed")


def until(seen: Callable[[], bool]) -> None:
    end = time.monotonic() + DEADLINE
    while not seen():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_habits_are_switched_while_it_runs_by_all_doors(wahelp_sandbox: Sandbox) -> None:
    url = f"{wahelp_sandbox.url}/sandbox/habits"
    assert wahelp_sandbox.habits == Habits()
    assert fetch("GET", url).json() == Habits().show()

    shown = fetch("PUT", url, json={"page_cap": 20, "texts": ["html"], "blocked": [ANNA]}).json()
    assert (shown["page_cap"], shown["texts"], shown["blocked"]) == (20, ["html"], [ANNA])
    assert wahelp_sandbox.set_habits(oldest_first=True) == Habits(
        page_cap=20, texts=["html"], blocked=[ANNA], oldest_first=True
    )
    worst = fetch("PUT", url, json={"like": "worst", "page_cap": None}).json()
    assert worst == wahelp_sandbox.habits.show()
    assert (worst["page_ignored"], worst["page_cap"], worst["oldest_first"]) == (True, None, False)

    assert fetch("DELETE", url).json() == {"success": True}
    assert wahelp_sandbox.habits == Habits()


@pytest.mark.parametrize(
    "wrong",
    [
        {"no_such": True},
        {"like": "best"},
        {"page_ignored": 1},
        {"page_cap": 0},
        {"page_cap": True},
        {"page_cap": 1.5},
        {"history_keeps": "2"},
        {"past_end": 500},
        {"past_end": [404]},
        {"has_more": True},
        {"times_offset": float("1e12")},
        {"times_offset": "1"},
        {"times_format": ""},
        {"times_format": "now"},
        {"times_format": 5},
        {"texts": "html"},
        {"texts": ["no_such"]},
        {"texts": [1]},
        {"texts": 5},
        {"late_incoming": -1},
        {"blocked": ANNA},
        {"quota_status": 403},
        {"logged_out_status": True},
    ],
    ids=str,
)
def test_nonsense_is_refused_by_both_doors(wahelp_sandbox: Sandbox, wrong: dict[str, Any]) -> None:
    response = fetch("PUT", f"{wahelp_sandbox.url}/sandbox/habits", json=wrong)
    assert (response.status_code, response.json()["success"]) == (422, False)

    with pytest.raises(ValueError, match=next(iter(wrong))):
        wahelp_sandbox.set_habits(**wrong)
    assert wahelp_sandbox.habits == Habits()


def test_the_worst_service_has_its_faults_and_its_clock() -> None:
    worst = SandboxOptions.like("worst", token_lifetime=60)

    assert (worst.clock_skew, worst.token_lifetime) == (7200, 60)
    assert any(fault.startswith("error_after:send_message") for fault in worst.faults)
    assert SandboxOptions.like("production") == SandboxOptions()
    with pytest.raises(ValueError, match="like must be one of production, worst"):
        SandboxOptions.like("best")  # type: ignore[arg-type]


def test_a_reset_brings_back_the_habits_of_the_start() -> None:
    with Sandbox(SandboxOptions(habits=Habits(page_cap=20))) as sandbox:
        sandbox.set_habits(page_cap=5)
        sandbox.reset()
        assert sandbox.habits == Habits(page_cap=20)
