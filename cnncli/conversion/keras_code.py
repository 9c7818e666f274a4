"""Keras objects of a recipe as the Python that makes them."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from cnncli.conversion.python_expressions import NotTranslated, normalized
from cnncli.conversion.python_layout import quoted
from cnncli.recipe.deferred import Deferred
from cnncli.recipe.keras_objects.catalogue import Argument, Entry
from cnncli.recipe.keras_objects.objects import KerasObject
from cnncli.recipe.keras_objects.structure_entries import KIND, LEARNED, REDUCE, SLICE
from cnncli.recipe.metrics import metric_name

# Where a kind lies in Keras; layers are imported by themselves.
_MODULES = {
    "layers": "layers",
    "schedules": "keras.optimizers.schedules",
    "applications": "keras.applications",
    **{
        kind: f"keras.{kind}"
        for kind in ("optimizers", "losses", "metrics", "callbacks", "initializers", "regularizers", "constraints")
    },
    "activations": "keras.activations",
}
# What builds the items of a recipe that are no Keras layers.
_STRUCTURES = {LEARNED: "learned", SLICE: "crop", REDUCE: "reduce_axis"}
# The layers that take several tensors one by one, and not as a list: all but the first by these names.
TENSORS = {
    **dict.fromkeys(("MultiHeadAttention", "GroupQueryAttention"), ("query", "value", "key")),
    **dict.fromkeys(("RNN", "SimpleRNN", "GRU", "LSTM", "Bidirectional"), ("sequences", "initial_state")),
    **dict.fromkeys(("ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D"), ("sequences", "initial_state")),
    "SimpleRNNCell": ("sequence", "states"),
    **dict.fromkeys(("GRUCell", "LSTMCell", "StackedRNNCells"), ("inputs", "states")),
    "CategoryEncoding": ("inputs", "count_weights"),
}
# The beginning of an application's name -> its module in `keras.applications`; the longest that fits.
_APPLICATION_MODULES = {
    "ConvNeXt": "convnext",
    "DenseNet": "densenet",
    "EfficientNet": "efficientnet",
    "EfficientNetV2": "efficientnet_v2",
    "InceptionResNetV2": "inception_resnet_v2",
    "InceptionV3": "inception_v3",
    "MobileNet": "mobilenet",
    "MobileNetV2": "mobilenet_v2",
    "MobileNetV3": "mobilenet_v3",
    "NASNet": "nasnet",
    "ResNet": "resnet",
    "VGG16": "vgg16",
    "VGG19": "vgg19",
    "Xception": "xception",
}


_EPOCHS = re.compile(r"(\d+(?:\.\d+)?)\s*epochs?")


def application_module(name: str) -> str:
    """The module of `keras.applications` that holds an application and its `preprocess_input`."""
    if name.startswith("ResNet") and name.endswith("V2"):
        return "resnet_v2"
    return _APPLICATION_MODULES[max(filter(name.startswith, _APPLICATION_MODULES), key=len)]


def literal(value: Any, *, as_tuple: bool = False) -> str:
    """A value of a recipe as Python.

    Args:
        as_tuple: of a list, as Keras' users write sizes.
    """
    if isinstance(value, KerasObject):
        return object_code(value)
    if isinstance(value, Deferred):
        if epochs := _EPOCHS.fullmatch(value.written):
            product = f"{epochs[1]} * steps_per_epoch"
            return product if epochs[1].isdecimal() else f"round({product})"
        if not value.expression:
            raise NotTranslated(value.written)
        return normalized(value.expression)
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, (list, tuple)):
        items = [literal(item, as_tuple=as_tuple) for item in value]
        if as_tuple:
            return f"({', '.join(items)}{',' if len(items) == 1 else ''})"
        return f"[{', '.join(items)}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{literal(key)}: {literal(item)}" for key, item in value.items()) + "}"
    if isinstance(value, float) and not math.isfinite(value):
        return f'float("{value}")'
    return repr(value)


def object_code(found: KerasObject, more: Sequence[str] = ()) -> str:
    """A Keras object as its text identifier, or as the call that makes it.

    Args:
        more: further arguments, at the end.
    """
    if found.is_identifier:
        return quoted(found.name)
    known = found.entry.arguments or {}
    given = {
        name: literal(_converted(found, known[name], value), as_tuple=is_sizes(known[name]))
        for name, value in found.args.items()
    }
    if found.kind == "metrics" and "name" in known and known["name"].default is None:
        given.setdefault("name", quoted(metric_name(found)))  # Keras counts on: `precision_1` in a second `compile`
    return call_code(found.entry, given, more)


def call_code(entry: Entry, given: Mapping[str, str], more: Sequence[str] = (), *, bare: str = "") -> str:
    """The call of a Keras class or function.

    Args:
        entry: what is called.
        given: its arguments by name, as Python.
        more: further arguments, at the end.
        bare: the argument that the recipe gives without its name.
    """
    positional: list[str] = []
    for name, argument in (entry.arguments or {}).items():
        if name not in given or not (argument.required or name == bare):
            break
        positional.append(name)
    arguments = [given[name] for name in positional]
    arguments += [f"{name}={code}" for name, code in given.items() if name not in positional]
    name = _STRUCTURES[entry.name] if entry.kind == KIND else f"{_MODULES[entry.kind]}.{entry.name}"
    return f"{name}({', '.join([*arguments, *more])})"


def is_sizes(argument: Argument) -> bool:
    """Whether an argument takes a size for each axis."""
    return argument.type == "integers"


def _converted(found: KerasObject, argument: Argument, value: Any) -> Any:
    """A rate of 1 is a number like 0.5: some optimizers compute in its type."""
    is_rate = found.kind in ("optimizers", "schedules") and (argument.type == "number" or argument.kind == "schedules")
    if is_rate and type(value) is int:
        return float(value)
    if found.kind == "schedules" and argument.name == "values" and isinstance(value, list):
        return [float(each) for each in value]
    return value


def applied(entry: Entry, layer: str, tensors: Sequence[str]) -> str:
    """The call of a layer on what comes in.

    Args:
        layer: the Python that makes it.
        tensors: the variables of what comes in.
    """
    if entry.kind == KIND:
        return layer.replace("(", f"({tensors[0]}, ", 1)
    names = TENSORS.get(entry.canonical, ("inputs",))
    if tensors[0][0] == "*":  # a list
        tensors = [tensors[0][1:]]
    some = list(tensors[: len(names) - 1])
    if left := tensors[len(names) - 1 :]:
        some.append(left[0] if len(left) == 1 else f"[{', '.join(left)}]")
    return f"{layer}({', '.join([some[0], *(f'{n}={t}' for n, t in zip(names[1:], some[1:], strict=False))])})"
