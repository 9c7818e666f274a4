"""Prepare beside the training what scores, draws and reports a run need, which takes a second otherwise."""

from __future__ import annotations

import importlib
import io
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Self


class Preparation:
    """What a thread does: it imports modules, loads fonts, compiles the templates of the report and draws pictures.

    What fails here fails again where it is needed. The end of the `with` block waits for the thread: the process may end
    after it, and a picture would stay half written.
    """

    def __init__(self, task: str, draw: Callable[[], list[Path]]) -> None:
        """Nothing is begun.

        Args:
            task: of the run.
            draw: the pictures that are known before the training ends.
        """
        self._task = task
        self._draw = draw
        self._pictures: list[Path] | None = None
        self._thread: threading.Thread | None = None

    def begin(self) -> None:
        """Start the thread, unless it was started."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._prepare, name="preparation of results", daemon=True)
            self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._wait()

    def pictures(self) -> list[Path]:
        """The files of `draw`. Whoever draws asks for them first: Matplotlib has one set of settings in a process."""
        self._wait()
        return self._draw() if self._pictures is None else self._pictures

    def _wait(self) -> None:
        if self._thread is not None:
            self._thread.join()

    def _prepare(self) -> None:
        with suppress(Exception):
            importlib.import_module("sklearn.metrics")
        with suppress(Exception):
            _draw_text()
        with suppress(Exception):
            from cnncli.report import rendering

            rendering.compile_templates(self._task)
        with suppress(Exception):
            self._pictures = self._draw()


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
