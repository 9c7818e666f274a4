"""Warnings about inputs of a trained model: another scale than in training, or the training examples."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncli.data import scales
from cnncli.data.columns import Values, as_column
from cnncli.data.dataset import INPUT, Examples
from cnncli.data.fingerprint import of_set
from cnncli.data.mixed_scales import mixed_in
from cnncli.data.shapes import Shape
from cnncli.data.sketch import Sketch, overlap_of
from cnncli.errors import CnncliError, Problem
from cnncli.inference.inputs import File, Given, read_array
from cnncli.inference.model_loading import TrainedModel
from cnncli.inference.several_inputs import SeveralGiven
from cnncli.inference.text_inputs import TextsGiven
from cnncli.inputs import kind_of
from cnncli.messages import printable
from cnncli.recipe.sources.table import InputColumns

_LEAST_SHARE = 0.01  # of examples that were trained on; many data sets have a few copies
_LOOKED_AT = 1000  # rows of a table


def warnings_for_examples(trained: TrainedModel, examples: Examples, what: str) -> list[Problem]:
    """Compare labelled examples with those of the training.

    Args:
        what: the examples, as messages call them.
    """
    found = [*_scale_problems(trained, examples, what), *_trained_on(trained, examples, what)]
    return [*found, *trained.targets.unlike_training(trained.targets.whole(examples.targets), what)]


def warnings_for_files(trained: TrainedModel, given: Given | SeveralGiven | TextsGiven) -> list[Problem]:
    """Compare the scale of files without labels with that of the training; of tables the first rows are read."""
    if isinstance(given, SeveralGiven):
        found = []
        for group in given.groups:
            for name, array in group.arrays().items():
                found += scale_warnings(trained.scales.get(name), array, f"{name} of {printable(group.file)}")
        return found
    return list(_other_scales(trained, given)) if isinstance(given, Given) else []


def warnings_for_images(trained: TrainedModel) -> list[Problem]:
    """Compare the scale of decoded images, 0 to 255, with that of the training."""
    return _unlike(trained.scale, scales.OF_IMAGES, "an image file")


def scale_warnings(known: scales.Scale | None, inputs: Values, what: str) -> list[Problem]:
    """Compare the scale of examples with that of the training; examples that hold NaN are left out.

    Args:
        known: of the training examples; None where it is not known.
        inputs: (count, *shape of one), of any type of numbers.
        what: the examples, as messages call them.
    """
    if not kind_of(inputs.shape[1:]).ARE_NUMBERS:
        return []
    extremes = scales.extremes_of(inputs)
    good = np.flatnonzero(np.isfinite(extremes.lows) & np.isfinite(extremes.highs))
    if not len(good):
        return []
    if len(good) < len(inputs):
        inputs, extremes = as_column(inputs).take(good), scales.Extremes(extremes.lows[good], extremes.highs[good])
    if mixed := mixed_in(inputs, extremes, what):
        return [mixed]
    return _unlike(known, scales.scale_of(inputs, extremes), what)


def _scale_problems(trained: TrainedModel, examples: Examples, what: str) -> list[Problem]:
    if examples.originals is not None:
        return _unlike(trained.scale, examples.scale, what)
    found = []
    for name, column in examples.inputs.items():
        shown = what if name == INPUT else f"{name} of {what}"
        found += scale_warnings(trained.scales.get(name), column, shown)
    return found


def _unlike(known: scales.Scale | None, scale: scales.Scale, what: str) -> list[Problem]:
    problem = scales.unlike_training(known, scale, what) if known else None
    return [problem] if problem else []


def _other_scales(trained: TrainedModel, given: Given) -> Iterator[Problem]:
    if given.has_images:
        yield from warnings_for_images(trained)
    assert not isinstance(trained.input_shape, dict)
    for file in given.files:
        inputs = _inputs_of(file, trained.input_shape, given.columns)
        if inputs is not None:
            yield from scale_warnings(trained.scale, inputs, printable(file.path))


def _inputs_of(file: File, input_shape: Shape, columns: InputColumns | None) -> NDArray[Any] | None:
    """Read the examples of a file of numbers; None for an image, and for a file that cannot be read (reported later)."""
    if file.kind == "image":
        return None
    if file.kind == "table":
        rows = Given((file,), (), (), columns).batches(_LOOKED_AT, input_shape=input_shape, form=None)
        batch = next(rows, None)
        return np.asarray(batch.inputs) if batch and batch.names else None
    try:
        return read_array(file, input_shape)
    except CnncliError:
        return None


def _trained_on(trained: TrainedModel, examples: Examples, what: str) -> Iterator[Problem]:
    recorded = trained.trained_on
    if not recorded:
        return
    digest = of_set(examples)
    hint = (
        "this score does not show how good the model is on new examples: evaluate on the test split or on unseen data"
    )
    if digest == recorded.get("train"):
        yield Problem(f"{what} holds the examples that the network was trained on", hint)
    elif digest == recorded.get("all"):
        yield Problem(f"{what} includes the examples that the network was trained on", hint)
    elif (sketch := Sketch.from_json(recorded.get("sketch"))) and (overlap := overlap_of(sketch, examples.inputs)):
        if overlap.share < _LEAST_SHARE:
            return
        if overlap.is_exact:
            message = f"{overlap.found:,} of {len(examples):,} examples of {what} were used to train the network"
        else:
            message = f"about {overlap.share:.0%} of the examples of {what} were used to train the network"
        yield Problem(message, hint)
