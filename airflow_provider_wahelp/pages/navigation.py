"""The pages: in Airflow's menu, in what leads from one to another, and before a script fills them."""

from __future__ import annotations

from html import escape
from pathlib import Path
from string import Template
from typing import NamedTuple

_FRAME = Path(__file__).parent / "web" / "page.html"


class Page(NamedTuple):
    """A page.

    :param name: its address below ``/wahelp``; its script is ``web/NAME.js``.
    :param title: what it is called.
    """

    name: str
    title: str


PAGES = (
    Page("mailings", "Mailings"),
    Page("channels", "Channels"),
    Page("conversations", "Conversations"),
    Page("alerts", "Alerts"),
)


def views() -> list[dict[str, str]]:
    """Return the pages as Airflow's menu takes them, for a plugin."""
    return [
        {
            "name": f"Wahelp {page.name}",
            "href": f"wahelp/{page.name}",  # no slash before it: Airflow may be served under a path
            "destination": "nav",
            "category": "browse",
            "url_route": f"wahelp-{page.name}",
        }
        for page in PAGES
    ]


def html(name: str) -> str | None:
    """Return a page without what its script is to fill in; ``None`` if there is no such page."""
    page = next((each for each in PAGES if each.name == name), None)
    if page is None:
        return None
    links = "\n".join(_link(each, current=each is page) for each in PAGES)
    return Template(_FRAME.read_text()).substitute(name=page.name, title=escape(page.title), links=links)


def _link(page: Page, *, current: bool) -> str:
    mark = ' aria-current="page"' if current else ""
    return f'<a href="{page.name}"{mark}>{escape(page.title)}</a>'
