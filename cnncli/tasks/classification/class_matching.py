"""Match the classes of a data set with those of a trained model, by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cnncli.errors import DataError, Problem
from cnncli.messages import did_you_mean, listed, shortened

_MOST_NAMED = 5


@dataclass(frozen=True, slots=True, eq=False)
class Matched:
    """How to renumber labels, with notes.

    Attributes:
        numbers: int32 (data's classes,): the model's number of each.
        notes: classes that the data lacks.
    """

    numbers: NDArray[np.int32]
    notes: tuple[Problem, ...]


def match(names: Sequence[str], model_names: Sequence[str]) -> Matched:
    """Find each of the data's classes among the model's; their order may differ.

    Raises:
        DataError: the data has classes that the model does not know.
    """
    known = {name: number for number, name in enumerate(model_names)}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise DataError([_unknown(name, model_names) for name in unknown[:_MOST_NAMED]] + _rest(unknown))
    missing = [shortened(name) for name in model_names if name not in names]
    notes: tuple[Problem, ...] = ()
    if missing:
        noun = "class" if len(missing) == 1 else "classes"
        message = f"the data has no example of {noun} {listed((f'`{name}`' for name in missing), _MOST_NAMED)}"
        notes = (Problem(message, "the model was trained on them; no score is computed for them"),)
    return Matched(np.array([known[name] for name in names], np.int32), notes)


def _unknown(name: str, model_names: Sequence[str]) -> Problem:
    hint = did_you_mean(name, map(shortened, model_names)) or f"it knows {listed(model_names, 10)}"
    return Problem(f"the data has a class that is unknown to the model: `{shortened(name)}`", hint)


def _rest(unknown: Sequence[str]) -> list[Problem]:
    left = len(unknown) - _MOST_NAMED
    return [Problem(f"and {left:,} more classes that the model does not know")] if left > 0 else []
