"""The pictures of an evaluation: confusion matrix, curves, calibration, thresholds, and the wrong predictions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from cnncli.data.dataset import Examples
from cnncli.plots import naming
from cnncli.plots.calibration import draw_calibration
from cnncli.plots.confident_errors import can_show, draw_wrong
from cnncli.plots.confusion import draw_confusion
from cnncli.plots.largest_errors import draw_worst
from cnncli.plots.regression import draw_predicted, draw_residuals
from cnncli.plots.roc import draw_roc
from cnncli.plots.save import Folder, save
from cnncli.plots.thresholds import draw_thresholds
from cnncli.tasks.base import Scored
from cnncli.tasks.classification.thresholds import Sweep
from cnncli.tasks.regression.evaluate import Scored as ScoredRegression


def draw_evaluation(
    folder: Folder,
    scored: Scored,
    examples: Examples,
    class_names: Sequence[str],
    *,
    title: str,
    formats: Sequence[str] = ("png",),
    option: str = "",
) -> list[Path]:
    """Draw everything that an evaluation tells: of classes, or of numbers.

    Without probabilities there is no calibration, and without images or curves no sheet of wrong ones; thresholds are for
    two classes.

    Args:
        folder: where to, there already.
        examples: those that were scored.
        title: the heading of every picture, any text.
        option: what the examples are called in the files' names, `confusion--train.png`; empty for a run's own pictures.

    Returns:
        The files, in the order in which they were drawn.
    """
    if isinstance(scored, ScoredRegression):
        return _draw_numbers(folder, scored, examples, title=title, formats=formats, option=option)
    result = scored.result
    files = save(
        draw_confusion(np.asarray(result.confusion), class_names, title=title),
        folder / _name("confusion", option),
        formats=formats,
    )
    files += save(
        draw_roc(result.roc, result.precision_recall, title=title), folder / _name("roc", option), formats=formats
    )
    if result.calibration:
        files += save(
            draw_calibration(result.calibration, title=title), folder / _name("calibration", option), formats=formats
        )
    if result.thresholds:
        sweep = Sweep(result.thresholds, result.best_threshold)
        figure = draw_thresholds(sweep, class_names[1], title=title)
        files += save(figure, folder / _name("thresholds", option), formats=formats)
    if can_show(examples.inputs.shape[1:]):
        chosen = np.array([wrong.index for wrong in result.most_wrong], np.int64)
        figure = draw_wrong(
            _read(examples, chosen),
            result.most_wrong,
            title=title,
            count=len(examples),
            wrong_count=int(np.sum(examples.labels != scored.predicted)),
        )
        files += save(figure, folder / _name("wrong", option), formats=formats)
    return files


def _draw_numbers(
    folder: Folder, scored: ScoredRegression, examples: Examples, *, title: str, formats: Sequence[str], option: str
) -> list[Path]:
    """Predicted against true, the errors, and the examples of the largest ones."""
    files: list[Path] = []
    for name, draw in (("predicted", draw_predicted), ("residuals", draw_residuals)):
        figure = draw(scored.targets, scored.outputs, scored.result, title=title)
        files += save(figure, folder / _name(name, option), formats=formats)
    if can_show(examples.inputs.shape[1:]):
        worst = scored.result.worst
        chosen = np.array([each.index for each in worst], np.int64)
        figure = draw_worst(_read(examples, chosen), worst, title=title, count=len(examples))
        files += save(figure, folder / _name("worst", option), formats=formats)
    return files


def _name(kind: str, option: str) -> str:
    return f"{naming.stem(kind, [option])}.png"


def _read(examples: Examples, chosen: np.ndarray) -> np.ndarray:
    """Some examples as an array, wherever they lie."""
    inputs = examples.inputs
    read: np.ndarray = inputs[chosen] if isinstance(inputs, np.ndarray) else inputs.read(chosen)
    return read
