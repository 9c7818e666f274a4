"""Layers computed by other operations with equal results, where a format lacks the operations of Keras."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops
from numpy.typing import NDArray

from cnncli import keras_internals
from cnncli.network.whole_images import JoinedWindows

LONGEST_UNROLLED = 256  # steps, each with operations of its own in the graph
_DILATED_TRANSPOSED = (keras.layers.Conv1DTranspose, keras.layers.Conv2DTranspose)
_POOLING_3D = {keras.layers.MaxPooling3D: ops.max_pool, keras.layers.AveragePooling3D: ops.average_pool}
_ADAPTIVE_3D = {
    keras.layers.AdaptiveMaxPooling3D: tf.reduce_max,
    keras.layers.AdaptiveAveragePooling3D: tf.reduce_mean,
}


@contextmanager
def equivalent_calls(model: keras.Model, format_name: str) -> Iterator[None]:
    """Within a `with`, layers of a model are computed by operations that a format has.

    Attributes of the layers are replaced for that time, so that nested, wrapped and shared layers need no copy of the model.
    """
    before: list[tuple[Any, str, Any]] = []
    try:
        for layer in dict.fromkeys(keras_internals.all_layers(model)):
            for owner, name, value in _replacements(layer, format_name):
                before.append((owner, name, vars(owner).get(name, _OF_THE_CLASS)))
                if name in vars(owner):
                    delattr(owner, name)  # or TensorFlow saves what it was too
                setattr(owner, name, value)
        yield
    finally:
        for owner, name, value in reversed(before):
            if value is _OF_THE_CLASS:
                delattr(owner, name)
            else:
                setattr(owner, name, value)


_OF_THE_CLASS = object()


def _replacements(layer: Any, format_name: str) -> Iterator[tuple[Any, str, Any]]:
    """Attributes, by their owner and name, that make a layer compute what a format has."""
    for generator in vars(layer).values():
        if isinstance(generator, keras.random.SeedGenerator):
            yield generator, "next", lambda *_, **__: tf.zeros((2,), tf.uint32)  # drawn in inference, and not used
    for replace in _REPLACEMENTS[format_name]:
        for name, value in replace(layer).items():
            yield layer, name, value


def _unrolled(layer: Any) -> dict[str, Any]:
    """LiteRT has no lists of tensors, in which loops of any number of examples gather their outputs."""
    return {"unroll": True} if isinstance(layer, keras.layers.RNN) and is_short(layer) else {}


def _windows_in_a_loop(layer: Any) -> dict[str, Any]:
    """LiteRT has no lists of tensors, in which the outputs for windows are gathered."""
    return {"call": layer.summed_in_a_loop} if isinstance(layer, JoinedWindows) else {}


def is_short(layer: keras.layers.RNN) -> bool:
    """Whether a recurrent layer has few enough steps to be unrolled."""
    steps = input_shape(layer)[1]
    return steps is not None and steps <= LONGEST_UNROLLED


def input_shape(layer: Any) -> tuple[int | None, ...]:
    """The shape (batch, …) of the first tensor that a layer was built for; () where it keeps none."""
    config = layer.get_build_config() or {}
    shapes = config.get("shapes_dict", config)
    return tuple(next(iter(shapes.values()), ()) or ())


def _upsampling_of_any_size(layer: Any) -> dict[str, Any]:
    """Keras asks in Python whether a size is positive, which a graph of unknown sizes cannot answer."""
    if not isinstance(layer, keras.layers.UpSampling2D) or layer.data_format != "channels_last":
        return {}
    if layer.interpolation == "nearest" or None not in input_shape(layer)[1:3]:
        return {}

    def call(images: Any) -> Any:
        return tf.image.resize(images, tf.shape(images)[1:3] * layer.size, method=layer.interpolation)

    return {"call": call}


def _interpolation_by_matrices(layer: Any) -> dict[str, Any]:
    """Resize by a product with a matrix of weights for each axis.

    The runtimes compute bicubic interpolation otherwise than TensorFlow, and none has Lanczos or antialiasing.
    """
    if not resizes_smoothly(layer) or not can_be_matrices(layer):
        return {}
    _, height, width, _ = input_shape(layer)
    assert height is not None
    assert width is not None
    if isinstance(layer, keras.layers.Resizing):
        size, antialias = (layer.height, layer.width), layer.antialias
    else:
        size, antialias = (height * layer.size[0], width * layer.size[1]), False
    rows, columns = (
        _weights(before, after, layer.interpolation, antialias)
        for before, after in zip((height, width), size, strict=True)
    )

    def call(images: Any, *_: Any, **__: Any) -> Any:
        channels = images.shape[-1]
        images = tf.matmul(rows, tf.reshape(images, (-1, height, width * channels)))
        images = tf.matmul(columns, tf.reshape(images, (-1, width, channels)))
        return tf.reshape(images, (-1, *size, channels))

    return {"call": call}


def resizes_smoothly(layer: Any) -> bool:
    """Whether a layer interpolates images by more than two neighbours on each axis."""
    if isinstance(layer, keras.layers.Resizing):
        wide = layer.interpolation not in ("nearest", "bilinear")
        return wide or (layer.antialias and layer.interpolation != "nearest")
    return isinstance(layer, keras.layers.UpSampling2D) and layer.interpolation not in ("nearest", "bilinear")


def can_be_matrices(layer: Any) -> bool:
    """Whether the sizes before and after the interpolation of a layer are known and the axes independent."""
    shape = input_shape(layer)
    return (
        layer.data_format == "channels_last"
        and len(shape) == 4
        and None not in shape[1:3]
        and not getattr(layer, "crop_to_aspect_ratio", False)
        and not getattr(layer, "pad_to_aspect_ratio", False)
    )


def _weights(before: int, after: int, interpolation: str, antialias: bool) -> Any:
    """float32 (after, before): what each place of the result takes of each place of an axis."""
    pulses = tf.eye(before)[None, :, :, None]
    return tf.image.resize(pulses, (after, before), method=interpolation, antialias=antialias)[0, :, :, 0].numpy()


def _pooling_3d(layer: Any) -> dict[str, Any]:
    """LiteRT pools two axes: first height and width, then depth."""
    pool = _POOLING_3D.get(type(layer))
    if pool is None or layer.data_format != "channels_last":
        return {}

    def call(volumes: Any) -> Any:
        _, depth, height, width, channels = ops.shape(volumes)
        slices = ops.reshape(volumes, (-1, height, width, channels))
        pooled = pool(slices, layer.pool_size[1:], layer.strides[1:], layer.padding)
        _, height, width, _ = ops.shape(pooled)
        pooled = ops.reshape(pooled, (-1, depth, height * width, channels))
        pooled = pool(pooled, (layer.pool_size[0], 1), (layer.strides[0], 1), layer.padding)
        return ops.reshape(pooled, (-1, ops.shape(pooled)[1], height, width, channels))

    return {"call": call}


def _adaptive_pooling_3d(layer: Any) -> dict[str, Any]:
    """Reduce axis by axis."""
    reduce = _ADAPTIVE_3D.get(type(layer))
    if reduce is None or layer.data_format != "channels_last":
        return {}

    def call(volumes: Any) -> Any:
        for axis, count in enumerate(layer.output_size, start=1):
            parts = _parts(volumes.shape[axis], count)
            within = [tf.gather(volumes, tf.range(start, stop), axis=axis) for start, stop in parts]
            volumes = tf.concat([reduce(each, axis=axis, keepdims=True) for each in within], axis)
        return volumes

    return {"call": call}


def _parts(length: int, count: int) -> list[tuple[int, int]]:
    """Where the parts of an axis begin and end; they overlap where `count` does not divide `length`."""
    return [(index * length // count, -(-(index + 1) * length // count)) for index in range(count)]


def _convolution_3d(layer: Any) -> dict[str, Any]:
    """Convolve group by group with kernels that have zeros where a dilated one has holes; no runtime has these groups."""
    if not isinstance(layer, keras.layers.Conv3D) or layer.data_format != "channels_last":
        return {}
    if layer.groups == 1 and max(layer.dilation_rate) == 1:
        return {}
    kernels = np.split(_with_holes(_array(layer.kernel), layer.dilation_rate), layer.groups, axis=-1)

    def convolution_op(volumes: Any, _: Any) -> Any:
        groups = tf.split(volumes, layer.groups, axis=-1)
        convolved = [
            ops.conv(group, kernel, strides=list(layer.strides), padding=layer.padding)
            for group, kernel in zip(groups, kernels, strict=True)
        ]
        return tf.concat(convolved, axis=-1)

    return {"convolution_op": convolution_op}


def _transposed_convolution(layer: Any) -> dict[str, Any]:
    """The same with a kernel that has zeros where a dilated one has holes."""
    if not isinstance(layer, _DILATED_TRANSPOSED) or max(layer.dilation_rate) == 1:
        return {}
    kernel = _with_holes(_array(layer.kernel), layer.dilation_rate)

    def call(maps: Any) -> Any:
        outputs = ops.conv_transpose(
            maps,
            kernel,
            strides=list(layer.strides),
            padding=layer.padding,
            output_padding=layer.output_padding,
            data_format=layer.data_format,
        )
        if layer.use_bias:
            axes = (-1,) if layer.data_format == "channels_last" else (-1, *[1] * layer.rank)
            outputs = outputs + ops.reshape(layer.bias, axes)
        return outputs if layer.activation is None else layer.activation(outputs)

    return {"call": call}


def _lookup_by_comparison(layer: Any) -> dict[str, Any]:
    """No format has a table from numbers to numbers."""
    if not isinstance(layer, keras.layers.IntegerLookup):
        return {}
    table = layer.lookup_table
    keys, values = (each.numpy() for each in table.export())
    return {"lookup_table": _Comparisons(keys, values, table.default_value.numpy())}


@dataclass(frozen=True)
class _Comparisons:
    """A table of whole numbers.

    Attributes:
        keys: int64 (entries,), different ones.
        values: of the keys, int64 (entries,).
        default: of all other numbers.
    """

    keys: NDArray[Any]
    values: NDArray[Any]
    default: Any

    def lookup(self, numbers: Any) -> Any:
        """int64, in the shape of the numbers."""
        found = tf.where(tf.equal(numbers[..., None], self.keys), self.values - self.default, np.int64(0))
        return tf.reduce_sum(found, axis=-1) + self.default


def _categories(layer: Any) -> dict[str, Any]:
    """LiteRT cannot count how often a number occurs."""
    if not isinstance(layer, keras.layers.CategoryEncoding) or layer.output_mode == "one_hot" or layer.sparse:
        return {}
    if len(input_shape(layer)) != 2:
        return {}
    reduce = tf.reduce_max if layer.output_mode == "multi_hot" else tf.reduce_sum

    def call(numbers: Any, count_weights: Any = None) -> Any:
        codes = tf.one_hot(tf.cast(numbers, tf.int32), layer.num_tokens, dtype=layer.compute_dtype)
        if count_weights is not None:
            codes = codes * tf.cast(count_weights, codes.dtype)[..., None]
        return reduce(codes, axis=1)

    return {"call": call}


def _outer_product(layer: Any) -> dict[str, Any]:
    """LiteRT has an EinsumDense only where inputs and kernel share an index; without one, it is a product of all with all."""
    if not isinstance(layer, keras.layers.EinsumDense) or "." in layer.equation:
        return {}
    given, result = layer.equation.replace(" ", "").split("->")
    variable, kernel = given.split(",")
    if set(variable) & set(kernel):
        return {}
    kept = [index for index in variable if index in result]
    order = [[*kept, *kernel].index(index) for index in result]
    left_out = [axis for axis, index in enumerate(variable) if index not in result]

    def call(inputs: Any, training: bool | None = None) -> Any:
        summed = tf.reduce_sum(inputs, left_out)
        found = tf.transpose(summed[(..., *[tf.newaxis] * len(kernel))] * tf.convert_to_tensor(layer.kernel), order)
        found = found if layer.bias is None else found + layer.bias
        return found if layer.activation is None else layer.activation(found)

    return {"call": call}


def _array(weight: Any) -> NDArray[Any]:
    array: NDArray[Any] = ops.convert_to_numpy(weight)
    return array


def _with_holes(kernel: NDArray[Any], rates: Sequence[int]) -> NDArray[Any]:
    """A dilated kernel (*axes, in, out) as one without dilation."""
    sizes = [(size - 1) * rate + 1 for size, rate in zip(kernel.shape, rates, strict=False)]
    wide = np.zeros((*sizes, *kernel.shape[len(rates) :]), kernel.dtype)
    wide[tuple(slice(None, None, rate) for rate in rates)] = kernel
    return wide


_ANYWHERE = (_upsampling_of_any_size,)
_REPLACEMENTS = {
    "saved_model": _ANYWHERE,
    "onnx": (*_ANYWHERE, _interpolation_by_matrices, _convolution_3d, _lookup_by_comparison),
    "litert": (
        *_ANYWHERE,
        _interpolation_by_matrices,
        _convolution_3d,
        _lookup_by_comparison,
        _categories,
        _unrolled,
        _windows_in_a_loop,
        _outer_product,
        _pooling_3d,
        _adaptive_pooling_3d,
        _transposed_convolution,
    ),
}
