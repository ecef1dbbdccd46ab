"""Record `make demo` as a moving SVG: `make recording`. A pause of the demo lasts a second there at most."""

from __future__ import annotations

import io
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).parents[2]
PICTURE = Path(__file__).with_name("demo.svg")
WIDTH = 92
LONGEST_PAUSE = 1.0
HOME = "/home/you/airflow-provider-wahelp"
OTHERS_FONTS = re.compile(r"@font-face \{\{.*?\}\}\n", re.DOTALL)
MOTION = """
    .line {{ animation: appear 0.01s both; }}
    @keyframes appear {{ from {{ visibility: hidden; }} to {{ visibility: visible; }} }}
    @media (prefers-reduced-motion: reduce) {{ .line {{ animation: none; }} }}
"""


def main() -> None:
    """Run the demo, and draw what it says."""
    moments, console = [0.0], Console(record=True, width=WIDTH, file=io.StringIO())
    console.print(Text("$ make demo"))
    for pause, line in _said():
        rows = len(console.render_lines(Text(line), pad=False))
        moments += [moments[-1] + min(pause, LONGEST_PAUSE)] * rows
        console.print(Text(line))
    template = OTHERS_FONTS.sub("", CONSOLE_SVG_FORMAT).replace("{styles}", "{styles}" + MOTION)
    svg = console.export_svg(title="make demo", code_format=template, unique_id="demo")
    PICTURE.write_text(_moving(svg, moments), "utf-8")


def _said() -> Iterator[tuple[float, str]]:
    """Return each line of the demo, and the seconds before it."""
    with tempfile.TemporaryDirectory() as home:
        command = [sys.executable, "-u", "-m", "demo", "--home", f"{home}/demo", "--dags", f"{ROOT}/dags"]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)  # noqa: S603
        assert process.stdout  # noqa: S101 - for the types
        last = time.monotonic()
        for line in process.stdout:
            now = time.monotonic()
            yield now - last, line.rstrip("\n").replace(str(ROOT), HOME)
            last = now
    if process.wait():
        sys.exit("The demo has failed: nothing is drawn.")


def _moving(svg: str, moments: list[float]) -> str:
    """Let each line appear when it was said."""

    def at(found: re.Match[str]) -> str:
        moment = moments[int(found[3])]
        return f'<text class="line {found[1]}" style="animation-delay:{moment:.2f}s"{found[2]}'

    return re.sub(r'<text class="(demo-r\d+)"([^>]*url\(#demo-line-(\d+)\))', at, svg)


if __name__ == "__main__":
    main()
