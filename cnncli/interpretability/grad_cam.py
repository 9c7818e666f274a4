"""Grad-CAM and Grad-CAM++: where in an example a network sees evidence for a class."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from cnncli.data.input_values import InputValues, count
from cnncli.errors import RecipeError
from cnncli.interpretability.class_scores import as_input, head_of, in_batches, of_class
from cnncli.interpretability.places import Places, places_of
from cnncli.network.flatten_submodels import Opened

_BATCH = 16
_LEAST_SIDE = 64  # of an example of noise whose size is open


def grad_cam(
    network: Opened, layer_name: str, images: InputValues, classes: np.ndarray, *, plus_plus: bool = False
) -> np.ndarray:
    """Compute the heat of a class over each example.

    The maps of a layer, weighted and summed, where positive, divided by the example's largest value. The weight of a map is
    the mean gradient of the class's score before the softmax (Selvaraju et al., "Grad-CAM", 2017, equations 1 and 2); with
    `plus_plus` the sum of the positive gradients, each place with a share of its own (Chattopadhay et al., "Grad-CAM++", 2018,
    equations 10 and 19, for the exponential of the score). Of tokens each place has its own weight, its gradient (Draelos and
    Carin, "Use HiResCAM instead of Grad-CAM", 2020): a channel of a transformer means different things in different tokens.

    Args:
        network: examples -> (batch, classes).
        layer_name: a layer whose output is (batch, *places, maps), or (batch, tokens, maps); the last one is usual. Tokens
            that stand for no place, such as a class token, are left out.
        images: (count, *input shape), as the model takes them; of several inputs by name.
        classes: int (count,), the class whose heat is wanted; of a model with one output 1 is its class and 0 the other.

    Returns:
        float32 (count, *places) in [0, 1], of tokens without a known place (count, tokens); all 0 where nothing speaks for
        the class.

    Raises:
        RecipeError: no gradient leads from the class to the layer.
    """
    head = head_of(network.model)
    viewer = network.until([network.tensors[layer_name], head.tensor])
    places = places_of(network, layer_name)
    assert places is not None
    heat = [
        _heat(viewer, head.scores, batch, classes[number * _BATCH :][: count(batch)], layer_name, places, plus_plus)
        for number, batch in enumerate(in_batches(images, _BATCH))
    ]
    return scaled(np.concatenate(heat))


def reaches_output(network: Opened, layer_name: str) -> bool:
    """Whether the scores depend on what a layer gives at the places of the example, seen on one example of noise."""
    head = head_of(network.model)
    viewer = network.until([network.tensors[layer_name], head.tensor])
    random = np.random.default_rng(0)
    noise = {
        tensor.name: np.array(["some words"], object)
        if tensor.dtype == "string"
        else random.random((1, *(side or _LEAST_SIDE for side in tensor.shape[1:])))
        for tensor in network.model.inputs
    }
    places = places_of(network, layer_name)
    _, gradients = _gradients(
        viewer,
        lambda before: tf.reduce_sum(head.scores(before) ** 2),
        noise if len(noise) > 1 else next(iter(noise.values())),
    )
    return places is not None and gradients is not None and bool(np.any(places.on_grid(gradients)))


def _gradients(viewer: Any, wanted_of: Callable[[Any], Any], images: InputValues) -> tuple[Any, Any]:
    """What a layer gives, and the gradient of what is wanted with respect to it; None where there is none."""
    inputs = as_input(images)
    with tf.GradientTape() as tape:
        # Without it nothing is recorded in a network all of whose layers are frozen.
        tape.watch([each for each in tf.nest.flatten(inputs) if each.dtype.is_floating])
        maps, before = viewer(inputs, training=False)
        wanted = wanted_of(before)
    return maps, tape.gradient(wanted, maps)


def _heat(
    viewer: Any,
    scores_of: Any,
    images: InputValues,
    classes: np.ndarray,
    layer: str,
    layer_places: Places,
    plus_plus: bool,
) -> Any:
    maps, gradients = _gradients(viewer, lambda before: of_class(scores_of(before), classes), images)
    if gradients is None:
        raise RecipeError(f"no gradient leads from the class to layer `{layer}`", hint="name a layer before the output")
    maps, gradients = (layer_places.on_grid(tf.cast(each, tf.float32)) for each in (maps, gradients))
    places = tuple(range(1, maps.shape.rank - 1))
    if plus_plus:
        # The exponential of the score is a factor of every weight, which the division by the largest takes out.
        squares, sums = gradients**2, tf.reduce_sum(maps, axis=places, keepdims=True)
        share = tf.math.divide_no_nan(squares, 2 * squares + sums * gradients**3)
        weights = tf.reduce_sum(share * tf.nn.relu(gradients), axis=places)  # (count, maps)
    elif layer_places.are_tokens:
        return tf.nn.relu(tf.reduce_sum(gradients * maps, axis=-1)).numpy()
    else:
        weights = tf.reduce_mean(gradients, axis=places)  # (count, maps)
    return tf.nn.relu(tf.einsum("n...k,nk->n...", maps, weights)).numpy()


def scaled(heat: np.ndarray) -> np.ndarray:
    """Each example's heat divided by its largest value: (count, *places) in [0, 1]; 0 where all of it is 0."""
    largest = np.max(heat, axis=tuple(range(1, heat.ndim)), keepdims=True)
    shares: np.ndarray = np.divide(heat, largest, out=np.zeros_like(heat), where=largest > 0)
    return shares
