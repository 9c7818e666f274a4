"""Activation maximization: the input that a filter, a unit or a class responds to most."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from cnncli.errors import RecipeError
from cnncli.inputs import kind_of
from cnncli.interpretability.class_scores import head_of
from cnncli.interpretability.filter_diagnostics import last_of_filter
from cnncli.messages import listed
from cnncli.network.flatten_submodels import Opened, layers_of

_BATCH = 16
_NOISE_EXAMPLES = 16
_SETTLED = 0.8  # the share of the steps after which there is no more jitter, blur and decay
_FIRST_NOISE = 0.3  # its standard deviation, of a range of 1
_LEAK = 0.02  # of a ReLU while climbing
LEAST_SIDE = 64  # of the canvas of a filter, where the network's input is larger
_LEAST_PLACES = 8  # of a filter's map on that canvas
# Layers that work on any size, so that a filter can be looked at on a smaller canvas than the network's own.
_ANY_SIZE = ("Conv", "Pooling", "Normalization", "Activation", "ReLU", "Add", "Concatenate", "Rescaling", "ZeroPadding")


@dataclass(frozen=True)
class Maximized:
    """What was found for each target.

    Attributes:
        inputs: float32 (targets, *canvas), each number within the range that was given.
        activations: float32 (targets,): the target's mean activation over its map, behind the normalisation and activation that
            follow it alone; or the class's score before the softmax.
        noise: float32 (targets,): the same over examples of uniform noise, on average.
    """

    inputs: np.ndarray
    activations: np.ndarray
    noise: np.ndarray


def maximize(
    network: Opened,
    layer: str | None,
    targets: Sequence[int],
    *,
    value_range: tuple[float, float],
    steps: int = 128,
    seed: int = 0,
) -> Maximized:
    """Climb the gradient from gray noise to the example that excites each target most.

    Gradient ascent as in Erhan et al., "Visualizing Higher-Layer Features of a Deep Network", 2009, with the regularisation
    of Yosinski et al., "Understanding Neural Networks Through Deep Visualization", 2015 (decay towards gray, blur), and of
    Mordvintsev et al., "Inceptionism", 2015 (jitter: the canvas is shifted at random before each step, and back after it).

    Args:
        network: examples -> outputs.
        layer: whose filters or units are meant; None for the scores of the classes before the softmax.
        targets: filters or units of the layer, or classes, from 0; of a model with one output 0 and 1 are its classes.
        value_range: the smallest and the largest number that an example can have.
        steps: of the ascent.
        seed: of the first noise and of the jitter; the same seed, the same examples.

    Returns:
        The examples; for a filter on a canvas smaller than the network's input where its field allows it.
    """
    network = _of_one_input(network, layer)
    objective, run = _objective(network, layer)
    canvas = tuple(side or LEAST_SIDE for side in run.inputs[0].shape[1:])
    random = np.random.default_rng(seed)
    low, high = value_range
    found, reached = [], []
    for start in range(0, len(targets), _BATCH):
        some = tf.constant(list(targets[start : start + _BATCH]), tf.int32)
        with _leaking(run):
            images = _climb(objective, some, canvas, (low, high), steps, random)
        found.append(images)
        reached.append(objective(tf.constant(images), some).numpy())
    noise = tf.constant(random.uniform(low, high, (_NOISE_EXAMPLES, *canvas)).astype(np.float32))
    on_noise = [float(np.mean(objective(noise, tf.fill([_NOISE_EXAMPLES], target)))) for target in targets]
    return Maximized(np.concatenate(found), np.concatenate(reached), np.array(on_noise, np.float32))


def _of_one_input(network: Opened, layer: str | None) -> Opened:
    """A network with several inputs as one of the input that pictures are about.

    Raises:
        RecipeError: what is maximized depends on other inputs, or not on this one.
    """
    if len(network.model.inputs) == 1:
        return network
    output = network.model.outputs[0]
    last = next((name for name, tensor in network.tensors.items() if tensor is output), "")
    about, seen = network.about, network.seen_by(layer or last)
    what = f"layer `{layer}`" if layer else "the output"
    if seen != {about}:
        message = f"{what} depends on {listed(sorted(seen), 8)}, and one input is maximized"
        if about not in seen:
            message = f"{what} does not depend on the input `{about}`"
        of_one = [name for name in network.tensors if network.seen_by(name) == {about}]
        raise RecipeError(message, hint=f"layers that depend on `{about}` alone: --layer {listed(of_one[1:], 12)}")
    assert layer is not None
    inside = {name: tensor for name, tensor in network.tensors.items() if network.seen_by(name) == {about}}
    layers = {name: network.layers[name] for name in inside}
    return replace(network, model=keras.Model(network.input, inside[layer]), layers=layers, tensors=inside)


def _objective(network: Opened, layer: str | None) -> tuple[Callable[[Any, Any], Any], keras.Model]:
    """What is climbed, (examples, targets) -> float32 (examples,), and the network that it runs, with its canvas as input."""
    if layer is None:
        head = head_of(network.model)
        whole = network.until(head.tensor)

        def score(images: Any, classes: Any) -> Any:
            scores = head.scores(whole(images, training=False))
            if scores.shape[-1] == 1:
                return scores[:, 0] * tf.cast(2 * classes - 1, tf.float32)
            return tf.gather(scores, classes, batch_dims=1)

        return score, whole
    until = on_small_canvas(network, last_of_filter(network, layer))

    def mean(images: Any, filters: Any) -> Any:
        maps = tf.cast(until(images, training=False), tf.float32)
        means = tf.reduce_mean(tf.reshape(maps, (tf.shape(maps)[0], -1, maps.shape[-1])), axis=1)  # (batch, filters)
        return tf.gather(means, filters, batch_dims=1)

    return mean, until


@contextmanager
def _leaking(model: keras.Model) -> Iterator[None]:
    """Let every ReLU of a network pass on a little of what is below 0: where all is 0 there is no way up."""
    layers = layers_of(model)
    fused = [layer for layer in layers if getattr(layer, "activation", None) is keras.activations.relu]
    apart = [layer for layer in layers if isinstance(layer, keras.layers.ReLU) and not layer.negative_slope]
    for layer in fused:
        layer.activation = _leaky_relu
    for layer in apart:
        layer.negative_slope = _LEAK
    try:
        yield
    finally:
        for layer in fused:
            layer.activation = keras.activations.relu
        for layer in apart:
            layer.negative_slope = 0.0


def _leaky_relu(values: Any) -> Any:
    return keras.ops.leaky_relu(values, _LEAK)


def on_small_canvas(network: Opened, layer: str) -> keras.Model:
    """Examples -> the layer's output, on a canvas that is large enough for its filters, and no larger where that is possible."""
    tensor = network.tensors[layer]
    until = network.until(tensor)
    shape, maps = tuple(until.inputs[0].shape[1:]), tuple(tensor.shape[1:])
    if len(shape) != len(maps) or None in shape or not all(map(_takes_any_size, until.operations)):
        return until
    pairs = zip(shape[:-1], maps[:-1], strict=True)
    small = [min(side, max(LEAST_SIDE, _LEAST_PLACES * -(-side // max(places, 1)))) for side, places in pairs]
    if small == list(shape[:-1]):
        return until
    canvas = keras.Input((*small, shape[-1]))
    return keras.models.clone_model(until, input_tensors=canvas, clone_function=lambda own: own)


def _takes_any_size(operation: Any) -> bool:
    if not isinstance(operation, keras.layers.Layer) or isinstance(operation, keras.layers.InputLayer):
        return True
    name = type(operation).__name__
    return not name.startswith("Global") and any(word in name for word in _ANY_SIZE)


def _climb(
    objective: Callable[[Any, Any], Any],
    targets: Any,
    canvas: tuple[int, ...],
    value_range: tuple[float, float],
    steps: int,
    random: np.random.Generator,
) -> np.ndarray:
    """Gradient ascent for several targets at once: float32 (targets, *canvas)."""
    low, high = value_range
    axes = list(range(1, len(canvas)))  # of places
    first = 0.5 + random.normal(0, _FIRST_NOISE, (len(targets), *canvas))
    images = tf.Variable(first.astype(np.float32))  # in [0, 1]
    reach = [max(1, side // 16) for side in canvas[:-1]]

    @tf.function(autograph=False)  # type: ignore[untyped-decorator]
    def step(shift: Any, size: Any, decay: Any, blur: Any) -> None:
        with tf.GradientTape() as tape:
            shifted = tf.roll(images, shift, axes)
            tape.watch(shifted)
            score = objective(low + (high - low) * shifted, targets)
        gradient = tf.roll(tf.cast(tape.gradient(score, shifted), tf.float32), -shift, axes)
        root = tf.sqrt(tf.reduce_mean(gradient**2, axis=list(range(1, len(canvas) + 1)), keepdims=True))
        moved = images + size * gradient / (root + 1e-12)
        moved = 0.5 + (moved - 0.5) * (1 - decay)
        images.assign(tf.clip_by_value((1 - blur) * moved + blur * _blurred(moved, axes), 0, 1))

    for number in range(steps):
        done = number / steps
        settled = done >= _SETTLED  # what blur and jitter kept away, fine lines, may come in the end
        shift = [0 if settled else int(random.integers(-most, most + 1)) for most in reach]
        blur = 0.0 if settled or number % 4 else 0.4 * (1 - done / _SETTLED)
        size, decay = 0.1 * (1 - 0.8 * done), 0.0 if settled else 0.01
        step(tf.constant(shift), *(tf.constant(value, tf.float32) for value in (size, decay, blur)))
    result: np.ndarray = images.numpy()
    return (low + (high - low) * result).astype(np.float32)


def _blurred(images: Any, axes: Sequence[int]) -> Any:
    """Each place with its neighbours, 1 2 1 along each axis; beyond the border the other side follows."""
    for axis in axes:
        images = 0.5 * images + 0.25 * (tf.roll(images, 1, axis) + tf.roll(images, -1, axis))
    return images


def likely_range(model: keras.Model) -> tuple[float, float]:
    """The numbers that a model takes of which nothing else is known.

    Returns:
        (0, 255) where it begins by scaling such, or is made for images; else (-1, 1), as of standardised signals.
    """
    rescaling = next((x for x in model.layers if isinstance(x, keras.layers.Rescaling)), None)
    if rescaling is not None:
        return (0.0, 255.0) if float(np.max(rescaling.scale)) < 0.1 else (0.0, 1.0)
    shape = model.inputs[0].shape[1:]
    is_image = kind_of(shape).is_gray_or_colour(shape)
    begins_with_arithmetic = any(not isinstance(x, keras.layers.Layer) for x in model.operations[:6])
    return (0.0, 255.0) if begins_with_arithmetic else (0.0, 1.0) if is_image else (-1.0, 1.0)
