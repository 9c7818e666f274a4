"""Items of the flat list of layers that are not Keras layers: they become some when shapes are known."""

from __future__ import annotations

from cnncli.recipe.keras_objects import catalogue
from cnncli.recipe.keras_objects.catalogue import Argument, Entry

KIND = "structure"
SHORTCUT = "shortcut"  # what `residual: {shortcut: auto}` leaves in the list
LEARNED = "learned"
SLICE = "slice"
REDUCE = "reduce_axis"

MERGES = ("Add", "Multiply", "Concatenate")
REDUCTIONS = ("mean", "max", "sum")

_NAME = Argument("name", default=None, doc="Name of what it becomes.")


def _entry(name: str, doc: str, *arguments: Argument) -> Entry:
    named = {argument.name: argument for argument in (*arguments, _NAME)}
    return Entry(kind=KIND, name=name, canonical=name, doc=doc, arguments=named)


ENTRIES = {
    entry.name: entry
    for entry in (
        _entry(
            SHORTCUT,
            "The layer in `from` itself where its shape is that of `like`, else a 1x1 Conv2D and BatchNormalization.",
            Argument("like"),
        ),
        _entry(
            LEARNED,
            "A trainable constant that is merged with what comes in: a class token, position embeddings, a scale.",
            Argument("shape", type="integers", doc="Shape of the constant, without the batch."),
            Argument("initializer", "zeros", kind="initializers", doc="Initializer of the constant."),
            Argument(
                "merge",
                "Add",
                choices=MERGES,
                doc="How it is merged: Add, Multiply or Concatenate; null: the constant alone.",
            ),
            Argument("axis", 1, type="integer", doc="Axis of Concatenate; 0 is the batch."),
            Argument("last", False, type="boolean", doc="Concatenate: the constant comes after the input."),
            Argument("regularizer", None, kind="regularizers", doc="Regularizer of the constant."),
            Argument("trainable", True, type="boolean", doc="false: it stays as the initializer makes it."),
        ),
        _entry(
            SLICE,
            "A part of what comes in along one axis, as `x[start:stop]` in NumPy.",
            Argument("axis", -1, type="integer", doc="Axis; 0 is the batch, -1 are the channels."),
            Argument("start", None, type="integer", doc="First index; negative: counted from the end."),
            Argument("stop", None, type="integer", doc="Index after the last one; default: the end."),
        ),
        _entry(
            REDUCE,
            "The mean, maximum or sum along one axis, as `x.mean(axis)` in NumPy.",
            Argument("function", choices=REDUCTIONS, doc="What is computed: mean, max or sum."),
            Argument("axis", -1, type="integer", doc="Axis; 0 is the batch, -1 are the channels."),
            Argument("keepdims", False, type="boolean", doc="Keep the axis, with size 1."),
        ),
    )
}
WRITTEN = (LEARNED, SLICE, REDUCE)  # those that a recipe may write itself


def find(name: str) -> Entry | None:
    """The entry of an item of the flat list: a structure, a layer or an application."""
    return ENTRIES.get(name) or catalogue.find_in_places("layers", name)
