"""Signals of different length: pad short ones with 0, cut long ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncli.errors import DataError, Problem
from cnncli.inputs import kind_of
from cnncli.messages import counted


@dataclass(slots=True)
class Lengths:
    """How many signals were brought to one length.

    Attributes:
        count: of all signals.
        padded, cut: that were shorter, that were longer.
        shortest, longest: positions of a signal before.
    """

    count: int = 0
    padded: int = 0
    cut: int = 0
    shortest: int = 0
    longest: int = 0

    def add(self, ends: NDArray[Any], length: int) -> None:
        """Count some more signals.

        Args:
            ends: the number of positions of each, int (any,).
            length: that they get.
        """
        if not len(ends):
            return
        self.shortest = min(int(ends.min()), self.shortest if self.count else int(ends.min()))
        self.longest = max(int(ends.max()), self.longest)
        self.count += len(ends)
        self.padded += int((ends < length).sum())
        self.cut += int((ends > length).sum())


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
    kind = kind_of(signals.shape[1:])
    if signals.dtype.kind not in "biuf" or not kind.ARE_CURVES or 0 in signals.shape:
        message = f"{name} holds {signals.dtype} of shape {signals.shape}; `length` is for signals"
        raise DataError(Problem(message, "numbers of shape (count, positions) or (count, positions, channels)"))
    values = signals if kind.has_places else signals[..., None]
    ends = ends_of(values)
    if not ends.all():
        message = f"{name} holds {counted(int((ends == 0).sum()), 'signal')} without any value"
        raise DataError(Problem(f"{message}, first at index {int(ends.argmin()):,}", "leave them out"))
    done = Lengths()
    done.add(ends, length)
    return padded_or_cut(values, ends, length), done


def padded_or_cut(signals: NDArray[Any], ends: NDArray[np.int64], length: int) -> NDArray[np.float32]:
    """Signals (count, positions, channels) as float32 (count, length, channels), 0 from where each ends."""
    found = np.zeros((len(signals), length, signals.shape[2]), np.float32)
    kept = min(length, signals.shape[1])
    with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite, and is reported with other values
        found[:, :kept] = signals[:, :kept]
    found[np.arange(length) >= ends[:, None]] = 0
    return found


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
