"""Attribution methods by name: Grad-CAM, Grad-CAM++, SmoothGrad, occlusion."""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain
from typing import Any

import numpy as np

from cnncli import keras_internals
from cnncli.data.input_values import InputValues
from cnncli.errors import ModelFileError
from cnncli.interpretability.class_scores import log_odds
from cnncli.interpretability.grad_cam import grad_cam, reaches_output
from cnncli.interpretability.layer_selection import NO_MAPS, check_no_tokens, find_maps, maps_from_last
from cnncli.interpretability.occlusion import occlusion
from cnncli.interpretability.places import places_of
from cnncli.interpretability.saliency import smoothgrad
from cnncli.network.flatten_submodels import Opened

# Each with what it is called in a picture, and how many examples are shown when nobody says: the last two run the network
# dozens of times an example.
METHODS = {
    "grad-cam": ("Grad-CAM", 12),
    "grad-cam++": ("Grad-CAM++", 12),
    "smoothgrad": ("SmoothGrad", 6),
    "occlusion": ("Occlusion", 4),
}
AT_A_LAYER = ("grad-cam", "grad-cam++")


def layer_for(network: Opened, method: str, layer: str | None) -> str | None:
    """The layer whose maps a method takes; None for one that takes the example itself.

    Raises:
        RecipeError: no such layer, or it gives no maps.
        ModelFileError: no layer is named and none of the model's gives maps; or the network takes whole numbers, and the
            method needs a gradient with respect to them.
    """
    if method == "smoothgrad":
        check_no_tokens(network, "SmoothGrad", "--method grad-cam or occlusion")
    if method not in AT_A_LAYER:
        return None
    if layer:
        return find_maps(network, layer)
    given = network.model.outputs[0]
    before = [name for name in maps_from_last(network) if network.tensors[name] is not given]  # an output may be a map
    read = (name for name in before if _is_read(network, name))
    last = next(read, None)
    if last is None:
        raise ModelFileError(NO_MAPS, hint="occlusion and smoothgrad need none: --method occlusion")
    places = places_of(network, last)
    if (
        places is not None and places.has_others
    ):  # a class token, which looks at the tokens of a layer within a residual block
        return last
    return next((name for name in chain([last], read) if _all_go_through(network, name)), last)


def _all_go_through(network: Opened, name: str) -> bool:
    """Whether the scores depend on the input through a layer alone: of parallel convolutions each has only its own part."""
    seen = {id(network.tensors[name])}
    waiting = [network.model.outputs[0]]
    while waiting:
        tensor = waiting.pop()
        if id(tensor) in seen:
            continue
        if tensor is network.input:
            return False
        seen.add(id(tensor))
        waiting += keras_internals.inputs_of_call(keras_internals.origin_of(tensor))
    return True


def _is_read(network: Opened, name: str) -> bool:
    """Whether the scores depend on the places of a layer: behind the last attention it may on a class token alone.

    Of several outputs only the main one has scores.
    """
    places = places_of(network, name)
    is_sure = len(network.model.outputs) == 1 and (places is None or not places.has_others)
    return is_sure or reaches_output(network, name)


def heat_of(
    network: Opened,
    method: str,
    layer: str | None,
    images: InputValues,
    classes: np.ndarray,
    *,
    score: Callable[[Any, Any], Any] = log_odds,
) -> np.ndarray:
    """Compute where in each example a class is, or what makes a number large.

    Args:
        method: of `METHODS`.
        layer: from `layer_for`.
        images: (count, *input shape), as the model takes them; of several inputs by name.
        classes: int (count,).
        score: what occlusion measures, see `Subject.score`.

    Returns:
        float32 (count, *places) in [0, 1]: the layer's places, or the example's own.
    """
    if layer is not None:
        return grad_cam(network, layer, images, classes, plus_plus=method == "grad-cam++")
    if method == "occlusion":
        return occlusion(network, images, classes, score=score)
    return smoothgrad(network, images, classes)
