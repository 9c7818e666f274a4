"""Make the pictures of the README's first screen: a training in the terminal, and the report of its run.

    pip install pyte && python docs/pictures/readme_pictures.py

It trains step 3 of the tutorial in a temporary folder (half a minute) and writes terminal.svg, report-light.png and
report-dark.png beside itself. It needs Linux or macOS, and Chromium.
"""

from __future__ import annotations

import fcntl
import io
import os
import pty
import re
import struct
import subprocess
import sys
import tempfile
import termios
from itertools import groupby
from pathlib import Path

import pyte
from PIL import Image
from rich.console import Console
from rich.text import Text

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT / "tests" / "report"))
import browser  # noqa: E402

COMMAND = ("train", "digits.yaml", "--run", "first")
COLUMNS, ROWS = 92, 40
MOMENT = "epoch 8/10"  # in progress
REPORT = (1280, 1290)  # pixels
# Of the page stay the headline, the learning curves, and the confusion matrix.
SHORTEN = """
const sections = document.querySelectorAll("section");
sections[0].remove();
const title = sections[2].querySelector("h2");
while (title.nextElementSibling && title.nextElementSibling.tagName !== "H3") title.nextElementSibling.remove();
document.querySelector("nav")?.remove();
"""
COLORS = 160  # of the report's pictures
# Rich's own form loads a font from elsewhere.
FORM = """\
<svg viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{
  font: {char_height}px/{line_height}px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace;
  white-space: pre
}}
.{unique_id}-title {{font: bold 18px sans-serif}}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal"><rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/></clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "digits.yaml").write_text(recipe(), encoding="utf-8")
        write_terminal(train(Path(folder)))
        report = Path(folder) / "outputs" / "digits" / "first" / "report.html"
        with browser.tab(Path(folder) / "browser") as tab:
            for scheme in ("light", "dark"):
                write_report(tab, report, scheme)


def recipe() -> str:
    """The recipe of step 3 of the tutorial."""
    page = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
    found = re.search(r"^## 3\..*?^```yaml\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    assert found
    return found[1]


def train(folder: Path) -> list[Text]:
    """Train in a terminal of its own; the last screen of the moment, as lines."""
    screen = pyte.Screen(COLUMNS, ROWS)
    stream = pyte.ByteStream(screen)
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    hidden = ("NO_COLOR", "COLUMNS", "LINES")
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    process = subprocess.Popen(
        [sys.executable, "-m", "cnncli", *COMMAND],
        cwd=folder,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**environment, "PYTHONPATH": str(ROOT), "TERM": "xterm-256color", "COLORTERM": "truecolor"},
    )
    os.close(theirs)
    seen: list[Text] = []
    while output := _read(ours):
        stream.feed(output)
        if any(line.startswith(MOMENT) for line in screen.display):
            seen = lines_of(screen)
    assert process.wait() == 0
    assert seen, f"the terminal never showed `{MOMENT}`"
    return seen


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 1 << 16)
    except OSError:  # how Linux says that the other end is closed
        return b""


def lines_of(screen: pyte.Screen) -> list[Text]:
    """The screen as styled lines, without the empty ones at its end."""
    lines = []
    for row in range(screen.lines):
        line = Text()
        cells = [screen.buffer[row][column] for column in range(screen.columns)]
        for style, same in groupby(cells, lambda cell: f"{'bold ' * cell.bold}{_color(cell.fg)}"):
            line.append("".join(cell.data for cell in same), style=style)
        line.rstrip()
        lines.append(line)
    while lines and not lines[-1].plain:
        lines.pop()
    return lines


def _color(name: str) -> str:
    """A color of pyte as Rich calls it."""
    if re.fullmatch("[0-9a-f]{6}", name):
        return f"#{name}"
    return {"brown": "yellow"}.get(name, name.replace("bright", "bright_"))


def write_terminal(lines: list[Text]) -> None:
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    console.print(Text.assemble(("$ ", "green"), f"cnncli {' '.join(COMMAND)}"))
    for line in lines:
        console.print(line, no_wrap=True)
    console.save_svg(str(HERE / "terminal.svg"), title="cnncli", code_format=FORM, unique_id="cnncli")


def write_report(tab: browser.Tab, report: Path, scheme: str) -> None:
    width, height = REPORT
    file = HERE / f"report-{scheme}.png"
    tab.open(report, width=width, height=height, scheme=scheme)
    tab.evaluate(f"(() => {{{SHORTEN}}})()")
    tab.screenshot(file)
    picture = Image.open(file).convert("RGB").crop((0, 0, width, height))
    picture.quantize(COLORS, dither=Image.Dither.NONE).save(file, optimize=True)


if __name__ == "__main__":
    main()
