"""How Debian's Chromium is started: it asks nobody but this machine."""

from __future__ import annotations

import shutil

OPTIONS = (
    "--no-sandbox",  # root's, as in CI
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def program() -> str | None:
    """Return where it is installed; Playwright would fetch one of its own."""
    return shutil.which("chromium")
