"""Functions that generated code may need beside those of the recipe's blocks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

_HELPERS = {
    "divisible": '''\
def divisible(value, divisor=8):
    """Return the nearest multiple of `divisor`, at most 10% smaller (Sandler et al., 2018)."""
    rounded = max(divisor, int(value + divisor / 2) // divisor * divisor)
    return rounded + divisor if rounded < 0.9 * value else rounded''',
    "counted_names": '''\
def counted_names(prefix=""):
    """Return a function that numbers names as Keras does: conv2d, conv2d_1, conv2d_2."""
    counts = {}

    def name_of(kind):
        number = counts[kind] = counts.get(kind, -1) + 1
        return f"{prefix}{kind}_{number}" if number else f"{prefix}{kind}"

    return name_of''',
    "project": '''\
def project(x, like, name):
    """Return x in the shape of `like`, by a 1x1 convolution where the shapes differ."""
    if x.shape == like.shape:
        return x
    convolution = {3: layers.Conv1D, 4: layers.Conv2D, 5: layers.Conv3D}[len(x.shape)]
    sizes = zip(x.shape[1:-1], like.shape[1:-1])
    x = convolution(
        like.shape[-1],
        1,
        strides=[max(1, round(before / after)) for before, after in sizes],
        padding="same",
        use_bias=False,
        kernel_initializer="he_normal",
        name=f"{name}_conv",
    )(x)
    return layers.BatchNormalization(name=f"{name}_bn")(x)''',
    "learned": '''\
def learned(
    x,
    shape,
    initializer="zeros",
    merge="Add",
    axis=1,
    last=False,
    regularizer=None,
    trainable=True,
    name=None,
):
    """Merge x with a trainable constant, the same for every example, or return it alone."""
    shape = (shape,) if isinstance(shape, int) else tuple(shape)
    weights = {"kernel_initializer": initializer, "kernel_regularizer": regularizer}
    weights["trainable"] = trainable
    if merge == "Multiply" and shape == x.shape[-1:]:
        scale = layers.EinsumDense("...c,c->...c", shape[0], name=name, **weights)
        return scale(x)
    # A dense layer computes the constant from the number 1: its kernel is the constant.
    one = layers.Reshape((-1, 1), name=f"{name}_values", dtype="float32")(x)
    one = layers.GlobalAveragePooling1D(name=f"{name}_mean", dtype="float32")(one)
    one = layers.Rescaling(0.0, offset=1.0, name=f"{name}_one", dtype="float32")(one)
    axes = "cdefgh"[: len(shape)]
    constant_name = f"{name}_constant" if merge else name
    constant = layers.EinsumDense(
        f"ab,{axes}->a{axes}", shape, name=constant_name, **weights
    )(one)
    if merge is None:
        return constant
    if merge == "Concatenate":
        pair = [x, constant] if last else [constant, x]
        return layers.Concatenate(axis=axis, name=name)(pair)
    merging = layers.Add if merge == "Add" else layers.Multiply
    return merging(name=name)([x, constant])''',
    "crop": '''\
def crop(x, axis=-1, start=None, stop=None, name=None):
    """Return the part from `start` to `stop` of x along an axis."""
    rank, axis = len(x.shape), axis % len(x.shape)
    size = x.shape[axis]
    start, stop, _ = slice(start, stop).indices(size)
    if (start, stop) == (0, size):
        return x
    cut = (start, size - stop)
    cropping = {3: layers.Cropping1D, 4: layers.Cropping2D, 5: layers.Cropping3D}
    if axis < rank - 1 and rank in cropping:
        cuts = [cut if number == axis else (0, 0) for number in range(1, rank - 1)]
        return cropping[rank](cuts[0] if rank == 3 else cuts, name=name)(x)
    before, after = x.shape[1:axis], x.shape[axis + 1 :]
    columns = (math.prod(before), size, math.prod(after))
    x = layers.Reshape(columns, name=f"{name}_columns")(x)
    x = layers.Cropping2D(((0, 0), cut), name=f"{name}_crop")(x)
    return layers.Reshape((*before, stop - start, *after), name=name)(x)''',
    "reduce_axis": '''\
def reduce_axis(x, function, axis=-1, keepdims=False, name=None):
    """Return the mean, maximum or sum of x along an axis."""
    axis = axis % len(x.shape)
    size, before, after = x.shape[axis], x.shape[1:axis], x.shape[axis + 1 :]
    columns = (math.prod(before), size, math.prod(after))
    pooling = layers.MaxPooling2D if function == "max" else layers.AveragePooling2D
    x = layers.Reshape(columns, name=f"{name}_columns")(x)
    x = pooling((1, size), name=f"{name}_{function}")(x)
    if function == "sum":
        x = layers.Rescaling(size, name=f"{name}_size")(x)
    kept = (1,) if keepdims else ()
    return layers.Reshape((*before, *kept, *after), name=name)(x)''',
    "call_again": '''\
def call_again(x, start, end):
    """Call the layers between two tensors once more, on x."""
    return keras.Function(start, end).call(x)''',
    "reserve_names": '''\
def reserve_names(**counts):
    """Let Keras give none of the first names of a kind, such as add and add_1, to layers without a name."""
    for kind, count in counts.items():
        for _ in range(count):
            type(kind, (layers.Layer,), {})()  # Keras counts the name''',
}
NAMES = tuple(_HELPERS)


def helpers_of(lines: Iterable[str]) -> Iterator[list[str]]:
    """The lines of each helper that some lines call."""
    everything = "\n".join(lines)
    for name, helper in _HELPERS.items():
        if (
            f" {name}(" in everything
            or f"({name}(" in everything
            or f"={name}(" in everything
            or f"[{name}(" in everything
        ):
            yield helper.splitlines()
