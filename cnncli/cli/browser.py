"""`--open`: show a page in the user's browser."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from cnncli.cli import console
from cnncli.errors import Problem


def show_page(page: Path) -> None:
    """Open a page in the browser; where there is no terminal or no browser, say how to open it.

    A text browser is not started: it would take over the terminal.
    """
    import webbrowser  # not needed at start-up

    if not console.is_terminal():
        console.show_note(Problem("--open works only on a terminal", f"the page is {page}"))
    elif not _has_browser() or not webbrowser.open(page.resolve().as_uri()):
        console.show_note(Problem("no browser could be opened", f"the page is {page}"))


def _has_browser() -> bool:
    """Whether a window can be opened; on a server there is no display."""
    named = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")
    return not sys.platform.startswith("linux") or any(os.environ.get(name) for name in named)
