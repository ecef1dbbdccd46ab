"""Both sensors, each in its three modes, over real HTTP: the same decisions, the same outcome."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from airflow.providers.common.compat.version_compat import AIRFLOW_V_3_1_PLUS

from airflow_provider_wahelp.client import waiting
from airflow_provider_wahelp.hooks import WahelpHook
from airflow_provider_wahelp.sandbox import Sandbox
from airflow_provider_wahelp.sensors import ChannelActiveSensor, MessageStatusSensor

from .waiting import MODES, Runner

HOURS = 12 * 3600.0
"""A timeout that is over after a dozen looks."""


@pytest.fixture(params=MODES)
def runner(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Runner:
    monkeypatch.setattr(waiting, "MISSING_LOOKS", (0.0, 0.0))
    return Runner(request.param, monkeypatch)


@pytest.fixture
def place(wahelp_sandbox: Sandbox, connect: Any) -> dict[str, Any]:
    """Return the arguments that name a channel which is not active."""
    connect(wahelp_sandbox.url, extra={"retries": 0})
    wahelp_sandbox.configure(activation_delay=None, delivered_after=10, read_after=20)
    with WahelpHook() as hook:
        project = hook.create_project("Shop").id
        channel = hook.create_channel("Support", project_id=project)
    return {"project_id": project, "channel_uuid": channel.uuid}


@pytest.fixture
def sent(wahelp_sandbox: Sandbox, place: dict[str, Any]) -> int:
    """Return the id of a message that was just sent."""
    wahelp_sandbox.scan(place["channel_uuid"])
    with WahelpHook() as hook:
        message = hook.send_message("It is ready", phone="+79161234567", **place)
    assert isinstance(message.id, int)
    return message.id


Sensor = Callable[..., ChannelActiveSensor]
Status = Callable[..., MessageStatusSensor]


@pytest.fixture
def channel_sensor(runner: Runner, place: dict[str, Any]) -> Sensor:
    def make(**changes: Any) -> ChannelActiveSensor:
        options = {"timeout": HOURS, **runner.options, **place, **changes}
        return ChannelActiveSensor(task_id="wait", **options)

    return make


@pytest.fixture
def status_sensor(runner: Runner, place: dict[str, Any], sent: int) -> Status:
    def make(**changes: Any) -> MessageStatusSensor:
        options = {"message_id": sent, "timeout": HOURS, **runner.options, **place, **changes}
        return MessageStatusSensor(task_id="wait", **options)

    return make


def nothing() -> None:
    """Let one look pass."""


def test_a_channel_is_waited_for(
    runner: Runner, channel_sensor: Sensor, place: dict[str, Any], wahelp_sandbox: Sandbox
) -> None:
    ending = runner.run(channel_sensor(), nothing, lambda: wahelp_sandbox.scan(place["channel_uuid"]))
    assert (ending.state, ending.error) == ("success", "")
    assert ending.looks >= 2
    assert ending.value.pop("id")
    assert ending.value == {
        "uuid": place["channel_uuid"],
        "name": "Support",
        "type": "whatsapp",
        "active": True,
    }


def test_what_has_come_about_already_is_not_waited_for(
    runner: Runner, channel_sensor: Sensor, place: dict[str, Any], wahelp_sandbox: Sandbox
) -> None:
    wahelp_sandbox.scan(place["channel_uuid"])
    ending = runner.run(channel_sensor())
    assert (ending.state, ending.looks, runner.deferred) == ("success", 0, None)


@pytest.mark.parametrize(("soft_fail", "state"), [(False, "failed"), (True, "skipped")])
def test_a_wait_ends_with_its_timeout(
    runner: Runner, channel_sensor: Sensor, soft_fail: bool, state: str
) -> None:
    sensor = channel_sensor(soft_fail=soft_fail)
    assert runner.run(sensor).state == state
    if runner.deferred:
        assert runner.deferred.timeout is not None
        assert runner.deferred.timeout.total_seconds() == HOURS


@pytest.mark.parametrize(("soft_fail", "state"), [(False, "failed"), (True, "skipped")])
def test_no_such_channel_ends_it_at_once(
    runner: Runner, channel_sensor: Sensor, soft_fail: bool, state: str
) -> None:
    ending = runner.run(channel_sensor(channel_uuid="no-such", soft_fail=soft_fail))
    assert (ending.state, ending.looks) == (state, 0)
    assert ending.error == ("" if soft_fail else "NotFoundError")


@pytest.mark.parametrize(("soft_fail", "state"), [(False, "failed"), (True, "skipped")])
def test_credentials_that_are_refused_in_mid_wait_end_it(
    runner: Runner, channel_sensor: Sensor, wahelp_sandbox: Sandbox, soft_fail: bool, state: str
) -> None:
    def change_password() -> None:
        wahelp_sandbox.configure(password="another")
        wahelp_sandbox.expire_tokens()

    ending = runner.run(channel_sensor(soft_fail=soft_fail), change_password)
    assert (ending.state, ending.error) == (state, "" if soft_fail else "CredentialsError")


@pytest.mark.parametrize("count", [2, 3])
def test_a_token_that_is_refused_though_it_is_new_does_not_end_it(
    runner: Runner, channel_sensor: Sensor, place: dict[str, Any], wahelp_sandbox: Sandbox, count: int
) -> None:
    """A call is tried with a second token at once: two refusals in a row are what a wait may end with."""
    operation = f"*/projects/{place['project_id']}/channels*"
    ending = runner.run(
        channel_sensor(),
        lambda: wahelp_sandbox.inject("dead_token", path=operation, count=count),
        nothing,
        lambda: wahelp_sandbox.scan(place["channel_uuid"]),
    )
    assert (ending.state, ending.error) == ("success", "")
    assert [each["struck"] for each in wahelp_sandbox.faults] == [count]


@pytest.mark.parametrize("fault", ["rate_limit", "error_after", "cut_before", "dead_token", "html"])
def test_a_fault_that_may_pass_is_waited_out(
    runner: Runner, channel_sensor: Sensor, place: dict[str, Any], wahelp_sandbox: Sandbox, fault: str
) -> None:
    ending = runner.run(
        channel_sensor(),
        lambda: wahelp_sandbox.inject(fault, count=1),
        lambda: wahelp_sandbox.scan(place["channel_uuid"]),
    )
    assert (ending.state, ending.error) == ("success", "")
    assert [each["struck"] for each in wahelp_sandbox.faults] == [1]


@pytest.mark.parametrize("runner", ["poke", "reschedule"], indirect=True)
@pytest.mark.parametrize(
    ("told", "timeout", "wait"),
    [(600, HOURS, 600), (7200, HOURS, 3600), (7200, 1800, 1800), (None, HOURS, 0)],
)
def test_a_worker_stays_away_as_long_as_it_is_told(
    runner: Runner,
    channel_sensor: Sensor,
    wahelp_sandbox: Sandbox,
    told: int | None,
    timeout: float,
    wait: float,
) -> None:
    """For an hour at most, and not beyond the timeout."""
    wahelp_sandbox.inject("rate_limit", operation="channel", count=1, retry_after=told)
    sensor = channel_sensor(timeout=timeout)
    ending = runner.run(sensor, nothing, lambda: wahelp_sandbox.scan(sensor.channel_uuid or ""))
    assert ending.state == ("success" if timeout > wait else "failed")
    assert runner.waits == pytest.approx([wait, 0] if timeout > wait else [wait], abs=10)


@pytest.mark.parametrize("wanted", ["delivered", "read"])
def test_a_message_is_waited_for(
    runner: Runner, status_sensor: Status, wahelp_sandbox: Sandbox, sent: int, wanted: str
) -> None:
    ending = runner.run(
        status_sensor(status=wanted), lambda: wahelp_sandbox.advance(11), lambda: wahelp_sandbox.advance(11)
    )
    assert (ending.state, ending.error) == ("success", "")
    assert (ending.value["id"], ending.value["status"]) == (sent, wanted)
    assert set(ending.value) == {"id", "user_id", "channel_id", "status", "created_at"}


def test_a_message_that_was_read_was_delivered(
    runner: Runner, status_sensor: Status, wahelp_sandbox: Sandbox
) -> None:
    wahelp_sandbox.advance(30)
    ending = runner.run(status_sensor(status="delivered"))
    assert (ending.state, ending.value["status"]) == ("success", "read")


@pytest.mark.parametrize(("soft_fail", "state"), [(False, "failed"), (True, "skipped")])
def test_a_message_that_stays_sent_ends_with_the_timeout(
    runner: Runner, status_sensor: Status, soft_fail: bool, state: str
) -> None:
    assert runner.run(status_sensor(soft_fail=soft_fail)).state == state


@pytest.mark.parametrize("spelling", ["failed", "Error", "undelivered", "rejected"])
def test_a_failure_fails_however_it_is_spelled(
    runner: Runner, status_sensor: Status, wahelp_sandbox: Sandbox, sent: int, spelling: str
) -> None:
    def fail() -> None:
        wahelp_sandbox._state.messages._core.registry.messages[sent].status = spelling  # type: ignore[assignment]

    ending = runner.run(status_sensor(), fail)
    assert (ending.state, ending.error, ending.looks) == ("failed", "DeliveryFailedError", 1)


def test_a_message_too_old_for_the_page_is_found_by_its_id(
    runner: Runner, status_sensor: Status, wahelp_sandbox: Sandbox, place: dict[str, Any]
) -> None:
    for number in range(101):
        wahelp_sandbox.receive("+79161234567", f"Hello {number}", place["channel_uuid"])
    assert runner.run(status_sensor(), lambda: wahelp_sandbox.advance(11)).state == "success"


def test_a_message_that_shows_up_late_is_not_missed(
    runner: Runner, place: dict[str, Any], status_sensor: Status, wahelp_sandbox: Sandbox
) -> None:
    wahelp_sandbox.configure(history_lag=5)
    with WahelpHook() as hook:
        late = hook.send_message("Late", phone="+79161234567", **place)
    waits = iter([nothing, lambda: wahelp_sandbox.advance(6)])
    sensor = status_sensor(message_id=late.id)
    client = sensor.hook.get_conn()
    client._retrying.sleep = lambda seconds: next(waits)()
    assert runner.run(sensor, lambda: wahelp_sandbox.advance(11)).state == "success"


def test_an_id_with_spaces_around_it_is_found_wherever_it_is_waited_for(
    runner: Runner, status_sensor: Status, sent: int, wahelp_sandbox: Sandbox
) -> None:
    sensor = status_sensor(message_id=f" {sent} ")
    assert runner.run(sensor, nothing, lambda: wahelp_sandbox.advance(11)).state == "success"


def test_no_such_message_ends_it(runner: Runner, status_sensor: Status) -> None:
    ending = runner.run(status_sensor(message_id=987654))
    assert (ending.state, ending.error, ending.looks) == ("failed", "NotFoundError", 0)


def test_what_airflow_keeps_and_logs_of_a_wait_is_not_personal(
    runner: Runner, status_sensor: Status, wahelp_sandbox: Sandbox
) -> None:
    runner.run(status_sensor(), lambda: wahelp_sandbox.advance(11))
    if runner.deferred:
        kept = repr((runner.deferred.trigger.serialize(), runner.event))
        assert not [secret for secret in ("9161234567", "ready", "demo") if secret in kept]


def test_links_lead_to_wahelp_and_to_the_channels_page(
    runner: Runner, channel_sensor: Sensor, wahelp_sandbox: Sandbox, place: dict[str, Any]
) -> None:
    runner.run(channel_sensor(channel_uuid="no-such"))
    page = f"wahelp/channels?conn_id=wahelp_default&project_id={place['project_id']}&channel_uuid=no-such"
    links = {"wahelp_channel_link": page} if AIRFLOW_V_3_1_PLUS else {}
    assert runner.ti.xcoms == {"wahelp_link": wahelp_sandbox.url, **links}
