"""Select what a command shows of a run or model file: examples, the input range, filter diagnostics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np

from cnncli import task_registry
from cnncli.data.dataset import INPUT, Examples
from cnncli.data.input_values import InputValues, count
from cnncli.data.windowed_examples import central_windows
from cnncli.errors import CnncliError, DataError, ModelFileError, NetworkError, Problem
from cnncli.inference.evaluate_saved_model import own_data
from cnncli.inference.image_checks import look_at
from cnncli.inference.input_warnings import scale_warnings, warnings_for_images
from cnncli.inference.model_loading import TrainedModel
from cnncli.inputs import TEXT, kind_of
from cnncli.interpretability.examples import (
    Chosen,
    from_files,
    from_split,
    from_texts,
    range_of,
    read,
    refuse_no_images,
)
from cnncli.interpretability.filter_diagnostics import Health, answers_of, flat, health
from cnncli.interpretability.initial_network import initial_model
from cnncli.interpretability.layer_selection import MOST_TARGETS
from cnncli.interpretability.maximize import LEAST_SIDE, likely_range
from cnncli.interpretability.subject import Subject
from cnncli.network.flatten_submodels import Opened, opened
from cnncli.network.kernels import find, kernel_of
from cnncli.recipe.example_windows import Windows
from cnncli.recipe.named_inputs import by_name, without_names
from cnncli.recipe.schema_pictures import BY_PREDICTION, Samples

_MOST_TOGETHER = 32  # examples that are computed at a time
_HEALTH_EXAMPLES = 256
_HEALTH_NUMBERS = 1 << 23  # that go in: of large photos fewer are looked at


def examples_for(
    trained: TrainedModel,
    subject: Subject,
    files: Sequence[Path],
    samples: Samples,
    *,
    texts: Sequence[str] = (),
    invert: bool = False,
) -> tuple[Chosen, tuple[Problem, ...]]:
    """The examples to look at: image files or texts where they are given, else some of the split that the run was scored on.

    Args:
        texts: as they are.
        invert: swap dark and light in the image files.

    Returns:
        The examples, and what is worth a word.

    Raises:
        DataError: they cannot be read, or nothing tells which they are.
    """
    if texts and (isinstance(trained.input_shape, dict) or kind_of(trained.input_shape) is not TEXT):
        raise DataError(
            f"{trained.name} takes no text alone", hint="leave --text out: examples of its own data are taken"
        )
    if texts:
        return from_texts(texts), trained.notes
    if isinstance(trained.input_shape, dict):
        if files:
            message = f"the model takes several inputs ({', '.join(trained.input_shape)}), and an image is one"
            raise DataError(message, hint="leave --image out: examples of its own data are taken")
    elif files:
        refuse_no_images(trained.input_shape)
        form = replace(trained.image_form, invert=invert)
        trained.check_memory(form.shape, min(len(files), _MOST_TOGETHER), keeps_all=True, hint="name fewer images")
        return _central(from_files(files, form=form), trained.windows), (
            *trained.notes,
            *warnings_for_images(trained),
            *look_at(trained, list(map(str, files)), form).warnings,
        )
    if trained.recipe is None:
        message = f"{trained.name} is a file: what examples it was made for is not known"
        raise DataError(message, hint="name images: --image photo.jpg")
    split = trained.recipe.recipe.evaluate.split
    examples, notes = own_data(trained, split)
    examples = central_windows(examples, trained.windows)
    warnings = []
    for name, column in examples.inputs.items() if examples.files is None else ():
        warnings += scale_warnings(trained.scales.get(name), column, f"the {split} split")
    wrong, predicted = None, None
    if samples in BY_PREDICTION:
        wrong, predicted = subject.mistakes(examples.labels, subject.said(read(examples, np.arange(len(examples)))))
    chosen = from_split(examples, split, samples, task=trained.targets.task, wrong=wrong, predicted=predicted)
    return chosen, (*notes, *warnings)


def _central(chosen: Chosen, windows: Windows | None) -> Chosen:
    """The window in the middle of each image, where the network sees windows."""
    if windows is None:
        return chosen
    cut = tuple(slice(start, start + side) for start, side in zip(windows.centre(), windows.size, strict=True))
    assert isinstance(chosen.inputs, np.ndarray)
    return replace(chosen, inputs=chosen.inputs[:, *cut], originals=None)


def value_range_of(trained: TrainedModel, about: str = INPUT) -> tuple[float, float]:
    """The smallest and the largest number of the examples that a model was trained on.

    Args:
        about: the input that is meant, where there are several.

    Raises:
        DataError: the run's data cannot be read.
    """
    if trained.recipe is None:
        shapes = {
            name: tuple(side or LEAST_SIDE for side in shape) for name, shape in by_name(trained.input_shape).items()
        }
        trained.check_memory(without_names(shapes), MOST_TARGETS, keeps_all=True)
        scale = trained.scales.get(about) or trained.scale
        return (scale.low, scale.high) if scale else likely_range(opened(trained.model).model)
    if trained.recipe.recipe.data.source.settings.are_pixels:
        return 0.0, 255.0
    examples, _ = own_data(trained, "train")
    return range_of(examples, about)


def initial_of(trained: TrainedModel) -> keras.Model:
    """The network of a run before its training.

    Raises:
        DataError: the model is a file, of which that is not known.
        ModelFileError, NetworkError: the weights that an application began with cannot be had.
    """
    if trained.recipe is None:
        raise DataError(f"{trained.name} is a file: how it was initialised is not known", hint="leave --change out")
    return initial_model(trained.recipe.recipe)


def health_for(
    trained: TrainedModel, layers: Sequence[str], *, initial: keras.Model | None = None
) -> tuple[list[Health], list[Problem]]:
    """How the filters of layers fare, as far as it can be known.

    Args:
        layers: convolutions.
        initial: the network before training, where it has been built already.

    Returns:
        One a layer, and why something could not be looked at.
    """
    notes: list[Problem] = []
    examples: InputValues | None = None
    if trained.recipe is not None:
        try:
            initial = initial or initial_model(trained.recipe.recipe)
        except (ModelFileError, NetworkError) as error:
            notes.append(_unknown("which filters are untouched is not known", error))
        try:
            split = trained.recipe.recipe.evaluate.split
            examples = some_of(own_data(trained, split)[0], trained.targets.task)
        except CnncliError as error:
            notes.append(_unknown("dead filters are found only by their weights", error))
    return health_of(trained.model, layers, initial=initial, examples=examples), notes


def health_of(
    model: keras.Model, layers: Sequence[str], *, initial: keras.Model | None, examples: InputValues | None
) -> list[Health]:
    """How the filters of layers fare.

    Args:
        layers: convolutions.
        initial: the same network before training.
        examples: (count, *input shape).
    """
    network = opened(model)
    return [_health(model, network, name, initial, examples) for name in layers]


def _health(
    model: keras.Model, network: Opened, name: str, initial: keras.Model | None, examples: InputValues | None
) -> Health:
    convolution = find(model, name)
    kernel, depthwise = kernel_of(convolution.layer)
    before = flat(kernel_of(find(initial, name).layer)[0], depthwise) if initial else None
    ends = None
    if examples is not None and convolution.answers_by_filter:
        ends = answers_of(network, name, examples)
    examined = 0 if examples is None else count(examples)
    return health(name, flat(kernel, depthwise), initial=before, ends=ends, examples=examined)


def some_of(examples: Examples, task: str) -> InputValues:
    """Enough examples of every class to see which filters never answer: (count, *input shape)."""
    each = sum(int(np.prod(column.shape[1:])) for column in examples.inputs.values())
    most = max(16, min(_HEALTH_EXAMPLES, _HEALTH_NUMBERS // max(each, 1)))
    return read(examples, task_registry.part(task, "subject").choose(most, examples.labels))


def _unknown(message: str, error: Any) -> Problem:
    return Problem(message, "\n".join(problem.message for problem in error.problems))
