"""Compare an exported model with Keras: outputs, decisions and milliseconds."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from cnncli.export.formats import NONE, Target
from cnncli.export.inference_function import InferenceFunction
from cnncli.export.runtime import Arrays, Runtime
from cnncli.messages import percent, share_text
from cnncli.tasks.decoder import Decoder

BATCHES = (1, 32)  # examples, of the measured times
_SECONDS = 0.3  # that each time is measured for
_FEWEST_ROUNDS = 5

# The largest difference of an output, relative to the largest value that Keras gives.
_DIFFERENCES = {NONE: 1e-3, "float16": 2e-2}
# The smallest share of equal decisions, such as classes, with 8-bit numbers.
_LEAST_AGREEMENT = 0.95
# Where there are no decisions: the root mean square of the differences relative to the standard deviation of the outputs.
_LARGEST_ERROR = 0.15


@dataclass(frozen=True, slots=True)
class Agreement:
    """How an exported model compares with Keras.

    Attributes:
        examples: that both computed.
        largest_difference: of any two outputs.
        relative_difference: the largest difference divided by the largest absolute output of Keras.
        relative_error: the root mean square of the differences, divided by the standard deviation of Keras' outputs.
        decisions: how many there are, such as classes; 0 where outputs decide nothing.
        equal_decisions: how many of them are the same.
        is_finite: whether all its outputs are numbers.
        is_finite_in_keras: whether those of Keras are.
    """

    examples: int
    largest_difference: float
    relative_difference: float
    relative_error: float
    decisions: int
    equal_decisions: int
    is_finite: bool = True
    is_finite_in_keras: bool = True

    @property
    def share(self) -> float | None:
        """Of equal decisions; None where there are none."""
        return self.equal_decisions / self.decisions if self.decisions else None

    def fault(self, target: Target) -> str:
        """Why the export cannot be used; empty if it can."""
        if not self.is_finite_in_keras:
            return "the network gives values that are not finite, in Keras too"
        if not self.is_finite:
            return "it gives values that are not finite"
        if (most := _DIFFERENCES.get(target.quantization)) is not None:
            if self.relative_difference <= most:
                return ""
            return (
                f"its outputs differ from those of Keras by up to {self.largest_difference:.2g}, "
                f"{100 * self.relative_difference:.3g}% of the largest output (at most {100 * most:g}%)"
            )
        if self.share is not None:
            if self.share >= _LEAST_AGREEMENT:
                return ""
            return (
                f"{share_text(self.equal_decisions, self.decisions)} of its decisions are those of Keras "
                f"(at least {percent(_LEAST_AGREEMENT)})"
            )
        if self.relative_error <= _LARGEST_ERROR:
            return ""
        return (
            f"its outputs differ from those of Keras by {self.relative_error:.2g} of their standard deviation "
            f"(at most {_LARGEST_ERROR:g})"
        )


def compare(
    function: InferenceFunction, runtime: Runtime, batches: Iterator[Arrays], decoder: Decoder | None
) -> Agreement:
    """Compute examples in Keras and in the runtime.

    Args:
        batches: inputs by the names of the export.
        decoder: of the outputs, for decisions; None: there are none.
    """
    reference = compiled(function)
    moments: dict[str, _Moments] = {name: _Moments() for name in function.outputs.values()}
    examples = same = decided = 0
    for batch in batches:
        wanted, found = reference(batch), runtime.run(batch)
        for name, each in moments.items():
            each.add(wanted[name], np.asarray(found[name], np.float32))
        examples += len(next(iter(batch.values())))
        if not all(each.is_finite for each in moments.values()):
            break
        if decoder is not None and (decisions := _decisions(decoder, function, wanted)) is not None:
            others = _decisions(decoder, function, found)
            same += int((decisions == others).sum())
            decided += decisions.size
    return Agreement(
        examples,
        max(each.largest for each in moments.values()),
        max(each.relative_difference for each in moments.values()),
        max(each.relative_error for each in moments.values()),
        decided,
        same,
        all(each.is_finite for each in moments.values()),
        all(each.is_finite_in_keras for each in moments.values()),
    )


def compiled(function: InferenceFunction) -> Callable[[Arrays], Arrays]:
    """The function as a TensorFlow graph from arrays to arrays."""
    graph = tf.function(function, autograph=False, input_signature=function.signature)

    def run(inputs: Arrays) -> Arrays:
        return {name: value.numpy() for name, value in graph(*map(tf.constant, inputs.values())).items()}

    return run


def milliseconds(run: Callable[[Arrays], Arrays], inputs: Arrays) -> dict[str, float]:
    """The median time of a batch, for each of `BATCHES`.

    Args:
        inputs: at least one example.
    """
    found = {}
    for size in BATCHES:
        batch = {name: np.resize(values, (size, *values.shape[1:])) for name, values in inputs.items()}
        run(batch)  # the first time is longer
        times: list[float] = []
        while len(times) < _FEWEST_ROUNDS or sum(times) < _SECONDS:
            begin = time.perf_counter()
            run(batch)
            times.append(time.perf_counter() - begin)
        found[str(size)] = 1000 * statistics.median(times)
    return found


def _decisions(decoder: Decoder, function: InferenceFunction, outputs: Arrays) -> NDArray[Any] | None:
    if len(function.outputs) > 1:
        return None
    [name] = function.outputs.values()
    return decoder.decisions(np.asarray(decoder.activated(outputs[name]), np.float32))


class _Moments:
    """Sums over the outputs of all batches."""

    def __init__(self) -> None:
        self._count = 0
        self._sum = self._squares = self._errors = 0.0
        self.largest = self._highest = 0.0
        self.is_finite = self.is_finite_in_keras = True

    def add(self, wanted: NDArray[Any], found: NDArray[Any]) -> None:
        self.is_finite_in_keras &= bool(np.isfinite(wanted).all())
        self.is_finite &= self.is_finite_in_keras and bool(np.isfinite(found).all()) and found.shape == wanted.shape
        if not self.is_finite or not wanted.size:
            return
        difference = np.abs(found.astype(np.float64) - wanted)
        self.largest = max(self.largest, float(difference.max()))
        self._highest = max(self._highest, float(np.abs(wanted).max()))
        self._count += wanted.size
        self._sum += float(wanted.sum(dtype=np.float64))
        self._squares += float(np.square(wanted, dtype=np.float64).sum())
        self._errors += float(np.square(difference).sum())

    @property
    def relative_difference(self) -> float:
        return self.largest / self._highest if self._highest else self.largest

    @property
    def relative_error(self) -> float:
        if not self._count:
            return 0.0
        variance = max(0.0, self._squares / self._count - (self._sum / self._count) ** 2)
        error = math.sqrt(self._errors / self._count)
        return error / math.sqrt(variance) if variance > 0 else error
