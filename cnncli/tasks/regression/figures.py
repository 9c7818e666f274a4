"""Figures of a regression: predicted over true values, residuals, largest errors."""

from __future__ import annotations

from collections.abc import Iterator

from matplotlib.figure import Figure

from cnncli.data.dataset import Examples
from cnncli.inputs import kind_of
from cnncli.plots.evaluation_figures import read_examples
from cnncli.plots.largest_errors import draw_largest_errors
from cnncli.plots.regression import draw_predicted, draw_residuals
from cnncli.tasks.regression.evaluate import Scored


def draw(scored: Scored, examples: Examples, *, title: str) -> Iterator[tuple[str, Figure]]:
    """Draw each picture, with its name.

    Args:
        title: the heading of every picture, any text.
    """
    result = scored.result
    yield "predicted", draw_predicted(scored.targets, scored.outputs, result, title=title)
    yield "residuals", draw_residuals(scored.targets, scored.outputs, result, title=title)
    if kind_of(shape := examples.input.shape[1:]).can_show(shape):
        images = read_examples(examples, [each.index for each in result.worst])
        yield "worst", draw_largest_errors(images, result.worst, title=title, count=len(examples))
