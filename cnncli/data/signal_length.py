"""Signals of different length: pad short ones with 0, cut long ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncli.errors import DataError, Problem
from cnncli.messages import counted


@dataclass(frozen=True, slots=True)
class Lengths:
    """How many signals were brought to one length.

    Attributes:
        count: of all signals.
        padded, cut: that were shorter, that were longer.
        shortest, longest: positions of a signal before.
    """

    count: int
    padded: int
    cut: int
    shortest: int
    longest: int


def with_length(name: str, signals: NDArray[Any], length: int) -> tuple[NDArray[np.float32], Lengths]:
    """Bring signals to one length.

    Args:
        name: how messages call the array.
        signals: numbers (count, positions) or (count, positions, channels). Where a signal has ended its values are NaN, in
            all channels; any other NaN stays.
        length: of the result.

    Returns:
        float32 (count, length, channels), and what was done.

    Raises:
        DataError: these are no signals, or one has no values.
    """
    if signals.dtype.kind not in "biuf" or signals.ndim not in (2, 3) or 0 in signals.shape:
        message = f"{name} holds {signals.dtype} of shape {signals.shape}; `length` is for signals"
        raise DataError(Problem(message, "numbers of shape (count, positions) or (count, positions, channels)"))
    values = signals[..., None] if signals.ndim == 2 else signals
    ends = ends_of(values)
    if not ends.all():
        message = f"{name} holds {counted(int((ends == 0).sum()), 'signal')} without any value"
        raise DataError(Problem(f"{message}, first at index {int(ends.argmin()):,}", "leave them out"))
    found = np.zeros((len(values), length, values.shape[2]), np.float32)
    kept = min(length, values.shape[1])
    with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite, and is reported with other values
        found[:, :kept] = values[:, :kept]
    found[np.arange(length) >= ends[:, None]] = 0
    done = Lengths(len(ends), int((ends < length).sum()), int((ends > length).sum()), int(ends.min()), int(ends.max()))
    return found, done


def ends_of(signals: NDArray[Any]) -> NDArray[np.int64]:
    """Where each signal ends, int64 (count,): behind the last position that has a value.

    Args:
        signals: (count, positions, channels), NaN where a signal has ended.
    """
    if signals.dtype.kind != "f":
        return np.full(len(signals), signals.shape[1])
    has_value = ~np.isnan(signals).all(axis=2)  # (count, positions)
    ends = signals.shape[1] - has_value[:, ::-1].argmax(axis=1)
    return np.where(has_value.any(axis=1), ends, 0)


def length_note(name: str, done: Lengths, length: int) -> Problem | None:
    """How many signals were padded and cut; None where none was."""
    if not (done.padded or done.cut):
        return None
    parts = [f"{number:,} are {word}" for number, word in ((done.padded, "padded with 0"), (done.cut, "cut")) if number]
    message = f"{name}: of {counted(done.count, 'signal')} {' and '.join(parts)}: `length` is {length:,}"
    return Problem(message, f"they have {done.shortest:,} to {done.longest:,} positions")
