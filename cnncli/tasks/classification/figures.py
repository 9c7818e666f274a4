"""Figures of a classification: confusion matrix, ROC, calibration, thresholds, confident errors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from matplotlib.figure import Figure

from cnncli.data.dataset import Examples
from cnncli.inputs import InputKind
from cnncli.interpretability.examples import read
from cnncli.plots.calibration import draw_calibration
from cnncli.plots.confident_errors import draw_confident_errors
from cnncli.plots.confusion import draw_confusion
from cnncli.plots.evaluation_figures import can_show
from cnncli.plots.roc import draw_roc
from cnncli.plots.text_fitting import Title
from cnncli.plots.thresholds import draw_thresholds
from cnncli.tasks.classification.scorer import Scored
from cnncli.tasks.classification.thresholds import Sweep


def draw(
    scored: Scored, examples: Examples, *, title: str | Title, kinds: Mapping[str, InputKind]
) -> Iterator[tuple[str, Figure]]:
    """Draw each picture, with its name.

    Without probabilities there is no calibration, and without images or curves no sheet of wrong predictions; thresholds
    are for two classes.

    Args:
        title: the heading of every picture, any text.
        kinds: of the inputs by name, where their shapes alone do not tell them.
    """
    result = scored.result
    class_names = [each.name for each in result.per_class]
    yield "confusion", draw_confusion(np.asarray(result.confusion), class_names, title=title + ", confusion matrix")
    yield "roc", draw_roc(result.roc, result.precision_recall, title=title + ", ROC and precision-recall curves")
    if result.calibration:
        yield "calibration", draw_calibration(result.calibration, title=title + ", calibration")
    if result.thresholds:
        sweep = Sweep(result.thresholds, result.best_threshold)
        yield "thresholds", draw_thresholds(sweep, class_names[1], title=title + ", scores by threshold")
    if can_show(examples, kinds):
        images = read(examples, [wrong.index for wrong in result.most_wrong])
        about = title + ", wrong predictions"
        figure = draw_confident_errors(
            images, result.most_wrong, title=about, count=len(examples), wrong_count=len(scored.wrong), kinds=kinds
        )
        yield "wrong", figure
