"""Keras applications (VGG16, ResNet50, …) as layers of a recipe, after their own preprocessing."""

from __future__ import annotations

import os
import sys
import warnings
from dataclasses import dataclass, replace
from pathlib import Path as FilePath
from typing import Any

import keras

from cnncli.errors import ModelFileError, NetworkError, Problem
from cnncli.messages import shortened
from cnncli.model_file_validation.stored_arrays import stored_arrays
from cnncli.network.instantiate import dtype_policy, make
from cnncli.network.pretrained_weights import ImagenetWeights, imagenet_weights
from cnncli.recipe.keras_objects.objects import KerasObject
from cnncli.recipe.layers import name_in_keras
from cnncli.recipe.yaml.nodes import Path


@dataclass(frozen=True)
class Inlined:
    """An application within a network.

    Attributes:
        output: the tensor that leaves it.
        layer_names: its layers in order.
        outputs: layer name -> tensor, so that a later `from` reaches inside.
        imagenet: the weights that were not read.
    """

    output: Any
    layer_names: tuple[str, ...]
    outputs: dict[str, Any]
    imagenet: ImagenetWeights | None = None


def inline(
    item: KerasObject, tensor: Any, *, policy: str, load_weights: bool, path: Path, find_weights: bool = False
) -> Inlined:
    """Put an application after a tensor.

    Its layers become layers of the recipe's network, not of a model within it: filters, feature maps, Grad-CAM and freezing
    reach `block5_conv3` by name.

    Args:
        item: the application as the recipe names it.
        tensor: images (batch, height, width, 3) in [0, 255].
        policy: Keras' dtype policy for its layers.
        load_weights: read its weights (`weights: imagenet`, or a file); without it they are as initialised.
        path: where it stands in the recipe.
        find_weights: without reading them, find out which file of ImageNet weights Keras would read.

    Raises:
        ModelFileError: the weights' file is missing or does not fit.
        NetworkError: the weights have to be downloaded, and that is not possible.
    """
    weights = item.args.get("weights", (item.entry.arguments or {})["weights"].default)
    arguments = {"weights": None, "input_tensor": preprocessed(item.name, tensor), "name": name_in_keras(item)}
    before = {layer.name for layer in _layers_before(arguments["input_tensor"])}
    with dtype_policy(policy):
        application = make(item, **arguments)
    names = tuple(layer.name for layer in application.layers if layer.name not in before)
    if weights is not None:
        file = _local_file(str(weights), path) if weights != "imagenet" else None
        if load_weights:
            _copy_weights(_with_weights(item, tensor.shape[1:], file, path), [application.get_layer(n) for n in names])
    outputs = {name: application.get_layer(name).output for name in names}
    imagenet = imagenet_weights(item, tensor.shape[1:], path) if find_weights and weights == "imagenet" else None
    return Inlined(application.output, names, outputs, imagenet)


def preprocessed(application: str, tensor: Any) -> Any:
    """Images as an application saw them when it was trained (its module's `preprocess_input`).

    Args:
        application: its name.
        tensor: images (batch, height, width, channels) in [0, 255].

    Returns:
        A tensor of that shape; the same tensor where the application needs no preprocessing.
    """
    function = getattr(keras.applications, application)
    return sys.modules[function.__module__].preprocess_input(tensor)


def _layers_before(tensor: Any) -> list[Any]:
    return keras.Model(keras.utils.get_source_inputs(tensor), tensor).layers  # type: ignore[no-any-return]


def _local_file(weights: str, path: Path) -> FilePath:
    where = (*path, "weights")
    file = FilePath(weights)
    if "://" in weights:
        raise ModelFileError(
            Problem(
                f"weights are `imagenet`, null or a local file, got `{shortened(weights)}`",
                "download it first",
                path=where,
            )
        )
    if not os.path.isfile(file):
        hint = "weights: imagenet, null, or a .weights.h5 file, counted from where the command is run"
        raise ModelFileError(Problem(f"weights not found: {shortened(str(file.absolute()), 200)}", hint, path=where))
    if not file.name.endswith(".h5"):
        raise ModelFileError(Problem(f"weights are a .weights.h5 file, got `{shortened(file.name)}`", path=where))
    return file


def _with_weights(item: KerasObject, shape: Any, file: FilePath | None, path: Path) -> keras.Model:
    """The application alone, with its weights.

    A weights' file numbers its layers within the network that it was saved from, so it is read into such a network.
    """
    where = (*path, "weights")
    own = {"input_shape": tuple(shape), "name": name_in_keras(item)}
    if file is None:
        try:
            return make(item, weights="imagenet", **own)
        except Exception as error:
            # Keras' download fails with a bare Exception; a wrong input shape is a ValueError.
            if isinstance(error, (ValueError, TypeError)):
                raise
            raise NetworkError(
                Problem(
                    f"offline: the ImageNet weights of {item.name} are not cached and the download failed",
                    "put Keras' file into ~/.keras/models, or name one: weights: path/to/file.weights.h5",
                    path=where,
                ),
                details={"reason": shortened(str(error), 300)},
            ) from error
    try:
        with stored_arrays(file, shortened(str(file), 200), part="it"):
            pass  # nothing in it leads elsewhere
    except ModelFileError as error:
        raise ModelFileError([replace(problem, path=where) for problem in error.problems]) from error
    application = make(item, weights=None, **own)
    try:
        with warnings.catch_warnings():
            # Keras only warns of what it does not find in the file, and leaves it as initialised.
            warnings.simplefilter("error", UserWarning)
            application.load_weights(str(file))
    except (ValueError, OSError, KeyError, UserWarning) as error:
        message = f"{shortened(file.name)} does not fit {item.name}: {shortened(str(error).splitlines()[0], 200)}"
        raise ModelFileError(Problem(message, "were they saved with the same include_top?", path=where)) from error
    return application


def _copy_weights(source: keras.Model, layers: list[Any]) -> None:
    # In their order: those to which the application gives no name are numbered otherwise (EfficientNet's normalization).
    own = [layer for layer in source.layers if not isinstance(layer, keras.layers.InputLayer)]
    for layer, target in zip(own, layers, strict=True):
        target.set_weights(layer.get_weights())
