"""What a command that draws a network returns, and how its sheets caption a prediction."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cnncli.errors import Problem
from cnncli.interpretability.subject import Subject
from cnncli.plots import style
from cnncli.plots.heat_maps import Caption

INVERTED = "inverted"  # option of a picture's name
_COLOURS = {True: style.ORANGE, False: style.BLUE, None: style.INK}  # of a prediction, by whether it is wrong


@dataclass(frozen=True)
class Drawn:
    """Pictures, what is said in them, for `--json`, and notes about them."""

    files: tuple[Path, ...]
    details: tuple[dict[str, Any], ...] = ()
    notes: tuple[Problem, ...] = ()


def answer_caption(subject: Subject, label: Any, said: np.ndarray | None) -> Caption:
    """What is predicted and what is true, each with its colour: a right prediction is blue, a wrong one orange."""
    lines: list[tuple[str, str]] = []
    if said is not None:
        is_wrong = None if label is None else subject.is_wrong(label, said)
        lines.append((f"predicted {subject.predicted_text(said)}", _COLOURS[is_wrong]))
    if label is not None:
        lines.append((f"true {subject.told(label)}", style.INK))
    return lines
