"""Encode targets for a loss: class indices, one-hot vectors, or numbers."""

from __future__ import annotations

from cnncli.errors import DataError, Problem
from cnncli.messages import counted
from cnncli.recipe.keras_objects.objects import KerasObject
from cnncli.recipe.outputs import loss_class
from cnncli.recipe.yaml.nodes import Path

_INTEGERS = {"SparseCategoricalCrossentropy", "CategoricalGeneralizedCrossEntropy", "Circle"}


def encoding_of(
    loss: KerasObject, *, outputs: int, class_count: int, layer: str = "", path: Path = ("model", "layers")
) -> str:
    """Choose the encoding.

    Args:
        loss: the recipe's.
        outputs: how many numbers the network gives an example.
        class_count: how many classes the data has.
        layer: the name of the layer that gives them, for the message.
        path: where that layer stands in the recipe.

    Returns:
        `integer`, `one_hot` or `column`; see `cnncli.data.pipeline.Batches`.

    Raises:
        DataError: the network's outputs do not fit the classes.
    """
    if loss_class(loss) in _INTEGERS:
        if outputs != class_count:
            raise _misfit(outputs, class_count, layer, path)
        return "integer"
    if outputs == 1:
        if class_count > 2:
            hint = "use `units: $classes`, softmax and sparse_categorical_crossentropy"
            message = f"{loss.name} with one output tells 2 classes apart, and the data has {class_count}"
            raise DataError(Problem(message, hint, path=path))
        return "column"
    if outputs != class_count:
        raise _misfit(outputs, class_count, layer, path)
    return "one_hot"


def encoding_of_numbers(*, outputs: int, number_count: int, layer: str, path: Path) -> str:
    """Choose the encoding of labels that are quantities, `numbers`; see `cnncli.data.pipeline.Batches`.

    Args:
        outputs: how many numbers the network gives an example.
        number_count: how many the data has for it.
        layer, path: as for `encoding_of`.

    Raises:
        DataError: they are not as many.
    """
    if outputs != number_count:
        message = (
            f"the data has {counted(number_count, 'number')} for each example, and layer `{layer}` gives {outputs}"
        )
        raise DataError(Problem(message, f"`units: {number_count}` in the last layer", path=path))
    return "numbers"


def _misfit(outputs: int, class_count: int, layer: str, path: Path) -> DataError:
    who = f"layer `{layer}`" if layer else "the network"
    message = f"the labels need {class_count} outputs, and {who} has {outputs}"
    return DataError(Problem(message, "use `units: $classes` in the last layer", path=path))
