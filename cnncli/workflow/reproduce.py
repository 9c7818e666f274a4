"""Compare a run with its repetition."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cnncli.errors import OutputError
from cnncli.model_file_validation import archive
from cnncli.model_file_validation.stored_arrays import stored_arrays
from cnncli.runs.record import MODEL

IDENTICAL, CLOSE, DIFFERENT = "bit-identical", "within tolerance", "different"

_NOT_COMPARED = ("seconds",)
_HISTORY, _PREDICTIONS = "history.json", "predictions.csv"


@dataclass(frozen=True)
class Equality:
    """How equal a run came out.

    Attributes:
        verdict: `bit-identical`: history, weights and predictions; `within tolerance`: the history's numbers are close;
            `different`.
        same_weights: every array of the model, bit for bit.
        same_predictions: `predictions.csv`, byte for byte.
        first_epoch: the first whose numbers differ at all, from 1; None when none does.
        first_epoch_outside: the first with a number outside of the tolerance, or that only one of the runs had.
        largest: the largest difference of two numbers of the history, relative where they are above 1.
        largest_in: which one, `val_loss in epoch 3`; empty where there is none.
        tolerance: what was allowed.
    """

    verdict: str
    same_weights: bool
    same_predictions: bool
    first_epoch: int | None
    first_epoch_outside: int | None
    largest: float
    largest_in: str
    tolerance: float

    def as_json(self) -> dict[str, Any]:
        """The form of `reproduce --json` and of the new run's record."""
        return asdict(self)

    def __str__(self) -> str:
        """In a sentence."""
        if self.verdict == IDENTICAL:
            return "bit-identical: every number of the history, every weight and every prediction"
        if self.first_epoch is None:
            parts = [name for name, same in self._results() if not same]
            return f"{self.verdict}: the history is the same to the last bit, the {' and the '.join(parts)} not"
        largest = f"; the largest difference is {self.largest:.2g}, {self.largest_in}" if self.largest_in else ""
        if self.verdict == CLOSE:
            return f"equal within a tolerance of {self.tolerance:g}, not bit-identical from epoch {self.first_epoch} on{largest}"
        return f"different: outside a tolerance of {self.tolerance:g} from epoch {self.first_epoch_outside} on{largest}"

    def _results(self) -> tuple[tuple[str, bool], ...]:
        return (("weights", self.same_weights), ("predictions", self.same_predictions))


def compare(then: Path, now: Path, *, tolerance: float) -> Equality:
    """Compare the results of two finished runs; the times they took are left out.

    Args:
        then: a run's folder.
        now: that of the run that did it again.
        tolerance: how far two numbers of the history may be apart, relative to the larger one where that is above 1.

    Raises:
        OutputError: a file of the results is missing or damaged.
        ModelFileError: likewise, a model.
    """
    rows = [_history(then), _history(now)]
    same_weights = _same_weights(then, now)
    same_predictions = _content(then, _PREDICTIONS) == _content(now, _PREDICTIONS)
    differences = _differences(*rows)
    outside = [epoch for epoch, _, size in differences if not size <= tolerance]
    largest = max(differences, key=lambda found: found[2], default=(0, "", 0.0))
    is_identical = same_weights and same_predictions and not differences
    # Equal histories with other weights are no luck of the last bits: what came after the training differs.
    is_close = bool(differences) and not outside
    return Equality(
        verdict=IDENTICAL if is_identical else CLOSE if is_close else DIFFERENT,
        same_weights=same_weights,
        same_predictions=same_predictions,
        first_epoch=differences[0][0] if differences else None,
        first_epoch_outside=outside[0] if outside else None,
        largest=largest[2],
        largest_in=f"{largest[1]} in epoch {largest[0]}" if largest[1] else "",
        tolerance=tolerance,
    )


def _differences(then: Sequence[Mapping[str, Any]], now: Sequence[Mapping[str, Any]]) -> list[tuple[int, str, float]]:
    """Where two histories differ: epoch, name, by how much; an epoch or a number that only one has differs by infinity."""
    found = []
    for index in range(max(len(then), len(now))):
        if index >= min(len(then), len(now)):
            found.append((index + 1, "an epoch that only one run has", math.inf))
            continue
        names = [name for name in dict.fromkeys([*then[index], *now[index]]) if name not in _NOT_COMPARED]
        for name in names:
            size = _difference(then[index].get(name), now[index].get(name))
            if size:
                found.append((index + 1, name, size))
    return found


def _difference(then: Any, now: Any) -> float:
    if then == now:
        return 0.0
    if not all(isinstance(value, int | float) and math.isfinite(value) for value in (then, now)):
        return math.inf
    return float(abs(then - now) / max(1.0, abs(then), abs(now)))


def _same_weights(then: Path, now: Path) -> bool:
    files = [archive.read(run / MODEL) for run in (then, now)]
    with stored_arrays(files[0].weights, str(then)) as ours, stored_arrays(files[1].weights, str(now)) as theirs:
        return ours.keys() == theirs.keys() and all(
            (array.dtype, array.shape) == (theirs[name].dtype, theirs[name].shape)
            and array.read().tobytes() == theirs[name].read().tobytes()
            for name, array in ours.items()
        )


def _history(run: Path) -> list[Mapping[str, Any]]:
    try:
        rows = json.loads(_content(run, _HISTORY))
        if isinstance(rows, list) and all(isinstance(row, dict) for row in rows):
            return rows
    except ValueError:
        pass
    raise OutputError(f"{run / _HISTORY} is damaged: it is not the history of a run")


def _content(run: Path, name: str) -> bytes:
    try:
        return (run / name).read_bytes()
    except OSError as error:
        raise OutputError(f"cannot read {run / name}: {error.strerror}", hint="the run is not complete") from error
