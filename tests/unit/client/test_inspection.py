"""What credentials reach."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_wahelp.client import errors
from airflow_provider_wahelp.client.inspection import Reached, inspect

from .test_operations import data, fails, outcome, play

PROJECTS = ("GET projects", data([{"id": 101, "name": "Shop"}, {"id": "102", "name": "Data"}]))
NO_PROJECTS = ("GET projects", fails(404))
ACCOUNT = ("GET user/", data({"id": 1, "email": "a@b.c"}))
NO_ACCOUNT = ("GET user/", fails(404))
CHANNELS = "GET projects/101/channels"
SUPPORT = {"id": 201, "uuid": "c-1", "name": "Support", "type": "whatsapp", "active": True}
NAMELESS = {"id": 202, "name": "Sales"}


def names(reached: Reached) -> tuple[Any, Any]:
    return reached.project and reached.project.name, reached.channel and reached.channel.name


def test_a_login_is_not_asked_whose_it_is_and_a_token_is() -> None:
    assert play(inspect(), PROJECTS).account is None
    assert play(inspect(whose=True), ACCOUNT, PROJECTS).account.login == "a@b.c"


@pytest.mark.parametrize(
    ("project_id", "channel_uuid", "more", "expected"),
    [
        (None, None, [], (None, None)),
        (999, None, [], (None, None)),
        (101, None, [(CHANNELS, data([SUPPORT]))], ("Shop", None)),
        (102, None, [("GET projects/102/channels", data([]))], ("Data", None)),
        (101, "c-1", [(CHANNELS, data([SUPPORT]))], ("Shop", "Support")),
        (101, "nope", [(CHANNELS, data([SUPPORT]))], ("Shop", None)),
        (101, "c-2", [(CHANNELS, data([NAMELESS])), (f"{CHANNELS}/c-2", data(NAMELESS))], ("Shop", "Sales")),
        (101, "nope", [(CHANNELS, data([NAMELESS])), (f"{CHANNELS}/nope", fails(404))], ("Shop", None)),
        (101, "c-1", [(CHANNELS, fails(404)), (f"{CHANNELS}/c-1", data(SUPPORT))], ("Shop", "Support")),
    ],
)  # fmt: skip
def test_project_and_channel_are_looked_up_in_lists(
    project_id: int | None, channel_uuid: str | None, more: list[Any], expected: Any
) -> None:
    assert names(play(inspect(project_id, channel_uuid), PROJECTS, *more)) == expected


def test_where_there_is_no_list_of_projects_its_channels_tell_of_a_project() -> None:
    """As on a server that has what the integration guide says, and no more."""
    reached = play(inspect(101, "c-1"), NO_PROJECTS, (CHANNELS, data([SUPPORT])))
    assert (reached.projects, names(reached)) == (None, (None, "Support"))
    assert play(inspect(101, "c-1"), NO_PROJECTS, (CHANNELS, fails(404))).project is None


@pytest.mark.parametrize("project_id", [None, 101])
def test_no_other_server_is_taken_for_wahelp(project_id: int | None) -> None:
    channels = [(CHANNELS, fails(404))] if project_id else []
    error = outcome(inspect(project_id, whose=True), NO_ACCOUNT, NO_PROJECTS, *channels)
    assert type(error) is errors.NotWahelpError
