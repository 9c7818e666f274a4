"""Draw examples beside what a network made of them, and the error at each place."""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from cnncli.inputs import kind_of
from cnncli.messages import number_text
from cnncli.plots.example_grid import Row, draw_grid
from cnncli.plots.text_fitting import Title, plain_text
from cnncli.recipe.named_inputs import INPUT
from cnncli.tasks.reconstruction.quality import psnr_of
from cnncli.tasks.reconstruction.scorer import Shown


def draw_reconstructions(
    shown: Sequence[Shown],
    *,
    low: float,
    high: float,
    is_corrupted: bool,
    title: str | Title,
    subtitle: str,
    files: Sequence[str] | None = None,
) -> Figure:
    """Draw a row for each example: the target, what went in where that is something else, what came out, and the error.

    Args:
        shown: at least one, of a shape that can be drawn.
        low, high: the values that become black and white.
        is_corrupted: whether inputs differ from targets.
        title, subtitle: the heading, any text.
        files: of all examples of the split, where they came from files.
    """
    largest = max(float(np.abs(each.output - each.target).max()) for each in shown)
    are_curves = kind_of(shown[0].target.shape).ARE_CURVES
    rows = []
    for each in shown:
        error = np.abs(each.output - each.target)
        if not are_curves:  # in the scale of the others: black is none, white the largest of the sheet
            error = low + (high - low) * error / (largest or 1.0)
        parts = [each.target, *([each.given] if is_corrupted else []), each.output, error]
        name = f"example {each.index}" if files is None else plain_text(os.path.basename(files[each.index]))
        psnr = float(psnr_of(np.array([each.error]), high - low)[0])
        lines = [name, f"MSE {number_text(each.error)}", f"PSNR {psnr:.1f} dB"]
        rows.append(Row(lines, np.stack(parts), {INPUT: (low, high)}))
    if not are_curves:
        subtitle += f"; errors up to {number_text(largest)} (white)"
    columns = ["target", "input", "output", "error"] if is_corrupted else ["input", "output", "error"]
    return draw_grid(rows, title=title, subtitle=subtitle, columns=columns)
