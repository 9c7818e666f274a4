"""Examples of one array in two scales: some raw, some scaled already."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncli.data.columns import Values, as_column
from cnncli.data.scales import CEILINGS, FACTOR, Extremes
from cnncli.errors import Problem
from cnncli.inputs import InputKind, kind_of
from cnncli.messages import listed

_LEAST_VALUES = 64  # of an example of which "all values are whole numbers" says something
_LOOKED_AT = 4000  # examples of which this is asked
_GAP = 4  # between the largest values of the two groups
_FULL, _OTHER_FULL = 0.95, 0.7  # of a usual ceiling, which the largest value of the darker, of the brighter group is
_APART = 15  # 12 and 16 bits differ by 16
_NEARLY_ALL = 0.98
_FEW, _SHARE = 3, 0.02  # examples of a group, and of all, unless whole numbers tell it
_CLEAR_SHARE = 0.1  # of images of 0 and 1 beside others: a few are nearly blank
_BELOW = 0.5  # of 1: between 0 and so far below it a mixture of 0 to 1 and -1 to 1 has no smallest values
_MOST_NAMED = 3

Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Mixed:
    """The smaller of two groups of examples that are in two scales, and where the values of both lie.

    Attributes:
        rows: int64, the indices of the group, ascending.
        low, high: its smallest and its largest value.
        other_low, other_high: of all other examples.
    """

    rows: Rows
    low: float
    high: float
    other_low: float
    other_high: float


def find_mixed(inputs: Values | None, extremes: Extremes, kind: InputKind) -> Mixed | None:
    """Look for two scales among the examples of one array, or among images.

    - Whole numbers up to N beside fractions at most a twentieth of that: raw values and scaled ones. In such data dark,
      blank and sparse examples are whole numbers too.
    - Images with nothing in between whose largest values are close to two usual ceilings: up to 1 and up to 255, 12 and 16
      bits.
    - Images far smaller than the others, with values below 0 that these do not have: standardised and raw ones.
    - Images up to 1, some of which go down to nearly -1 and the others not below 0.

    Args:
        inputs: (count, *shape of one); None where only the extremes are known.
        extremes: of each example.
        kind: of input.

    Returns:
        None where all may well be in one scale.
    """
    sizes = np.maximum(np.abs(extremes.lows), np.abs(extremes.highs))
    known = np.flatnonzero(extremes.lows < extremes.highs)  # examples of one value say nothing
    if len(known) < 2:
        return None
    ways: list[Callable[[], Rows | None]] = []
    if inputs is not None and sizes[known].max() >= FACTOR * sizes[known].min():
        ways.append(lambda: _fractions_beside_whole(inputs, sizes, known))
    if kind.ARE_PIXELS:
        ways += [
            lambda: _two_ceilings(inputs, extremes, sizes, known),
            lambda: _shifted(extremes, sizes, known),
        ]
    for way in ways:
        group = way()
        if group is not None:
            return _described(group, known, extremes)
    return None


def problem_of(mixed: Mixed, what: str, name: Callable[[int], str], count: int) -> Problem:
    """The sentence about it.

    Args:
        what: the examples, as messages call them: `x_train`.
        name: of an example, by its index.
        count: of all examples.
    """
    rows = mixed.rows.tolist()
    values, others = f"{mixed.low:.4g} to {mixed.high:.4g}", f"{mixed.other_low:.4g} to {mixed.other_high:.4g}"
    message = f"{len(rows):,} of {count:,} examples of {what} hold values from {values}, the others from {others}"
    return Problem(
        f"{message}: they are in two scales",
        f"{listed(map(name, rows), _MOST_NAMED)}\nscale all examples in the same way",
        kind="values",
    )


def mixed_in(inputs: Values, extremes: Extremes, what: str) -> Problem | None:
    """The problem of an array in two scales; None where it is in one.

    Args:
        inputs: (count, *shape of one).
        extremes: of each example.
        what: the array, as messages call it: `x_train`.
    """
    mixed = find_mixed(inputs, extremes, kind_of(inputs.shape[1:]))
    return problem_of(mixed, what, lambda row: f"{what}[{row}]", len(inputs)) if mixed else None


def _described(group: Rows, known: Rows, extremes: Extremes) -> Mixed:
    other = np.setdiff1d(known, group)
    if len(group) > len(other):
        group, other = other, group
    ends = [float(end) for rows in (group, other) for end in (extremes.lows[rows].min(), extremes.highs[rows].max())]
    return Mixed(np.sort(group), *ends)


def _fractions_beside_whole(inputs: Values, sizes: NDArray[np.float64], known: Rows) -> Rows | None:
    stored = as_column(inputs)
    if stored.dtype.kind != "f" or int(np.prod(stored.shape[1:])) < _LEAST_VALUES:
        return None
    some = known[np.unique(np.linspace(0, len(known) - 1, min(len(known), _LOOKED_AT)).astype(np.int64))]
    whole = _are_whole(stored, some)
    raw, scaled = some[whole], some[~whole]
    if not len(raw) or not len(scaled):
        return None
    smallest_raw = FACTOR * float(np.quantile(sizes[scaled], _NEARLY_ALL))
    if float(np.median(sizes[raw])) < smallest_raw:
        return None
    if len(some) == len(known):
        return scaled
    small = known[sizes[known] * FACTOR <= float(np.median(sizes[raw]))]
    return small[~_are_whole(stored, small)]


def _are_whole(stored: Any, rows: Rows) -> NDArray[np.bool_]:
    """Whether all values of an example are whole numbers."""
    found = np.empty(len(rows), np.bool_)
    step = max(1, (1 << 22) // int(np.prod(stored.shape[1:])))
    for begin in range(0, len(rows), step):
        chunk = stored.read(rows[begin : begin + step]).reshape(len(rows[begin : begin + step]), -1)
        found[begin : begin + step] = (chunk == np.floor(chunk)).all(axis=1)
    return found


def _two_ceilings(inputs: Values | None, extremes: Extremes, sizes: NDArray[np.float64], known: Rows) -> Rows | None:
    order = known[np.argsort(sizes[known], kind="stable")]
    sorted_sizes = sizes[order]
    least = max(1, _least(len(order)))
    if len(order) < 2 * least:
        return None
    steps = sorted_sizes[least : len(order) - least + 1] / np.maximum(
        sorted_sizes[least - 1 : len(order) - least], np.finfo(np.float64).tiny
    )
    cut = least + int(np.argmax(steps))
    small, large = order[:cut], order[cut:]
    top, other_top = float(sizes[small].max()), float(sizes[large].max())
    if steps.max() < _GAP or other_top < _APART * top:
        return None
    if _is_standardised(extremes, small, large) and other_top >= FACTOR * top:
        return small
    ceiling, other_ceiling = _ceiling(top, _FULL), _ceiling(other_top, _OTHER_FULL)
    if ceiling is None or other_ceiling is None or other_ceiling < _APART * ceiling:
        return None
    if ceiling == 1.0 and (inputs is None or _have_two_values(inputs, small)):
        return small if len(small) >= _CLEAR_SHARE * len(order) else None
    return small


def _ceiling(top: float, share: float) -> float | None:
    """The usual ceiling of which a value is at least a share, and not above it."""
    return next((end for end in CEILINGS if share * end < top <= end * 1.001), None)


def _have_two_values(inputs: Values, rows: Rows) -> bool:
    some = as_column(inputs).read(rows[:_FEW])
    return bool(((some == 0) | (some == 1)).all())


def _is_standardised(extremes: Extremes, small: Rows, large: Rows) -> bool:
    below = extremes.lows[small] <= -0.1 * extremes.highs[small]
    return bool(np.mean(below) >= _NEARLY_ALL and np.mean(extremes.lows[large] < 0) <= 1 - _NEARLY_ALL)


def _shifted(extremes: Extremes, sizes: NDArray[np.float64], known: Rows) -> Rows | None:
    lows, least = extremes.lows[known], _least(len(known))
    below, above = known[lows <= -_BELOW], known[lows >= 0]
    if len(below) + len(above) < len(known) or min(len(below), len(above)) < least:
        return None
    tops = [float(extremes.highs[rows].max()) for rows in (below, above)]
    ends = [*tops, -float(extremes.lows[below].min())]
    return below if all(_OTHER_FULL < end <= 1.001 for end in ends) else None


def _least(count: int) -> int:
    return max(_FEW, int(np.ceil(_SHARE * count)))
