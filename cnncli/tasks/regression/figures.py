"""Figures of a regression: predicted over true values, residuals, largest errors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from matplotlib.figure import Figure

from cnncli.data.dataset import Examples
from cnncli.inputs import InputKind
from cnncli.interpretability.examples import read
from cnncli.plots.evaluation_figures import can_show
from cnncli.plots.largest_errors import draw_largest_errors
from cnncli.plots.regression import MOST_SHOWN, draw_predicted, draw_residuals
from cnncli.plots.text_fitting import Title
from cnncli.tasks.regression.scorer import Scored


def draw(
    scored: Scored, examples: Examples, *, title: str | Title, kinds: Mapping[str, InputKind]
) -> Iterator[tuple[str, Figure]]:
    """Draw each picture, with its name.

    Args:
        title: the heading of every picture, any text.
        kinds: of the inputs by name, where their shapes alone do not tell them.
    """
    result = scored.result
    shown = min(len(result.per_target), MOST_SHOWN)
    targets, outputs = scored.targets.columns(0, shown), scored.outputs.columns(0, shown)
    yield "predicted", draw_predicted(targets, outputs, result, title=title + ", predictions")
    yield "residuals", draw_residuals(targets, outputs, result, title=title + ", errors")
    if can_show(examples, kinds):
        images = read(examples, [each.index for each in result.worst])
        yield (
            "worst",
            draw_largest_errors(
                images, result.worst, title=title + ", largest errors", count=len(examples), kinds=kinds
            ),
        )
