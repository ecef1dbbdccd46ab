"""The pictures of the docs: what the tests see, drawn where ``make pictures`` wants it."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

if TYPE_CHECKING:
    from playwright.sync_api import Page

_FOLDER = os.environ.get("WAHELP_PICTURES")
_COLOURS = 128
"""As many as words, bars and lines need: they take half the bytes of all."""


def picture(page: Page, name: str, width: int = 1000, height: int = 640) -> None:
    """Draw what a window of this size shows, if pictures are wanted."""
    if not _FOLDER:
        return
    before = page.viewport_size
    page.set_viewport_size({"width": width, "height": height})
    drawn = Image.open(io.BytesIO(page.screenshot(animations="disabled"))).convert("RGB")
    drawn = drawn.quantize(_COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    drawn.save(Path(_FOLDER, f"{name}.png"), optimize=True)
    if before:
        page.set_viewport_size(before)
