"""The examination of a data set as one HTML page that loads nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cnncli.data_checks.examination import Examination
from cnncli.data_checks.examination_text import facts
from cnncli.report import embedded_figures
from cnncli.report.rendering import is_made_as, render

PAGE = "data.html"
MOST_BYTES = 4_000_000  # of all pictures
_MOST_CLASSES = 1000


def data_page(name: str, found: Examination, pictures: Sequence[Path]) -> str:
    """Render the whole file.

    Args:
        name: of the recipe or the source.
        pictures: PNG files, which the page holds.
    """
    [album] = embedded_figures.within([embedded_figures.gather(pictures)], MOST_BYTES)
    classes = list(next(iter(found.classes.values()), {}))
    return render(
        "data.html",
        title=f"{name}: data",
        name=name,
        found=found,
        facts=facts(found),
        classes=classes[:_MOST_CLASSES],
        album=album,
        left_out=album.left_out,
    )


def is_data_page(path: Path) -> bool:
    """Whether a file is a page that this module made, today or once."""
    return is_made_as("data.html", path)
