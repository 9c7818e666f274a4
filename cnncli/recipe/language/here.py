"""`$here`: the sizes of what comes into a layer, a structure or a block's call."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from cnncli.messages import did_you_mean, listed
from cnncli.recipe.deferred import Unknown
from cnncli.recipe.language.expressions import HERE, ExpressionError, Sizes
from cnncli.recipe.yaml.nodes import Node

Shape = tuple[int | None, ...]

# The names of the axes of an example, by their number: a row of numbers, a sequence, an image, a volume.
_AXES = {
    1: ("channels",),
    2: ("length", "channels"),
    3: ("height", "width", "channels"),
    4: ("depth", "height", "width", "channels"),
}
_ALL = tuple(dict.fromkeys(axis for axes in _AXES.values() for axis in axes))
_TYPICAL = 64  # stands in for a size that is not known yet


class Shapes(Protocol):
    """Whoever can tell shapes while the layers of a recipe are written out."""

    def shape_of(self, layers: Sequence[Node], name: str | None) -> Shape | None:
        """The shape, without the batch, that leaves a layer.

        Args:
            layers: the flat list as far as it is written out; it only grows.
            name: a layer of it; None is the network's input.

        Returns:
            The shape; None where it is not known, because a layer before it is wrong.
        """


class HereSizes(Sizes):
    """The sizes of what comes in where the layers are being written out.

    Attributes:
        shape: tells the shape that comes in now; it returns None while shapes are not known.
    """

    def __init__(self) -> None:
        self.shape: Callable[[], Shape | None] = lambda: None

    def size(self, axis: str) -> int:
        if axis not in _ALL:
            hint = did_you_mean(axis, _ALL) or f"its sizes: {listed(_ALL, 9)}"
            raise ExpressionError(f"`{HERE}` has no `{axis}`", hint)
        shape = self.shape()
        if shape is None:
            return Unknown(_TYPICAL, f"{HERE}.{axis}", f"${HERE}.{axis}")
        axes = _AXES.get(len(shape), ())
        shown = "x".join("?" if size is None else str(size) for size in shape)
        if axis not in axes:
            raise ExpressionError(f"`{HERE}` is {shown} and has no `{axis}`", f"its sizes: {listed(axes, 9)}")
        size = shape[axes.index(axis)]
        if size is None:
            raise ExpressionError(f"`{HERE}` is {shown}: its {axis} is not fixed", "give `model.input` fixed sizes")
        return size
