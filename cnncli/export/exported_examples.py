"""The examples that an export is compared and calibrated with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncli.data.dataset import Examples
from cnncli.data.scales import Scale
from cnncli.errors import Problem
from cnncli.export.inference_function import InferenceFunction
from cnncli.export.runtime import Arrays
from cnncli.inference.evaluate_saved_model import other_data, own_splits
from cnncli.inference.model_loading import TrainedModel
from cnncli.inputs import kind_of

_RANDOM = 64
_CALIBRATION = 200
_TEXTS = ("a good day", "not so bad", "one two three", "")


@dataclass(frozen=True)
class ExportExamples:
    """Examples for an export.

    Attributes:
        described: for people: `test split`.
        compared: inputs by the names of the export, (count, …).
        scored: with targets; None where they are random.
        calibration: training examples; None where there are none.
        notes: about the data.
    """

    described: str
    compared: Arrays
    scored: Examples | None
    calibration: Arrays | None
    notes: tuple[Problem, ...] = ()

    @property
    def count(self) -> int:
        """Of the compared examples."""
        return len(next(iter(self.compared.values())))

    def batches(self, size: int) -> Iterator[Arrays]:
        """The compared inputs, batch by batch."""
        for begin in range(0, self.count, size):
            yield {name: values[begin : begin + size] for name, values in self.compared.items()}

    def single(self) -> Iterator[Arrays]:
        """The examples of the calibration, one at a time."""
        assert self.calibration is not None
        for row in range(len(next(iter(self.calibration.values())))):
            yield {name: values[row : row + 1] for name, values in self.calibration.items()}


def examples_for(
    trained: TrainedModel, function: InferenceFunction, *, data: str | None, most_compared: int, most_scored: int
) -> ExportExamples:
    """Read the examples of an export: of a run its test and training split, of a file those of `data`, or random ones.

    Args:
        data: other examples, a built-in name or a path.
        most_compared: examples whose outputs are compared.
        most_scored: examples that are scored.

    Raises:
        DataError: the data is missing or does not fit the model.
    """
    if data is not None:
        examples, notes, _ = other_data(trained, data)
        return ExportExamples(
            data,
            _arrays(function, examples, most_compared),
            _some(examples, most_scored),
            _arrays(function, examples, _CALIBRATION),
            notes,
        )
    if trained.recipe is None:
        note = Problem(
            f"{trained.name} is a file, whose data is not known: it is compared on random inputs",
            "name examples with --data",
        )
        return ExportExamples("random inputs", _random(trained, function), None, None, (note,))
    splits, notes = own_splits(trained)
    return ExportExamples(
        "test split",
        _arrays(function, splits.test, most_compared),
        _some(splits.test, most_scored),
        _arrays(function, splits.train, _CALIBRATION),
        notes,
    )


def _some(examples: Examples, most: int) -> Examples:
    return examples if len(examples) <= most else examples.take(_spread(len(examples), most))


def _spread(count: int, most: int) -> NDArray[np.int64]:
    """Places of so many examples, evenly over all: sorted data has every class among them."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).astype(np.int64))


def _arrays(function: InferenceFunction, examples: Examples, most: int) -> Arrays:
    values = examples.read(_spread(len(examples), most))
    given = values if isinstance(values, dict) else {next(iter(function.keras_names.values())): values}
    return {name: _typed(given[own], function.inputs[name]) for name, own in function.keras_names.items()}


def _typed(values: NDArray[Any], spec: Any) -> NDArray[Any]:
    return values if values.dtype == object else np.asarray(values, spec.dtype.as_numpy_dtype)


def _random(trained: TrainedModel, function: InferenceFunction) -> Arrays:
    """Inputs of the known scale, the same every time."""
    random = np.random.default_rng(0)
    scales = trained.scales
    found = {}
    for name, spec in function.inputs.items():
        shape = tuple(length or 32 for length in spec.shape[1:])
        scale: Scale | None = scales.get(function.keras_names[name]) or trained.scale
        kind = kind_of(shape)
        if spec.dtype.name == "string":
            found[name] = np.resize(np.array(_TEXTS, object), _RANDOM)
            continue
        low, high = (scale.low, scale.high) if scale else (0.0, 255.0 if kind.ARE_PIXELS else 1.0)
        values = random.uniform(low, high, (_RANDOM, *shape))
        found[name] = _typed(np.floor(values) if kind.ARE_NUMBERED else values, spec)
    return found
