"""Prepare beside the training what scores, draws and reports a run need, which takes a second otherwise."""

from __future__ import annotations

import importlib
import io
import threading
from contextlib import suppress


def begin(task: str) -> threading.Thread:
    """Import modules, load fonts and compile the templates of the report in a thread.

    Whoever draws waits for its end: Matplotlib has one set of settings in a process. What fails here fails again where it
    is needed.

    Args:
        task: of the run.
    """

    def prepare() -> None:
        with suppress(Exception):
            importlib.import_module("sklearn.metrics")
        with suppress(Exception):
            _draw_text()
        with suppress(Exception):
            from cnncli.report import rendering

            rendering.compile_templates(task)

    thread = threading.Thread(target=prepare, name="preparation of results", daemon=True)
    thread.start()
    return thread


def _draw_text() -> None:
    """Draw a page of a few letters, so that fonts, image formats and the modules of all figures are loaded."""
    from cnncli.plots import run_figures as _  # noqa: F401 (the modules of all figures)
    from cnncli.plots import style
    from cnncli.plots.save import write

    with style.look():
        figure = style.new_figure(4, 3)
        style.add_header(figure, "Title", "letters and 0123456789")
        axes = style.add_axes(figure, 1, 1, 2, 1)
        axes.plot([0, 1], [0, 1])
        write(figure, io.BytesIO(), "png")
