"""The explanation of a network as one HTML page that loads nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

from cnncli import __version__
from cnncli.network.explanation import LEGEND
from cnncli.report.rendering import environment, part, policy

if TYPE_CHECKING:
    from cnncli.network.explanation import Explanation


def explanation_page(found: Explanation) -> str:
    """Render the whole file."""
    style = part("page.css")
    template = environment().get_template("explanation.html")
    return template.render(found=found, legend=LEGEND, policy=policy(style), style=Markup(style), version=__version__)
