"""Whoever may not see a DAG sees nothing of it on any page, and all leads where it should under a path."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Response, expect

from airflow_provider_wahelp.sandbox import Sandbox
from demo.airflow import Airflow
from tests.system.conftest import place_of

from .conftest import WITH_PEOPLE, log_in
from .dags.two_shops import BOSSES, CONNECTION
from .people import CLERK, CLOSED, OPEN

pytestmark = pytest.mark.skipif(not WITH_PEOPLE, reason="needs apache-airflow-providers-fab")

PAGES = ("mailings", "channels", "conversations", "alerts")
SECONDS = 180


@pytest.fixture(scope="module")
def runs(airflow: Airflow, wahelp: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Let both shops run to their end; return the ids of the runs."""
    login = {"login": "demo@example.com", "password": "demo", "host": wahelp.url}
    airflow.api.add_connection({"connection_id": CONNECTION, "conn_type": "wahelp", **login})
    place = {name: str(value) for name, value in place_of(wahelp).items()}
    folder = tmp_path_factory.mktemp("reports")
    begun = {
        shop: airflow.trigger(shop, {"report": str(folder / f"{shop}.csv"), **place})
        for shop in (OPEN, CLOSED)
    }
    for shop, run_id in begun.items():
        airflow.wait_for_run(shop, run_id, timeout=SECONDS)
    return begun


@pytest.fixture(scope="module")
def clerk(browser: Browser, airflow: Airflow) -> Iterator[Page]:
    """Return a page of the clerk's."""
    with browser.new_context() as context:
        page = context.new_page()
        log_in(page, airflow.url, CLERK)
        yield page


def seen(page: Page, airflow: Airflow, name: str) -> str:
    """Return all that one of our pages has been sent and shows, once it has filled itself."""
    answers: list[Response] = []

    def note(answer: Response) -> None:
        answers.append(answer)

    page.on("response", note)
    page.goto(f"{airflow.url}/plugin/wahelp-{name}")
    frame = page.frame_locator("iframe")
    expect(frame.get_by_role("status")).not_to_have_text("Loading…")
    page.remove_listener("response", note)
    ours = [answer for answer in answers if "/wahelp/" in answer.url]
    assert ours
    assert all(answer.url.startswith(f"{airflow.url}/wahelp/") for answer in ours)
    return "\n".join([frame.locator("html").inner_html(), *(answer.text() for answer in ours)])


def link_of(wahelp: Sandbox, shop: str) -> str:
    """Return where the alert leads that the boss of a shop was sent."""
    found = re.search(r"https?://\S+", str(wahelp.conversation(BOSSES[shop])[-1]["text"]))
    assert found
    return found[0]


@pytest.mark.usefixtures("runs")
def test_a_clerk_sees_nothing_of_a_dag_that_is_not_theirs_and_an_admin_does(
    clerk: Page, page: Page, airflow: Airflow
) -> None:
    shown = {name: seen(clerk, airflow, name) for name in PAGES}
    assert [name for name in PAGES if OPEN in shown[name]] == ["mailings", "alerts"]
    assert not [name for name in PAGES if CLOSED in shown[name] or CONNECTION in shown[name]]
    assert "No connection of type wahelp that you may read." in shown["channels"]
    assert "Conversations are for those who may read connections." in shown["conversations"]

    shown = {name: seen(page, airflow, name) for name in PAGES}
    for shop in (OPEN, CLOSED):
        assert [name for name in PAGES if shop in shown[name]] == ["mailings", "channels", "alerts"]
    assert CONNECTION in shown["conversations"]


def test_what_a_clerk_asks_for_without_a_page_is_refused(
    clerk: Page, airflow: Airflow, wahelp: Sandbox, runs: dict[str, str]
) -> None:
    def get(path: str, **asked: Any) -> Any:
        return clerk.request.get(f"{airflow.url}/wahelp/data/{path}", params=asked)

    mail = {shop: {"dag_id": shop, "run_id": runs[shop], "task_id": "mail"} for shop in runs}
    assert len(get("mailings", **mail[OPEN]).json()["mailings"]) == 1
    assert get("mailings", **mail[CLOSED]).json() == {"mailings": []}
    assert get("report", **mail[CLOSED]).status == 404
    assert get("report", **mail[OPEN]).status == 403, "it names people"
    channel = {"conn_id": CONNECTION, **place_of(wahelp)}
    assert get("channels", conn_id=CONNECTION).status == get("qr", **channel).status == 403
    asked = {"conn_id": CONNECTION, "phone": BOSSES[OPEN], "reveal": True}
    assert clerk.request.post(f"{airflow.url}/wahelp/data/conversation", data=asked).status == 403


def test_links_lead_from_tasks_to_pages_and_back(page: Page, airflow: Airflow, runs: dict[str, str]) -> None:
    tasks = f"{airflow.url}/dags/{OPEN}/runs/{runs[OPEN]}/tasks"
    page.goto(f"{tasks}/mail/details")
    page.get_by_role("link", name="Mailing", exact=True).click()
    expect(page.get_by_role("row", name="Sent 2")).to_be_visible()
    assert page.url.startswith(f"{airflow.url}/wahelp/mailings?")
    page.get_by_role("link", name="The task").click()
    expect(page).to_have_url(f"{tasks}/mail")

    page.goto(f"{tasks}/make/details")
    page.get_by_role("link", name="Channel", exact=True).click()
    expect(page.get_by_role("heading", name=f"Channel of {OPEN}")).to_be_visible()

    page.goto(f"{airflow.url}/plugin/wahelp-alerts")
    card = page.frame_locator("iframe").get_by_role("listitem").filter(has_text=f"{OPEN} · load")
    card.get_by_role("link", name="The task").click()
    expect(page).to_have_url(f"{tasks}/load")


def test_the_short_link_of_an_alert_leads_through_the_login_to_the_log(
    browser: Browser, clerk: Page, airflow: Airflow, wahelp: Sandbox, runs: dict[str, str]
) -> None:
    assert link_of(wahelp, OPEN).startswith(f"{airflow.url}/wahelp/r/")
    with browser.new_context() as context:
        page = context.new_page()
        log_in(page, link_of(wahelp, OPEN), CLERK)
        expect(page.get_by_text(f"the shelf of {OPEN} is empty").first).to_be_visible()
        assert page.url.startswith(f"{airflow.url}/dags/{OPEN}/runs/{runs[OPEN]}/tasks/load")
    clerk.goto(link_of(wahelp, CLOSED))
    expect(clerk.get_by_text("403")).to_be_visible()
    assert "the shelf" not in clerk.locator("body").inner_text()
