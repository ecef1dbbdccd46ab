"""The page of a mailing of 100,000 rows in a real Airflow: how soon it is open, what it takes the API server.

The messages are really sent. After them the API server starts anew, and Airflow's own pages are opened: what
it takes from then on is the page's, and the first opening is the first one that this server sees.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import httpx
import psutil

from benchmarks.servers import running
from benchmarks.table import TIMES, Row
from demo.airflow import Airflow
from demo.airflow_api import FINISHED_RUN
from demo.process import wait_until

if TYPE_CHECKING:
    from playwright.sync_api import Browser, FrameLocator, Locator, Page

ROWS = 100_000
BAD_EVERY = 200
"""One row of so many lacks what the text needs, for there to be reasons on the page."""
OPENINGS, FROM_MENU = 20, 10
SECONDS, MB = 1.0, 20.0
NAME = f"page of {ROWS:,} rows"
PEER = "Airflow's own page of the same XCom"

_DAGS = Path(__file__).with_name("dags")
_TASK = {"dag_id": "mailing", "task_id": "mail"}
_SEND_SECONDS = 1800
_SHOWN_SECONDS = 120
_PAUSE = 5.0
_TRANSFERRED = """() => ["navigation", "resource"].flatMap((kind) => performance.getEntriesByType(kind))
    .reduce((sum, each) => sum + each.transferSize, 0)"""


def measure(home: Path, say: Callable[[str], None]) -> list[Row]:
    """Measure it.

    :param home: a directory.
    :param say: tells what is being done.
    """
    chromium = shutil.which("chromium")
    if not find_spec("playwright") or not chromium:
        say("Skipped: Playwright or Chromium is missing; `make .venv/.browser` and .ci/chromium bring them.")
        return []
    from playwright.sync_api import sync_playwright

    home.mkdir(parents=True)
    with running() as server, sync_playwright() as playwright:
        channel = server.channel()
        conf = {"rows": str(_written(home / "rows.jsonl", channel.users)), "report": str(home / "report.csv")}
        with (
            closing(playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])) as browser,
            Airflow(home / "airflow", [_DAGS], env=channel.connections) as airflow,
        ):
            return _measured(airflow, browser, conf, say)


def _written(file: Path, users: Sequence[int]) -> Path:
    with file.open("w") as lines:
        for number in range(ROWS):
            row = {"user_id": users[number % len(users)], "name": "Anna"}
            lines.write(json.dumps(row | ({"number": number} if number % BAD_EVERY else {})) + "\n")
    return file


def _measured(
    airflow: Airflow, browser: Browser, conf: Mapping[str, Any], say: Callable[[str], None]
) -> list[Row]:
    say(f"A mailing of {ROWS:,} rows, its page open every {_PAUSE:g} s meanwhile")
    # An API server builds the API of Airflow's workers with its first task: that is not the mailing's.
    httpx.get(f"{airflow.url}/execution/health", timeout=60, trust_env=False).raise_for_status()
    before = _memory(airflow)
    run_id = airflow.trigger(_TASK["dag_id"], dict(conf))
    asked = urlencode({**_TASK, "run_id": run_id})
    meanwhile, took = _watch(airflow, browser, run_id, asked)
    sending = _memory(airflow) - before
    say(f"Its page, {OPENINGS} times, and {FROM_MENU} times from Airflow's menu")
    return [
        *_opened(airflow, browser, asked),
        Row(f"{NAME}: opened while it runs, median", median(meanwhile), "s"),
        Row(f"{NAME}: rows sent", ROWS / took, "rows/s"),
        Row("API server: more after the mailing, its page open", sending, "MB"),
    ]


def _watch(airflow: Airflow, browser: Browser, run_id: str, asked: str) -> tuple[list[float], float]:
    """Open the page of a mailing until that has ended; return the seconds of each time, and in all."""
    page, took, began = _page(browser), [], time.monotonic()
    data = f"{airflow.url}/wahelp/data/mailings?{asked}"
    wait_until(
        lambda: httpx.get(data, timeout=60, trust_env=False).raise_for_status().json()["mailings"],
        timeout=_SHOWN_SECONDS, what="a mailing to look at", every=1,
    )  # fmt: skip
    while (state := airflow.api.dag_run(_TASK["dag_id"], run_id)) not in FINISHED_RUN:
        airflow.check()
        if time.monotonic() > began + _SEND_SECONDS:
            raise TimeoutError(f"The mailing: not within {_SEND_SECONDS} s")
        took.append(_open(page, f"{airflow.url}/wahelp/mailings?{asked}"))
        time.sleep(_PAUSE)
    if state != "success":
        raise RuntimeError(airflow.api.task_log(_TASK["dag_id"], run_id, _TASK["task_id"]))
    page.context.close()
    return took, time.monotonic() - began


def _opened(airflow: Airflow, browser: Browser, asked: str) -> list[Row]:
    """Open the page with a new API server and a new browser, again, from the menu, and take the report."""
    airflow.restart("api-server")
    airflows, ours = _page(browser), _page(browser)
    for _ in range(FROM_MENU):
        _open_airflow(airflows, airflow.url)
    before = _memory(airflow)
    first = _open(ours, url := f"{airflow.url}/wahelp/mailings?{asked}")
    transferred, after_one = ours.evaluate(_TRANSFERRED), _memory(airflow) - before
    used = _cpu(airflow)
    later = [_open(ours, url) for _ in range(OPENINGS - 1)]
    spent = (_cpu(airflow) - used) / len(later)
    again, after_all = ours.evaluate(_TRANSFERRED), _memory(airflow) - before
    with ours.expect_download() as download:
        ours.get_by_role("link", name="Download the report").click()
    size, after_report = Path(download.value.path()).stat().st_size, _memory(airflow) - before
    return [
        Row(f"{NAME}: opened first", first, "s", most=SECONDS),
        Row(f"{NAME}: opened again, at most", max(later), "s", most=SECONDS),
        Row(f"{NAME}: opened again, median", median(later), "s"),
        Row(f"{NAME}: transferred first", transferred / 1000, "kB"),
        Row(f"{NAME}: transferred again", again / 1000, "kB"),
        Row(f"API server: CPU for {NAME}", spent * 1000, "ms"),
        Row(f"API server: more after {NAME}", after_one, "MB", most=MB),
        Row(f"API server: ... after {OPENINGS} openings", after_all, "MB", most=MB),
        Row(f"API server: ... and its report of {size / 1e6:.1f} MB", after_report, "MB", most=MB),
        *_from_menu(airflow, airflows, before),
    ]


def _from_menu(airflow: Airflow, page: Page, before: float) -> list[Row]:
    """Open the page from Airflow's menu; and Airflow's own page of the XCom that it shows."""
    ours, theirs = _numbers(page.frame_locator("iframe")), page.get_by_text("wahelp_mailing", exact=True)
    took = [_click(page, airflow.url, "Wahelp Mailings", ours) for _ in range(FROM_MENU)]
    more = _memory(airflow) - before
    peer = [_click(page, airflow.url, "XComs", theirs) for _ in range(FROM_MENU)]
    return [
        Row(f"{PEER} / {NAME}, from the menu, medians", median(peer) / median(took), TIMES),
        Row(f"{NAME}: from the menu, at most", max(took), "s", most=SECONDS),
        Row(f"{NAME}: from the menu, median", median(took), "s"),
        Row(f"{PEER}: from the menu, at most", max(peer), "s"),
        Row(f"API server: ... and {FROM_MENU} from the menu", more, "MB", most=MB),
        Row(f"API server: ... and {FROM_MENU} of {PEER}", _memory(airflow) - before, "MB"),
        Row("API server: before", before, "MB"),
    ]


def _page(browser: Browser) -> Page:
    """Return a window of somebody who has seen nothing of this Airflow yet."""
    return browser.new_context(locale="en-US").new_page()


def _open(page: Page, url: str) -> float:
    """Return the seconds until the numbers are to be seen."""
    began = time.perf_counter()
    page.goto(url, wait_until="commit")
    _numbers(page).wait_for()
    return time.perf_counter() - began


def _open_airflow(page: Page, url: str) -> None:
    page.goto(url)
    page.get_by_role("button", name="Browse").wait_for()


def _click(page: Page, url: str, name: str, seen: Locator) -> float:
    """Return the seconds from the click on an entry until what it leads to is to be seen."""
    _open_airflow(page, url)
    page.get_by_role("button", name="Browse").click()
    entry = page.get_by_role("menuitem", name=name)
    entry.wait_for()
    began = time.perf_counter()
    entry.click()
    seen.wait_for()
    return time.perf_counter() - began


def _numbers(page: Page | FrameLocator) -> Locator:
    return page.get_by_role("cell", name=f"{ROWS:,}", exact=True)


def _memory(airflow: Airflow) -> float:
    """Return what the API server takes with its workers: the resident set, in MB."""
    return sum(each.memory_info().rss for each in _server(airflow)) / 1e6


def _cpu(airflow: Airflow) -> float:
    """Return the seconds of CPU that the API server has used, with its workers."""
    used = [each.cpu_times() for each in _server(airflow)]
    return sum(each.user + each.system for each in used)


def _server(airflow: Airflow) -> list[psutil.Process]:
    server = psutil.Process(airflow._processes["api-server"].pid)
    return [server, *server.children(recursive=True)]
