"""Try the optimizer, losses and metrics of a training before it begins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np

from cnncli.data.encoding import Encoding
from cnncli.data.shapes import written
from cnncli.data.targets import TargetInfo
from cnncli.errors import Problem, RecipeError
from cnncli.network.build import Network
from cnncli.network.instantiate import make, make_optimizer
from cnncli.network.keras_messages import first_sentence
from cnncli.recipe.keras_objects.objects import KerasObject
from cnncli.recipe.outputs import Output, outputs_of
from cnncli.recipe.phases import phases_of
from cnncli.recipe.schema import Recipe
from cnncli.recipe.yaml.nodes import Path

Shape = tuple[int, ...]  # of an example's output


def try_parts(recipe: Recipe) -> None:
    """Make every optimizer, callback, loss and metric of a recipe once.

    Raises:
        RecipeError: Keras refuses some; each is reported at its place.
    """
    parts: list[tuple[KerasObject | None, Path]] = [(output.loss, output.loss_path) for output in outputs_of(recipe)]
    parts += [(metric, ("train", "metrics", index)) for index, metric in enumerate(recipe.train.metrics)]
    for phase in phases_of(recipe):
        parts.append((phase.optimizer, (*phase.path, "optimizer")))
        parts += [(callback, (*phase.path, "callbacks", index)) for index, callback in enumerate(phase.callbacks)]
    problems: list[Problem] = []
    for part, path in parts:
        assert part is not None
        try:
            make_optimizer(part) if part.kind == "optimizers" else make(part)
        except Exception as error:  # whatever Keras raises
            problems.append(Problem(f"{part.name}: {first_sentence(error)}", path=(*path, part.name)))
    if problems:
        raise RecipeError(dict.fromkeys(problems))


def try_scores(recipe: Recipe, network: Network, encodings: Mapping[str, Encoding], targets: TargetInfo) -> None:
    """Compute every loss and every metric of a recipe once, from outputs as the network will give them.

    Args:
        recipe: with its losses filled in.
        network: may be symbolic; only the shapes of its outputs are used.
        encodings: of the targets, by output.

    Raises:
        RecipeError: Keras cannot compute some; each is reported at its place.
    """
    problems: list[Problem] = []
    for output in outputs_of(recipe):
        shape = tuple(size or 1 for size in network.output_shape(output.name))
        problems += _of_output(recipe, output, shape, encodings[output.name], targets)
    if problems:
        raise RecipeError(dict.fromkeys(problems))


def _of_output(recipe: Recipe, output: Output, shape: Shape, encoding: Encoding, targets: TargetInfo) -> list[Problem]:
    assert output.loss is not None
    name = output.loss.name
    if not _fault(output.loss, recipe.train.metrics, shape, encoding, targets):
        return []
    if reason := _fault(output.loss, [], shape, encoding, targets):
        message = f"{name} cannot be computed from {written(shape)} outputs and labels that are {encoding.description}: {reason}"
        return [Problem(message, targets.usual_loss(shape), path=output.loss_path)]
    problems = []
    for index, metric in enumerate(recipe.train.metrics):
        path: Path = ("train", "metrics", index)
        if reason := _fault(output.loss, [metric], shape, encoding, targets):
            message = f"{metric.name} does not fit {name}, whose labels are {encoding.description}"
            hint = _way_out(output.loss, metric, shape, encoding, targets) or f"Keras says: {reason}"
            problems.append(Problem(message, hint, path=path))
    return problems


def _way_out(loss: KerasObject, metric: KerasObject, shape: Shape, encoding: Encoding, targets: TargetInfo) -> str:
    """A loss of the same kind with whose labels the metric works."""
    for name, other in targets.other_losses(loss, shape):
        fits = other.name != encoding.name
        if fits and not _fault(KerasObject("losses", name), [metric], shape, other, targets):
            return f"write `loss: {name}`: it is the same loss, and its labels are {other.description}"
    return ""


def _fault(
    loss: KerasObject, metrics: Sequence[KerasObject], shape: Shape, encoding: Encoding, targets: TargetInfo
) -> str:
    """What Keras says to a loss and metrics, of outputs and labels as they will come; empty when all is well."""
    count = 5 if shape[-1] == 3 else 3  # so that two axes that are exchanged do not fit by chance
    outputs = np.full((count, *shape), 1 / shape[-1], np.float32)  # (count, *shape), probabilities along the last axis
    made_up = targets.stand_ins(count)
    try:
        _compute(
            make(loss),
            [make(metric) for metric in metrics],
            outputs,
            encoding.encode(made_up),
            encoding.weights(made_up),
        )
    except Exception as error:  # whatever Keras and TensorFlow raise
        return first_sentence(error)
    return ""


def _compute(loss: Any, metrics: Sequence[Any], outputs: np.ndarray, labels: Any, weights: Any) -> None:
    inputs = keras.Input(outputs.shape[1:], name="outputs")
    scale = keras.layers.Rescaling(1.0, dtype="float32", name="scale")
    nothing = keras.Model(inputs, scale(inputs), name="nothing")
    nothing.compile(loss=loss, metrics=list(metrics), optimizer=None, jit_compile=False, run_eagerly=True)
    nothing.test_on_batch(outputs, np.asarray(labels), None if weights is None else np.asarray(weights))
