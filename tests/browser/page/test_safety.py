"""Whatever people are called and write stays text, and no other page can do what this one can."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from airflow_provider_wahelp.sandbox import Sandbox

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.sandbox.support import Api

NAME = """<b onmouseover="boom()">Anna</b> {{ 7*7 }} ${x} %s "'"""
TEXT = """<img src="http://elsewhere.example/x.png" onerror="document.title='boom'"> {{ 7*7 }} </li>"""


def test_names_and_texts_are_shown_to_the_letter(sandbox_page: Page, api: Api) -> None:
    channel = api.channel(name=NAME)
    channel.send(channel.user(name=NAME), TEXT)

    expect(sandbox_page.locator(".channel b")).to_have_text(NAME)
    item = sandbox_page.get_by_role("list", name="Phones").get_by_role("button")
    expect(item.locator(".name")).to_have_text(NAME)
    expect(item.locator(".last")).to_have_text(TEXT)
    item.click()
    expect(sandbox_page.get_by_role("heading", level=2).filter(has_text="Anna")).to_have_text(NAME)
    expect(sandbox_page.locator(".line .text")).to_have_text(TEXT)
    assert sandbox_page.title() == "Wahelp sandbox"
    assert sandbox_page.locator(".line img, .name b").count() == 0


ATTEMPTS = """<!doctype html><title>evil</title>
<img id="img" src="SANDBOX/sandbox/channels/UUID/qr.svg">
<script src="SANDBOX/sandbox/snapshot"></script>
<iframe id="frame" src="SANDBOX/"></iframe>
<iframe name="target"></iframe>
<form id="form" target="target" method="post" enctype="text/plain" action="SANDBOX/sandbox/reset"></form>
<script>
const attempt = (path, options) =>
  fetch("SANDBOX" + path, options).then((answer) => answer.type + answer.status, () => "failed");
const loaded = (image) => image.decode().then(() => "seen", () => "failed");
const json = {"Content-Type": "application/json"};
const quietly = {method: "POST", mode: "no-cors", referrerPolicy: "no-referrer"};
async function all() {
  document.getElementById("form").submit();
  return {
    read: await attempt("/sandbox/snapshot"),
    reset: await attempt("/sandbox/reset", {method: "POST"}),
    blind: await attempt("/sandbox/reset", {method: "POST", mode: "no-cors", body: "{}"}),
    private: await attempt("/sandbox/reset", quietly),
    json: await attempt("/sandbox/faults", {method: "POST", headers: json, body: '{"fault": "html"}'}),
    off: await attempt("/sandbox/faults/1", {method: "DELETE"}),
    picture: await loaded(document.getElementById("img")),
  };
}
</script>"""


@pytest.fixture
def evil() -> Iterator[ThreadingHTTPServer]:
    """A page of another origin on the same machine."""

    class Handler(BaseHTTPRequestHandler):
        content = b""

        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(self.content)

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield server
        server.shutdown()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"], ids=["same-site", "cross-site"])
def test_a_page_of_another_origin_neither_does_nor_sees_anything(
    page: Page, wahelp_sandbox: Sandbox, api: Api, evil: ThreadingHTTPServer, host: str
) -> None:
    channel = api.channel(active=False)
    wahelp_sandbox.inject("slow", operation="webhooks")
    content = ATTEMPTS.replace("SANDBOX", wahelp_sandbox.url).replace("UUID", channel.uuid)
    evil.RequestHandlerClass.content = content.encode()  # type: ignore[attr-defined]  # it is the Handler above
    before = {**wahelp_sandbox.snapshot(), "now": ""}
    page.goto(f"http://{host}:{evil.server_port}/")

    with page.expect_response("**/sandbox/reset", timeout=5000) as submitted:
        told = page.evaluate("all()")

    assert submitted.value.status == 403
    assert told.pop("blind") == told.pop("private") == "opaque0"  # whatever the answer was
    assert set(told.values()) == {"failed"}
    frame = page.frames[1]
    assert frame.get_by_role("button").count() == 0
    assert {**wahelp_sandbox.snapshot(), "now": ""} == before


def test_a_link_from_another_page_leads_here(
    page: Page, wahelp_sandbox: Sandbox, evil: ThreadingHTTPServer
) -> None:
    evil.RequestHandlerClass.content = f'<a href="{wahelp_sandbox.url}">Sandbox</a>'.encode()  # type: ignore[attr-defined]
    page.goto(f"http://localhost:{evil.server_port}/")
    page.get_by_role("link").click()

    expect(page.get_by_text("live", exact=True)).to_be_visible(timeout=5000)
