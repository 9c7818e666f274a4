"""Learn preprocessing on the training examples: vocabularies, means and variances, bins."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from cnncli import keras_internals
from cnncli.data.columns import Column, as_column
from cnncli.data.dataset import Examples
from cnncli.errors import DataError, Problem, RecipeError
from cnncli.inputs import kind_of
from cnncli.network.connect import reported
from cnncli.network.instantiate import dtype_policy, make
from cnncli.recipe.learned import Learned, LearnedLayer, LearningStep, learning_steps, with_learned
from cnncli.recipe.named_inputs import inputs_of
from cnncli.recipe.schema import Recipe

_MOST_VALUES = 1 << 22  # read in one go
_MOST_EXAMPLES = 1024

Progress = Callable[[str, int, int], None]


def learn(recipe: Recipe, train: Examples, progress: Progress | None = None) -> Learned:
    """Learn what the layers of `prepare` lack, input by input, each behind the layers before it.

    Keras' `adapt` sees every training example once for each layer, in their order and in batches that depend on the shape of
    an example alone, on the processor: the same examples give the same result. Augmentation does not change what it sees.

    Args:
        recipe: with the layers of `prepare`.
        train: the training examples.
        progress: called with ("learning TextVectorization", count, all).

    Returns:
        Constructor arguments: a layer that is made with them gives what the layer that learned gives.

    Raises:
        RecipeError: Keras refuses a layer, at its place.
        DataError: nothing can be learned from the examples.
    """
    learned = Learned()
    for step in learning_steps(recipe):
        with tf.device("CPU"), dtype_policy("float32"):
            arguments = _learned(with_learned(recipe, learned), step, as_column(train.inputs[step.own.name]), progress)
        one = LearnedLayer(input=step.own.name, index=step.index, layer=step.layer.name, arguments=arguments)
        learned = Learned(layers=(*learned.layers, one))
    return learned


def _learned(recipe: Recipe, step: LearningStep, column: Column, progress: Progress | None) -> dict[str, Any]:
    [own] = [each for each in inputs_of(recipe.data) if each.name == step.own.name]
    path = (*own.path, "prepare", step.index)
    problems: list[Problem] = []
    found: dict[str, Any] = {}
    with reported(problems, step.layer, path):
        before = [make(layer) for layer in own.prepare[: step.index]]
        layer = make(step.layer)
        layer.adapt(_behind(before, _batches(column, f"learning {step.layer.name}", progress)))
        found = _arguments(layer)
    if problems:
        raise RecipeError(problems)
    if problem := _unusable(step, found):
        raise DataError(Problem(*problem, path=(*path, step.layer.name)))
    return found


def _batches(column: Column, what: str, progress: Progress | None) -> Iterator[NDArray[Any]]:
    shape, count = column.shape[1:], len(column)
    rows = max(1, min(_MOST_EXAMPLES, _MOST_VALUES // max(1, kind_of(shape).size_of(shape))))
    for begin in range(0, count, rows):
        end = min(begin + rows, count)
        yield column.read(np.arange(begin, end))
        if progress:
            progress(what, end, count)


def _behind(layers: list[Any], batches: Iterator[NDArray[Any]]) -> Iterator[Any]:
    for batch in batches:
        values: Any = tf.convert_to_tensor(batch)
        for layer in layers:
            values = layer(values)
        yield values


def _arguments(layer: Any) -> dict[str, Any]:
    """What a layer has learned, as plain values of its constructor's arguments."""
    if hasattr(layer, "adapt_mean"):
        return {"mean": layer.adapt_mean.numpy().tolist(), "variance": layer.adapt_variance.numpy().tolist()}
    if hasattr(layer, "bin_boundaries"):
        return {"bin_boundaries": list(layer.bin_boundaries)}
    words = np.array(layer.get_vocabulary(include_special_tokens=False), object)
    found = {"vocabulary": [word.item() if isinstance(word, np.generic) else word for word in words]}
    weights = keras_internals.idf_weights_of(layer)
    if weights is not None:
        special = len(layer.get_vocabulary()) - len(words)
        found["idf_weights"] = weights[special : special + len(words)].tolist()
    return found


def _unusable(step: LearningStep, found: dict[str, Any]) -> tuple[str, str] | None:
    """What is wrong with what was learned, and what to do."""
    name = step.layer.name
    if "vocabulary" in found and not found["vocabulary"]:
        return f"{name} finds no words in the training examples", "are the texts empty, or `max_tokens` too small?"
    if "bin_boundaries" in found:
        wanted, bins = step.layer.args["num_bins"], found["bin_boundaries"]
        if len(set(bins)) != wanted - 1:
            message = f"{name}: the training examples give {len(set(bins)) + 1} bins, and `num_bins` is {wanted}"
            return message, "use fewer bins, or give `bin_boundaries`"
    numbers = [*np.ravel(found.get("mean", ())), *np.ravel(found.get("variance", ()))]
    if not np.isfinite(numbers).all():
        return f"{name}: the variance of the training examples is not finite", "scale them before with Rescaling"
    return None
