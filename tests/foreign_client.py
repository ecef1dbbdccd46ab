"""A client of Wahelp as others write one: with ``requests``, what is known of the API, and nothing of ours.

Three spellings that production uses can be chosen: a form for the login, slashes at the ends of all paths,
and multipart forms for sending.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import requests

PATIENCE = 20.0
MOSCOW = timedelta(hours=3)


class RefusedError(Exception):
    """The platform said no, by its status or in its envelope."""

    def __init__(self, status: int, body: Any) -> None:
        super().__init__(status, body)
        self.status = status
        self.body = body


class Wahelp:
    """One account on one server, and one channel of it."""

    def __init__(
        self, host: str, *, form_login: bool = False, slashes: bool = False, multipart: bool = False
    ) -> None:
        self.root = f"{host}/api/app"
        self.form_login = form_login
        self.slash = "/" if slashes else ""
        self.multipart = multipart
        self.headers: dict[str, str] = {}
        self.project = self.channel = ""

    def call(self, method: str, path: str, **request: Any) -> Any:
        answer = requests.request(
            method,
            f"{self.root}/{path}{self.slash}",
            headers=self.headers,
            timeout=PATIENCE,
            allow_redirects=False,
            **request,
        )
        body = answer.json()
        if answer.status_code >= 400 or not body["success"]:
            raise RefusedError(answer.status_code, body)
        return body["data"]

    def log_in(self, login: str, password: str) -> None:
        account = {"login": login, "password": password}
        sent: dict[str, Any] = {"data": account} if self.form_login else {"json": account}
        data = self.call("POST", "user/login", **sent)
        assert (data["token_type"], data["expires_in"]) == ("bearer", 3600)
        self.headers["Authorization"] = f"Bearer {data['access_token']}"

    def refresh(self) -> None:
        data = self.call("GET", "user/refresh-token")
        self.headers["Authorization"] = f"Bearer {data['token']['token']}"

    def onboard(self, name: str) -> Any:
        """Create a project and a channel, and return what somebody has to scan."""
        project = self.call("POST", "projects", json={"name": name})["id"]
        self.headers["X-Project"] = str(project)
        self.project = f"projects/{project}"
        made = self.call("POST", f"{self.project}/channels", json={"name": name, "type": "whatsapp"})
        assert made["active"] is False
        self.channel = f"{self.project}/channels/{made['uuid']}"
        return self.call("GET", f"{self.channel}/settings/whatsapp/qr")

    def wait_until_active(self) -> None:
        def active() -> bool:
            channels = self.call("GET", f"{self.project}/channels")
            return any(each["active"] for each in channels if each["uuid"] in self.channel)

        wait_for(active)

    def listen(self, url: str, way: str) -> None:
        """Ask for webhooks, in the guide's way or in production's."""
        if way == "hook":
            self.call("PUT", f"{self.project}/hook", json={"url": url, "events": ["channel.message.created"]})
        else:
            self.call("POST", f"{self.project}/webhooks", json={"url": url, "entities": ["channel.message"]})

    def find(self, phone: str) -> int | None:
        """Return a user of some channel who has a phone; nobody is 404 or 400."""
        try:
            contact = self.call(
                "POST",
                f"{self.project}/contacts/contact_by_phone",
                json={"phone": phone, "need_create": False},
            )
        except RefusedError as refusal:
            if refusal.status in {400, 404}:
                return None
            raise
        return contact["users"][0]["id"] if contact["users"] else None

    def add(self, phone: str) -> int:
        """Add somebody whose name nobody knows; who is there already may be named in an error."""
        try:
            user = self.call("POST", f"{self.channel}/users", json={"phone": phone, "need_create": True})
        except RefusedError as refusal:
            if refusal.status != 422:
                raise
            user = refusal.body["data"]
        found: int = user["id"]
        return found

    def send(self, user_id: int, text: str) -> Any:
        fields = {"text": text}
        sent: dict[str, Any] = {"json": fields}
        if self.multipart:
            fields["destination"] = "from_operator"
            sent = {"files": {name: (None, value) for name, value in fields.items()}}
        return self.call("POST", f"{self.channel}/send_message/{user_id}", **sent)

    def history(self) -> Any:
        return self.call("GET", f"{self.channel}/messages", params={"limit": 100})

    def wait_for_status(self, message_id: int, status: str) -> None:
        wait_for(lambda: any((m["id"], m["status"]) == (message_id, status) for m in self.history()))


def fetch_file(url: str) -> bytes:
    """Fetch what a voice note links to."""
    answer = requests.get(url, timeout=PATIENCE)
    answer.raise_for_status()
    return answer.content


def utc(created_at: str) -> datetime:
    """Read a time, which comes in Moscow's and without a zone."""
    return datetime.strptime(created_at, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC) - MOSCOW


def wait_for(happened: Any) -> None:
    deadline = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)
