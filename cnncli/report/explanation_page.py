"""The explanation of a network as one HTML page that loads nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncli.network.explanation import LEGEND
from cnncli.report.rendering import render

if TYPE_CHECKING:
    from cnncli.network.explanation import Explanation


def explanation_page(found: Explanation) -> str:
    """Render the whole file."""
    return render("explanation.html", title=found.name, found=found, legend=LEGEND)
