"""The layers that a format cannot hold, with the reason and a way out; known before the conversion."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import keras

from cnncli import keras_internals
from cnncli.errors import Problem
from cnncli.export.equivalent_calls import LONGEST_UNROLLED, can_be_matrices, input_shape, is_short, resizes_smoothly
from cnncli.export.formats import Target

_NAMED = 5
_RECURRENT = ("LSTM", "GRU", "SimpleRNN", "RNN", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D")
_WEIGHTS_ALONE = "quantize the weights alone: `--quantize dynamic`"
_SAVED_MODEL = "export saved_model, which holds every layer"
_KNOWN_SIZE = "give the input a height and a width, use bilinear interpolation, or export saved_model"


def _always(_: Any) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Unsupported:
    """Layers that formats cannot hold.

    Attributes:
        formats: by name.
        layers: names of classes of keras.layers.
        reason: completes the sentence that begins with the title of the format.
        hint: a way out.
        condition: of the layers; where it holds, the layer cannot be held.
        activations: names; the layers are those that compute one of them, as their own or as an argument.
        quantizations: those that are affected; empty for all.
    """

    formats: tuple[str, ...]
    layers: tuple[str, ...]
    reason: str
    hint: str = _SAVED_MODEL
    condition: Callable[[Any], bool] = _always
    quantizations: tuple[str, ...] = ()
    activations: tuple[str, ...] = ()

    def holds_for(self, layer: Any, target: Target) -> bool:
        """Whether a layer is one of them."""
        return (
            target.format.name in self.formats
            and (not self.quantizations or target.quantization in self.quantizations)
            and self._is_of(layer)
            and self.condition(layer)
        )

    def _is_of(self, layer: Any) -> bool:
        own = isinstance(layer, tuple(getattr(keras.layers, name) for name in self.layers))
        return own or any(name in self.activations for name in _activations(layer))


def _activations(layer: Any) -> list[str]:
    """The names of the activations that a layer computes."""
    functions = (getattr(layer, name, None) for name in ("activation", "recurrent_activation"))
    return [name for function in functions if (name := getattr(function, "__name__", ""))]


def _has_channels_first(layer: Any) -> bool:
    return bool(layer.data_format == "channels_first")


def _has_groups_of_first_channels(layer: Any) -> bool:
    return _has_channels_first(layer) and layer.groups > 1


def _counts(layer: Any) -> bool:
    return getattr(layer, "output_mode", "int") in ("multi_hot", "count", "tf_idf")


def _gives_codes(layer: Any) -> bool:
    return bool(layer.output_mode != "int")


def _has_unknown_length(layer: Any) -> bool:
    return not layer.unroll and input_shape(layer)[1] is None


def _is_long(layer: Any) -> bool:
    return not layer.unroll and not is_short(layer) and not _has_unknown_length(layer)


def _interpolates_any_size(layer: Any) -> bool:
    return resizes_smoothly(layer) and not can_be_matrices(layer)


def _interpolates_any_size_otherwise(layer: Any) -> bool:
    """ONNX has the bicubic interpolation of TensorFlow where the scale is a whole number."""
    is_whole = isinstance(layer, keras.layers.UpSampling2D) and layer.interpolation == "bicubic"
    return _interpolates_any_size(layer) and not is_whole


UNSUPPORTED = (
    Unsupported(("onnx", "litert"), ("TextVectorization",), "has no operations that split texts into words"),
    Unsupported(("onnx",), ("StringLookup",), "has no tables from texts to numbers"),
    Unsupported(("onnx", "litert"), ("Hashing", "HashedCrossing"), "has none of TensorFlow's hash functions"),
    Unsupported(
        ("onnx",),
        ("MelSpectrogram",),
        "has no Fourier transform of real numbers that gives TensorFlow's complex ones",
        "use STFTSpectrogram, which is computed as a convolution, or export saved_model or litert",
    ),
    Unsupported(
        ("litert",),
        ("Discretization", "IntegerLookup", "StringLookup"),
        "has no operation that counts numbers, which the output modes multi_hot, count and tf_idf need",
        "use `output_mode: int` and CategoryEncoding, or export saved_model",
        _counts,
    ),
    Unsupported(
        ("litert",),
        ("Resizing", "UpSampling2D"),
        "has bicubic, Lanczos and antialiased interpolation only between known sizes, without aspect ratio",
        _KNOWN_SIZE,
        _interpolates_any_size,
    ),
    Unsupported(
        ("onnx",),
        ("Resizing", "UpSampling2D"),
        "has Lanczos, antialiased and TensorFlow's bicubic interpolation only between known sizes, without aspect ratio",
        _KNOWN_SIZE,
        _interpolates_any_size_otherwise,
    ),
    Unsupported(
        ("litert",),
        _RECURRENT,
        "has recurrent layers only for a known number of steps",
        "give the input a length, or export saved_model or onnx",
        _has_unknown_length,
    ),
    Unsupported(
        ("litert",),
        _RECURRENT,
        f"has recurrent layers only for at most {LONGEST_UNROLLED} steps",
        "shorten the input, or export saved_model or onnx",
        _is_long,
    ),
    Unsupported(
        ("litert",),
        (
            "AdaptiveAveragePooling3D",
            "AdaptiveMaxPooling3D",
            "AveragePooling3D",
            "Conv2DTranspose",
            "Conv3D",
            "Conv3DTranspose",
            "MaxPooling3D",
        ),
        "computes these layers only with the channels in the last axis",
        f"use `data_format: channels_last`, or {_SAVED_MODEL}",
        _has_channels_first,
    ),
    Unsupported(
        ("onnx",),
        ("Conv3D",),
        "has groups of channels in volumes only with the channels in the last axis",
        f"use `data_format: channels_last`, or {_SAVED_MODEL}",
        _has_groups_of_first_channels,
    ),
    Unsupported(
        ("litert",),
        ("CategoryEncoding", "Discretization", "IntegerLookup"),
        "gives codes of 0 and 1 with large errors in 8 bits",
        _WEIGHTS_ALONE,
        _gives_codes,
        quantizations=("int8",),
    ),
    Unsupported(
        ("litert",),
        (),
        "computes its exponential with large errors in 8 bits",
        f"use elu, or {_WEIGHTS_ALONE}",
        quantizations=("int8",),
        activations=("celu", "selu"),
    ),
    Unsupported(
        ("onnx", "litert"),
        (),
        "sorts and sums its values with large errors in 8 bits",
        f"use softmax, or {_WEIGHTS_ALONE}",
        quantizations=("int8",),
        activations=("sparsemax",),
    ),
)


def unsupported(model: keras.Model, target: Target) -> list[Problem]:
    """Name the layers of a model that a format cannot hold; equal ones are one problem."""
    found: dict[tuple[Unsupported, str], list[str]] = {}
    inside: set[int] = set()  # of layers that are named themselves
    for layer in dict.fromkeys(keras_internals.all_layers(model)):
        row = next((row for row in UNSUPPORTED if row.holds_for(layer, target)), None)
        if row is not None and id(layer) not in inside:
            inside |= {id(each) for each in keras_internals.all_layers(layer)}
            found.setdefault((row, type(layer).__name__), []).append(layer.name)
    title = target.format.title
    return [Problem(f"{_named(kind, names)}: {title} {row.reason}", row.hint) for (row, kind), names in found.items()]


def _named(kind: str, names: Iterable[str]) -> str:
    """The layers by name and kind."""
    quoted = [f"`{name}`" for name in names]
    if len(quoted) == 1:
        return f"layer {quoted[0]} ({kind})"
    more = [f"{len(quoted) - _NAMED} more"] if len(quoted) > _NAMED else []
    *some, last = quoted[:_NAMED] + more
    return f"{len(quoted)} layers {', '.join(some)} and {last} ({kind})"
