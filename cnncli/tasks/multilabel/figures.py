"""Figures of a multi-label classification: scores by threshold, the largest errors."""

from __future__ import annotations

from collections.abc import Iterator

from matplotlib.figure import Figure

from cnncli.data.dataset import Examples
from cnncli.interpretability.examples import read
from cnncli.plots import style
from cnncli.plots.confident_errors import Caption, draw_sheet, where_line
from cnncli.plots.evaluation_figures import can_show
from cnncli.plots.text_fitting import fit_text, plain_text
from cnncli.plots.thresholds import draw_thresholds
from cnncli.tasks.classification.thresholds import Sweep
from cnncli.tasks.multilabel.console import labels_text
from cnncli.tasks.multilabel.scorer import Scored


def draw(scored: Scored, examples: Examples, *, title: str) -> Iterator[tuple[str, Figure]]:
    """Draw each picture, with its name.

    Args:
        title: the heading of every picture, any text.
    """
    result = scored.result
    yield "thresholds", draw_thresholds(Sweep(result.thresholds, result.best_threshold), "a label", title=title)
    if can_show(examples):
        yield "wrong", _largest_errors(scored, examples, title)


def _largest_errors(scored: Scored, examples: Examples, title: str) -> Figure:
    result, wrong = scored.result, scored.result.most_wrong

    def caption(number: int, width: float) -> Caption:
        each = wrong[number]
        predicted, true = (plain_text(labels_text(labels)) for labels in (each.predicted, each.true))
        said = fit_text(predicted, width, style.LABEL_SIZE, bold=True)
        true = fit_text(f"true: {true}", width, style.LABEL_SIZE)
        return (said, style.ORANGE, "bold"), (true, style.INK, "normal"), where_line(each.index, each.file, width)

    images = read(examples, [each.index for each in wrong])
    count = len(scored.wrong)
    which = "the largest errors first" if len(wrong) == count else f"the {len(wrong)} largest errors"
    shown = f"{count:,} of {result.count:,} examples with a wrong label: {which}".replace(",", "\N{THIN SPACE}")
    subtitle = shown if count else f"all labels of all {result.count:,} examples are right"
    return draw_sheet(images, caption, title=title, subtitle=subtitle)
