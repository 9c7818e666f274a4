"""Figures of a multi-label classification: scores by threshold, the largest errors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from matplotlib.figure import Figure

from cnncli.data.dataset import Examples
from cnncli.inputs import InputKind
from cnncli.interpretability.examples import read
from cnncli.plots.confident_errors import Caption, draw_sheet, prediction_lines, where_line
from cnncli.plots.evaluation_figures import can_show
from cnncli.plots.text_fitting import Title
from cnncli.plots.thresholds import draw_thresholds
from cnncli.tasks.classification.thresholds import Sweep
from cnncli.tasks.multilabel.console import labels_text
from cnncli.tasks.multilabel.scorer import Scored


def draw(
    scored: Scored, examples: Examples, *, title: str | Title, kinds: Mapping[str, InputKind]
) -> Iterator[tuple[str, Figure]]:
    """Draw each picture, with its name.

    Args:
        title: the heading of every picture, any text.
        kinds: of the inputs by name, where their shapes alone do not tell them.
    """
    result = scored.result
    yield (
        "thresholds",
        draw_thresholds(
            Sweep(result.thresholds, result.best_threshold), "a label", title=title + ", scores by threshold"
        ),
    )
    if can_show(examples, kinds):
        yield "wrong", _largest_errors(scored, examples, title + ", wrong predictions", kinds)


def _largest_errors(scored: Scored, examples: Examples, title: str | Title, kinds: Mapping[str, InputKind]) -> Figure:
    result, wrong = scored.result, scored.result.most_wrong

    def caption(number: int, width: float) -> Caption:
        each = wrong[number]
        where = where_line(each.index, each.file, width)
        return prediction_lines(labels_text(each.predicted), labels_text(each.true), where, width)

    images = read(examples, [each.index for each in wrong])
    count = len(scored.wrong)
    which = "the largest errors first" if len(wrong) == count else f"the {len(wrong)} largest errors"
    shown = f"{count:,} of {result.count:,} predictions have a wrong label: {which}"
    subtitle = shown if count else f"all labels of all {result.count:,} predictions are correct"
    return draw_sheet(images, caption, title=title, subtitle=subtitle, kinds=kinds)
