"""The pictures of an evaluation: confusion matrix, curves, calibration, thresholds, and the wrong predictions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from cnncli.data.examples import Examples
from cnncli.evaluation.evaluate import Evaluation
from cnncli.figures.calibration import draw_calibration
from cnncli.figures.confusion import draw_confusion
from cnncli.figures.roc import draw_roc
from cnncli.figures.save import save
from cnncli.figures.thresholds import draw_thresholds
from cnncli.figures.wrong import can_show, draw_wrong


def draw_evaluation(
    folder: Path,
    scored: Evaluation,
    examples: Examples,
    class_names: Sequence[str],
    *,
    title: str,
    formats: Sequence[str] = ("png",),
) -> list[Path]:
    """Draw everything that an evaluation tells.

    Without probabilities there is no calibration, and without images or curves no sheet of wrong ones; thresholds are for
    two classes.

    Args:
        folder: where to, there already.
        examples: those that were scored.
        title: the heading of every picture, any text.

    Returns:
        The files, in the order in which they were drawn.
    """
    trust = scored.trust
    files = save(
        draw_confusion(np.asarray(scored.scores.confusion), class_names, title=title),
        folder / "confusion.png",
        formats=formats,
    )
    files += save(draw_roc(trust.roc, trust.precision_recall, title=title), folder / "roc.png", formats=formats)
    if trust.calibration:
        files += save(draw_calibration(trust.calibration, title=title), folder / "calibration.png", formats=formats)
    if trust.sweep:
        figure = draw_thresholds(trust.sweep, class_names[1], title=title)
        files += save(figure, folder / "thresholds.png", formats=formats)
    if can_show(examples.inputs.shape[1:]):
        chosen = np.array([wrong.index for wrong in trust.most_wrong], np.int64)
        figure = draw_wrong(
            _read(examples, chosen),
            trust.most_wrong,
            title=title,
            count=len(examples),
            wrong_count=int(np.sum(examples.labels != scored.predicted)),
        )
        files += save(figure, folder / "wrong.png", formats=formats)
    return files


def _read(examples: Examples, chosen: np.ndarray) -> np.ndarray:
    """Some examples as an array, wherever they lie."""
    inputs = examples.inputs
    read: np.ndarray = inputs[chosen] if isinstance(inputs, np.ndarray) else inputs.read(chosen)
    return read
