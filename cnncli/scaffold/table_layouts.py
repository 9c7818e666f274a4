"""Recognize tables whose rows are no examples: time steps of a signal, inputs whose labels lie in another file."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from itertools import groupby

import numpy as np

from cnncli.errors import DataError, Problem
from cnncli.messages import counted, printable
from cnncli.scaffold.table_sample import SampledColumns

_INPUTS_ALONE = re.compile(r"(?i)x(?=[_.-]|$)")  # how a file of inputs is called: `X_train.csv`
_LEAST_SERIES, _LEAST_STEPS = 4, 8


def refuse_inputs_alone(path: str) -> None:
    """Raise DataError where a file is called X and there is one called y beside it: no column of it is a label."""
    folder, name = os.path.split(path)
    if not (match := _INPUTS_ALONE.match(name)):
        return
    for letter in ("y", "Y"):
        labels = os.path.join(folder, letter + name[match.end() :])
        if os.path.isfile(labels):
            message = f"{printable(path)} has the inputs alone; the labels stand in {printable(labels)}"
            hint = "join them: in an archive, `np.savez('data.npz', x=x, y=y)`; rows of time steps as docs/signals.md shows"
            raise DataError(Problem(message, hint))


def refuse_time_steps(path: str, sample: SampledColumns, label: Sequence[str]) -> None:
    """Raise DataError where each row is a time step of a signal, not an example.

    So it is if the rows of a signal stand one after the other, share their label, and are counted in another column, which
    begins again with each signal.
    """
    labels = list(zip(*(sample.values[name] for name in label), strict=True))
    for key, values in sample.values.items():
        if key in label:
            continue
        runs = [len([*own]) for _, own in groupby(values)]
        if len(runs) != len(set(values)) or len(runs) < _LEAST_SERIES or len(values) < _LEAST_STEPS * len(runs):
            continue
        begins = np.cumsum([0, *runs[:-1]])
        if any(len({*labels[begin : begin + count]}) > 1 for begin, count in zip(begins.tolist(), runs, strict=True)):
            continue
        steps = next((n for n in sample.values if n not in (key, *label) and _begins_again(n, sample, begins)), None)
        if steps is not None:
            message = (
                f"each row of {printable(path)} looks like a time step: {counted(len(runs), 'signal')} of `{printable(key)}`, "
                f"with {counted(len(values) // len(runs), 'step')} each, counted in `{printable(steps)}`"
            )
            hint = "an example is a whole signal: docs/signals.md has a script that joins the rows of each"
            raise DataError(Problem(message, hint))


def _begins_again(name: str, sample: SampledColumns, begins: np.ndarray) -> bool:
    """Whether the numbers of a column rise within each signal, and fall back where the next one begins."""
    numbers = sample.numbers.get(name)
    if numbers is None or len(numbers) < len(sample.values[name]):
        return False
    falls = np.flatnonzero(np.diff(numbers) <= 0) + 1
    return bool(np.array_equal(falls, begins[1:]))
