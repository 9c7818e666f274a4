"""Random networks: written as a recipe with structure, and built with Keras' functional API.

A network is drawn as a list of nodes; each node says how it is written in YAML and what it is in Python. The two know nothing
of each other beyond the arguments.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import keras
import yaml
from hypothesis import strategies as st

SHAPE = (8, 8, 3)
CLASSES = 3
WIDTH = 2
BLOCKS = """
  conv:
    params: [filters]
    defaults: {size: 3, activation: relu}
    layers:
      - Conv2D: {filters: $filters, kernel_size: $size, padding: same, use_bias: false}
      - BatchNormalization
      - Activation: $activation
  bottleneck:
    params: [inner, outer]
    defaults: {strides: 1}
    layers:
      - residual:
          shortcut: auto
          body:
            - conv: {filters: $inner, size: 1}
            - Conv2D: {filters: $outer, kernel_size: 3, strides: $strides, padding: same}
      - ReLU
  split:
    params: [filters]
    defaults: {pooled: true}
    layers:
      - ReLU: {name: start}
      - conv: {name: left, filters: $filters}
      - conv: {name: right, from: start, filters: $(filters + 1), size: 1, activation: tanh}
      - Concatenate: {from: [left, right]}
      - MaxPooling2D: {pool_size: 2, padding: same, if: $pooled}
  gate:
    params: [filters]
    layers:
      - residual: {shortcut: auto, body: [Conv2D: {filters: $filters, kernel_size: 3, padding: same}]}
      - learned: {shape: [1], merge: Multiply, initializer: ones}
      - ReLU
