"""Python for Keras applications (VGG16, ResNet50, …): preprocessing, layers and weights."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from cnncli.conversion.keras_code import application_module, object_code
from cnncli.conversion.python_layout import quoted
from cnncli.recipe.keras_objects.objects import KerasObject
from cnncli.recipe.layers import name_in_keras

# The beginning of an application's name -> the kinds of its layers and functions without a name of their own, which Keras
# counts; the longest that fits.
_COUNTED = {
    "ConvNeXt": ("add", "layer_normalization"),
    "DenseNet": ("add", "true_divide", "zero_padding2d"),
    "EfficientNet": ("normalization", "rescaling"),
    "EfficientNetV2": ("normalization", "rescaling"),
    "InceptionResNetV2": (
        *("activation", "average_pooling2d", "batch_normalization", "conv2d", "custom_scale_layer", "max_pooling2d"),
        *("subtract", "true_divide"),
    ),
    "InceptionV3": (
        *("activation", "average_pooling2d", "batch_normalization", "concatenate", "conv2d", "max_pooling2d"),
        *("subtract", "true_divide"),
    ),
    "MobileNet": ("subtract", "true_divide"),
    "MobileNetV3": ("activation", "add", "multiply", "re_lu", "rescaling"),
    "NASNet": ("activation", "add", "concatenate", "cropping2d", "subtract", "true_divide", "zero_padding2d"),
    "ResNet": ("add", "get_item", "max_pooling2d", "stack", "subtract", "true_divide"),
    "VGG": ("add", "get_item", "stack"),
    "Xception": ("add", "batch_normalization", "conv2d", "subtract", "true_divide"),
}


def counted_kinds(application: str) -> tuple[str, ...]:
    """The kinds of layers and functions of an application that Keras names by counting: `conv2d`, `add_1`."""
    return _COUNTED[max(filter(application.startswith, _COUNTED), key=len)]


def application_code(
    layer: KerasObject, tensor: str, variable: str, own: str, *, is_first: bool, taken: Mapping[str, int]
) -> Iterator[str]:
    """An application after its own preprocessing.

    Args:
        layer: the application.
        tensor: the variable of what comes in.
        variable: that of what leaves it.
        own: that of the application.
        is_first: nothing but its preprocessing stands before it.
        taken: how many names of each kind are those of other layers.
    """
    module = application_module(layer.name)
    weights = layer.args.get("weights", "imagenet")
    args = {key: value for key, value in layer.args.items() if key != "name"}
    is_file = weights not in (None, "imagenet")
    if is_file or (weights and not is_first):
        args["weights"] = None
    if reserved := ", ".join(f"{kind}={taken[kind]}" for kind in counted_kinds(layer.name) if taken.get(kind)):
        yield f"reserve_names({reserved})"
    yield f"{variable} = keras.applications.{module}.preprocess_input({tensor})"
    more = [f"input_tensor={variable}", f"name={quoted(name_in_keras(layer))}"]
    yield f"{own} = {object_code(replace(layer, args=args), more)}"
    if args.get("weights", "imagenet") != weights:
        kept = {**args, "weights": None if is_file else weights}
        yield f"pretrained = {object_code(replace(layer, args=kept), [f'input_shape={variable}.shape[1:]'])}"
        if is_file:
            yield f"pretrained.load_weights({quoted(str(weights))})"
        yield "for layer in pretrained.layers:"
        yield "    if layer.weights:"
        yield f"        {own}.get_layer(layer.name).set_weights(layer.get_weights())"
    yield f"{variable} = {own}.output"