"""

Names = Mapping[str, int]
Tensor = Any


# ---- nodes -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Value:
    """A number as it is written, and what it is where names have values."""

    written: Any
    number: Callable[[Names], int]


def number(value: int) -> Value:
    return Value(value, lambda names: value)


@dataclass(frozen=True)
class Layer:
    name: str
    args: dict[str, Any] = field(default_factory=dict)

    def written(self) -> Any:
        args = {key: value.written if isinstance(value, Value) else value for key, value in self.args.items()}
        return {self.name: args} if args else self.name

    def call(self, x: Tensor, names: Names) -> Tensor:
        args = {key: value.number(names) if isinstance(value, Value) else value for key, value in self.args.items()}
        if "kernel_regularizer" in args:
            args["kernel_regularizer"] = keras.regularizers.L2(0.01)
        return getattr(keras.layers, self.name)(**args)(x)


@dataclass(frozen=True)
class Repeat:
    """`times` rounds, or one for each of the filters in `over`."""

    body: list[Any]
    times: int = 0
    over: tuple[int, ...] = ()

    def written(self) -> Any:
        rounds: dict[str, Any] = {"over": {"filters": list(self.over)}} if self.over else {"times": self.times}
        return {"repeat": {**rounds, "as": "round", "layers": written(self.body)}}

    def call(self, x: Tensor, names: Names) -> Tensor:
        for index in range(len(self.over) or self.times):
            own = {"filters": self.over[index]} if self.over else {}
            x = call(self.body, x, {**names, **own, "round": index})
        return x


@dataclass(frozen=True)
class Branches:
    merge: str
    paths: list[list[Any]]

    def written(self) -> Any:
        return {"branches": {"merge": self.merge, "paths": [written(path) for path in self.paths]}}

    def call(self, x: Tensor, names: Names) -> Tensor:
        return getattr(keras.layers, self.merge)()([call(path, x, names) for path in self.paths])


@dataclass(frozen=True)
class Residual:
    """The shortcut is None for the identity, `auto`, or a list of nodes."""

    body: list[Any]
    shortcut: Any = None

    def written(self) -> Any:
        if self.shortcut is None:
            return {"residual": {"body": written(self.body)}}
        side = self.shortcut if self.shortcut == "auto" else written(self.shortcut)
        return {"residual": {"body": written(self.body), "shortcut": side}}

    def call(self, x: Tensor, names: Names) -> Tensor:
        y = call(self.body, x, names)
        if self.shortcut == "auto":
            return keras.layers.Add()([y, projected(x, y)])
        return keras.layers.Add()([y, x if self.shortcut is None else call(self.shortcut, x, names)])


@dataclass(frozen=True)
class Block:
    """A call of one of the blocks above."""

    name: str
    args: dict[str, Value]

    def written(self) -> Any:
        return {self.name: {key: value.written for key, value in self.args.items()}}

    def call(self, x: Tensor, names: Names) -> Tensor:
        return BLOCKS_IN_PYTHON[self.name](x, **{key: value.number(names) for key, value in self.args.items()})


@dataclass(frozen=True)
class Skip:
    """What goes in is concatenated with what comes out of the body, by `from`; its names have its number."""

    body: list[Any]
    number: int = field(default_factory=itertools.count().__next__)

    def written(self) -> Any:
        start, merged = f"start_{self.number}", {"from": [f"end_{self.number}", f"start_{self.number}"]}
        inside = [{"ReLU": {"name": start}}, *written(self.body), {"ReLU": {"name": f"end_{self.number}"}}]
        return {"group": {"name": f"skip_{self.number}", "layers": [*inside, {"Concatenate": merged}]}}

    def call(self, x: Tensor, names: Names) -> Tensor:
        start = keras.layers.ReLU()(x)
        return keras.layers.Concatenate()([keras.layers.ReLU()(call(self.body, start, names)), start])


@dataclass(frozen=True)
class Shared:
    """A layer or a call of the block `gate`, called twice: on what comes in, and on its positive part."""

    name: str
    args: dict[str, Value]
    number: int = field(default_factory=itertools.count().__next__)

    def written(self) -> Any:
        first, second = f"first_{self.number}", f"second_{self.number}"
        args = {key: value.written for key, value in self.args.items()}
        layers = [
            {"ReLU": {"name": f"positive_{self.number}"}},
            {self.name: {"name": first, "from": ".", **args}},
            {self.name: {"name": second, "from": f"positive_{self.number}", "is": first}},
            {"Concatenate": {"from": [first, second]}},
        ]
        return {"group": {"name": f"both_{self.number}", "layers": layers}}

    def call(self, x: Tensor, names: Names) -> Tensor:
        args = {key: value.number(names) for key, value in self.args.items()}
        made = gate(**args) if self.name == "gate" else getattr(keras.layers, self.name)(**args)
        positive = keras.layers.ReLU()(x)
        return keras.layers.Concatenate()([made(x), made(positive)])


@dataclass(frozen=True)
class Learned:
    """A constant that is merged."""

    merge: str

    def written(self) -> Any:
        return {"learned": {"shape": 1, "merge": self.merge, "initializer": "ones"}}

    def call(self, x: Tensor, names: Names) -> Tensor:
        return learned(x.shape, self.merge)(x)


@dataclass(frozen=True)
class Part:
    """A part along an axis, of which every tensor here has at least one value."""

    axis: int

    def written(self) -> Any:
        return {"slice": {"axis": self.axis, "stop": 1}}

    def call(self, x: Tensor, names: Names) -> Tensor:
        size = x.shape[self.axis]
        if size == 1:
            return x
        if self.axis < 3:
            return keras.layers.Cropping2D([(0, size - 1) if axis == self.axis else (0, 0) for axis in (1, 2)])(x)
        x = keras.layers.Reshape((x.shape[1] * x.shape[2], size, 1))(y := x)
        x = keras.layers.Cropping2D(((0, 0), (0, size - 1)))(x)
        return keras.layers.Reshape((*y.shape[1:3], 1))(x)


@dataclass(frozen=True)
class Reduced:
    """The channels as one."""

    function: str

    def written(self) -> Any:
        return {"reduce_axis": {"function": self.function, "keepdims": True}}

    def call(self, x: Tensor, names: Names) -> Tensor:
        height, width, channels = x.shape[1:]
        x = keras.layers.Reshape((height * width, channels, 1))(x)
        pooling = keras.layers.MaxPooling2D if self.function == "max" else keras.layers.AveragePooling2D
        x = pooling((1, channels))(x)
        if self.function == "sum":
            x = keras.layers.Rescaling(channels)(x)
        return keras.layers.Reshape((height, width, 1))(x)


def written(nodes: list[Any]) -> list[Any]:
    return [node.written() for node in nodes]


def call(nodes: list[Any], x: Tensor, names: Names) -> Tensor:
    for node in nodes:
        x = node.call(x, names)
    return x


def projected(x: Tensor, like: Tensor) -> Tensor:
    if x.shape == like.shape:
        return x
    strides = [before // after for before, after in zip(x.shape[1:3], like.shape[1:3], strict=True)]
    x = keras.layers.Conv2D(
        like.shape[-1], 1, strides=strides, padding="same", use_bias=False, kernel_initializer="he_normal"
    )(x)
    return keras.layers.BatchNormalization()(x)


def conv(x: Tensor, filters: int, size: int = 3, activation: str = "relu") -> Tensor:
    x = keras.layers.Conv2D(filters, size, padding="same", use_bias=False)(x)
    return keras.layers.Activation(activation)(keras.layers.BatchNormalization()(x))


def bottleneck(x: Tensor, inner: int, outer: int, strides: int = 1) -> Tensor:
    y = keras.layers.Conv2D(outer, 3, strides=strides, padding="same")(conv(x, inner, 1))
    return keras.layers.ReLU()(keras.layers.Add()([y, projected(x, y)]))


def split(x: Tensor, filters: int, pooled: bool = True) -> Tensor:
    x = keras.layers.ReLU()(x)
    x = keras.layers.Concatenate()([conv(x, filters), conv(x, filters + 1, 1, "tanh")])
    return keras.layers.MaxPooling2D(2, padding="same")(x) if pooled else x


def learned(shape: tuple[int, ...], merge: str) -> Callable[[Tensor], Tensor]:
    """Layers that merge a constant of one value, initially 1, with tensors of a shape (batch, …)."""
    if merge == "Multiply" and shape[-1] == 1:
        return keras.layers.EinsumDense("...c,c->...c", 1, kernel_initializer="ones")  # type: ignore[no-any-return]
    one = [
        keras.layers.Reshape((-1, 1), dtype="float32"),
        keras.layers.GlobalAveragePooling1D(dtype="float32"),
        keras.layers.Rescaling(0.0, offset=1.0, dtype="float32"),
        keras.layers.EinsumDense("ab,c->ac", 1, kernel_initializer="ones"),
    ]
    merging = getattr(keras.layers, merge)()

    def call(x: Tensor) -> Tensor:
        constant = x
        for layer in one:
            constant = layer(constant)
        return merging([x, constant])

    return call


def gate(filters: int) -> Callable[[Tensor], Tensor]:
    """The block `gate` as layers that can be called again."""
    convolution, merging, positive = (
        keras.layers.Conv2D(filters, 3, padding="same"),
        keras.layers.Add(),
        keras.layers.ReLU(),
    )
    projection: list[Any] = []
    scale: list[Callable[[Tensor], Tensor]] = []

    def call(x: Tensor) -> Tensor:
        y, side = convolution(x), x
        if x.shape != y.shape and not projection:
            projection.append(
                keras.layers.Conv2D(
                    filters, 1, strides=[1, 1], padding="same", use_bias=False, kernel_initializer="he_normal"
                )
            )
            projection.append(keras.layers.BatchNormalization())
        for layer in projection:
            side = layer(side)
        y = merging([y, side])
        if not scale:
            scale.append(learned(y.shape, "Multiply"))
        return positive(scale[0](y))

    return call


BLOCKS_IN_PYTHON: dict[str, Callable[..., Tensor]] = {"conv": conv, "bottleneck": bottleneck, "split": split}


# ---- drawing -----------------------------------------------------------------------------------------------------------


@st.composite
def values(draw: Any, in_over: bool) -> tuple[Value, int | None]:
    """A number of filters; and what it is, where it is the same in every round."""
    kind = draw(st.sampled_from(["number", "expression", *(["name", "product"] if in_over else [])]))
    if kind == "number":
        found = draw(st.integers(1, 4))
        return number(found), found
    if kind == "expression":
        return Value("$(width + 1)", lambda names: WIDTH + 1), WIDTH + 1
    if kind == "name":
        return Value("$filters", lambda names: names["filters"]), None
    return Value("$(filters * width)", lambda names: names["filters"] * WIDTH), None


def convolution(filters: Value | int, **more: Any) -> Layer:
    filters = filters if isinstance(filters, Value) else number(filters)
    return Layer("Conv2D", {"filters": filters, "kernel_size": 3, "padding": "same", **more})


@st.composite
def in_place(draw: Any) -> Layer:
    """A layer that changes no shape."""
    return draw(
        st.sampled_from(
            [
                Layer("ReLU"),
                Layer("BatchNormalization"),
                Layer("BatchNormalization", {"momentum": 0.9, "scale": False}),
                Layer("Activation", {"activation": "tanh"}),
                Layer("Dropout", {"rate": 0.25}),
                Layer("LayerNormalization"),
                Layer("AveragePooling2D", {"pool_size": 3, "strides": 1, "padding": "same"}),
                Layer("DepthwiseConv2D", {"kernel_size": 3, "padding": "same"}),
            ]
        )
    )


@st.composite
def any_convolution(draw: Any, in_over: bool) -> Layer:
    filters, _ = draw(values(in_over))
    more = draw(
        st.sampled_from(
            [
                {},
                {"activation": "relu"},
                {"kernel_size": [1, 3], "dilation_rate": 2},
                {"kernel_regularizer": {"L2": 0.01}, "use_bias": False},
            ]
        )
    )
    return convolution(filters, **more)


@st.composite
def networks(draw: Any, depth: int = 2, *, keeps_size: bool = False, in_over: bool = False) -> list[Any]:
    """Nodes that take any number of channels, so that they can stand anywhere."""
    kinds = ["convolution", "in_place", "conv", "shared", "learned", "reduced"]
    if not keeps_size:
        kinds += ["strided", "split", "pool", "part"]
    if depth:
        kinds += ["auto", "repeat", "over", "branches", "merge", "skip", "residual", "shortcut"]
    inner = {"depth": depth - 1, "in_over": in_over}
    nodes: list[Any] = []
    for kind in draw(st.lists(st.sampled_from(kinds), min_size=1 + depth // 2, max_size=1 + depth, unique=True)):
        if kind == "convolution":
            nodes.append(draw(any_convolution(in_over)))
        elif kind == "in_place":
            nodes.append(draw(in_place()))
        elif kind == "conv":
            filters, _ = draw(values(in_over))
            nodes.append(Block("conv", {"filters": filters, **draw(st.sampled_from([{}, {"size": number(1)}]))}))
        elif kind == "pool":
            nodes.append(Layer("MaxPooling2D", {"pool_size": 2, "padding": "same"}))
        elif kind == "split":
            filters, _ = draw(values(in_over))
            pooled = draw(st.sampled_from([{}, {"pooled": Value(False, lambda names: 0)}]))
            nodes.append(Block("split", {"filters": filters, **pooled}))
        elif kind == "strided":
            strides = draw(st.sampled_from([{}, {"strides": number(2)}]))
            nodes.append(Block("bottleneck", {"inner": number(2), "outer": draw(values(in_over))[0], **strides}))
        elif kind == "shared":
            filters, _ = draw(values(in_over))
            conv = {"filters": filters, "kernel_size": number(1)}
            nodes.append(draw(st.sampled_from([Shared("Conv2D", conv), Shared("gate", {"filters": filters})])))
        elif kind == "learned":
            nodes.append(Learned(draw(st.sampled_from(["Add", "Multiply"]))))
        elif kind == "reduced":
            nodes.append(Reduced(draw(st.sampled_from(["mean", "max", "sum"]))))
        elif kind == "part":
            nodes.append(Part(draw(st.sampled_from([1, 2, 3]))))
        elif kind == "repeat":
            body = draw(networks(keeps_size=keeps_size, **inner))
            nodes.append(Repeat(body, times=draw(st.integers(0, 2))))
        elif kind == "over":
            body = draw(networks(depth=depth - 1, keeps_size=keeps_size, in_over=True))
            nodes.append(Repeat(body, over=tuple(draw(st.lists(st.integers(1, 4), min_size=1, max_size=2)))))
        elif kind == "branches":
            paths = draw(st.lists(networks(keeps_size=True, **inner), min_size=1, max_size=3))
            nodes.append(Branches("Concatenate", [*paths, draw(st.sampled_from([[], [Layer("ReLU")]]))]))
        elif kind == "merge":
            filters, _ = draw(values(in_over))
            paths = draw(st.lists(networks(keeps_size=True, **inner), min_size=2, max_size=3))
            merge = draw(st.sampled_from(["Add", "Average", "Maximum", "Multiply"]))
            nodes.append(Branches(merge, [[*path, convolution(filters)] for path in paths]))
        elif kind == "residual":
            filters, _ = draw(values(in_over))
            body = draw(networks(keeps_size=True, **inner))
            nodes += [convolution(filters), Residual([*body, convolution(filters)])]
        elif kind == "auto":
            nodes.append(Residual(draw(networks(keeps_size=True, **inner)), "auto"))
        elif kind == "shortcut":
            filters, _ = draw(values(in_over))
            body = draw(networks(keeps_size=True, **inner))
            side = [convolution(filters, kernel_size=1)]
            nodes.append(Residual([*body, convolution(filters)], side))
        else:
            # Names are told apart by their round, so a skip can be in a `repeat` too.
            nodes.append(Skip(draw(networks(keeps_size=True, **inner))))
    return nodes


# ---- the same network --------------------------------------------------------------------------------------------------


def recipe_of(nodes: list[Any], head: str) -> str:
    last = [head, {"Dense": {"units": "$classes", "activation": "softmax"}}]
    layers = yaml.safe_dump({"layers": [*written(nodes), *last]}, sort_keys=False)
    model = "".join(f"  {line}\n" for line in layers.splitlines())
    data = f"data: {{source: {{npz: {{path: a.npz}}}}, classes: {CLASSES}}}"
    return f"vars: {{width: {WIDTH}}}\n{data}\nblocks:{BLOCKS}\nmodel:\n  input: {list(SHAPE)}\n{model}"


def in_python(nodes: list[Any], head: str) -> keras.Model:
    inputs = keras.Input(SHAPE)
    x = getattr(keras.layers, head)()(call(nodes, inputs, {}))
    return keras.Model(inputs, keras.layers.Dense(CLASSES, activation="softmax")(x))


def configs(model: keras.Model, *, with_names: bool = False) -> list[Any]:
    return [
        (type(layer).__name__, {k: v for k, v in layer.get_config().items() if with_names or k != "name"})
        for layer in model.layers
    ]
