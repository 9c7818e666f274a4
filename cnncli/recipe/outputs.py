"""The outputs of a network and their losses: the last layer, and auxiliary heads."""

from __future__ import annotations

from dataclasses import dataclass

from cnncli.recipe import targets
from cnncli.recipe.keras_objects.objects import KerasObject
from cnncli.recipe.layers import name_of
from cnncli.recipe.schema import Model, Recipe
from cnncli.recipe.yaml.nodes import Path

# Text identifiers of losses -> the class that they stand for, as far as rules need it.
_LOSS_CLASSES = {
    "categorical_crossentropy": "CategoricalCrossentropy",
    "sparse_categorical_crossentropy": "SparseCategoricalCrossentropy",
    "binary_crossentropy": "BinaryCrossentropy",
    "bce": "BinaryCrossentropy",
    "BCE": "BinaryCrossentropy",
    "categorical_focal_crossentropy": "CategoricalFocalCrossentropy",
    "binary_focal_crossentropy": "BinaryFocalCrossentropy",
    "mean_squared_error": "MeanSquaredError",
    "mse": "MeanSquaredError",
    "MSE": "MeanSquaredError",
    "mean_absolute_error": "MeanAbsoluteError",
    "mae": "MeanAbsoluteError",
    "MAE": "MeanAbsoluteError",
    "circle": "Circle",
    "mean_absolute_percentage_error": "MeanAbsolutePercentageError",
    "mape": "MeanAbsolutePercentageError",
    "MAPE": "MeanAbsolutePercentageError",
    "mean_squared_logarithmic_error": "MeanSquaredLogarithmicError",
    "msle": "MeanSquaredLogarithmicError",
    "MSLE": "MeanSquaredLogarithmicError",
    "huber": "Huber",
    "log_cosh": "LogCosh",
    "poisson": "Poisson",
}
# Those that measure how far a number is from another.
REGRESSION_LOSSES = {
    *("MeanSquaredError", "MeanAbsoluteError", "MeanAbsolutePercentageError", "MeanSquaredLogarithmicError"),
    *("Huber", "LogCosh", "Poisson"),
}


@dataclass(frozen=True, slots=True)
class Output:
    """One output of the network.

    Attributes:
        name: as `model.outputs` and `train.loss` call it; of the only output its layer's name.
        index: which layer of `model.layers` gives it; -1 when no layer has the name.
        loss: as the recipe says, or the default of its targets; None when there is neither.
        weight: of its loss in the sum.
        loss_path: where the loss stands in the recipe.
        path: where the output is named in the recipe, or its layer.
    """

    name: str
    index: int
    loss: KerasObject | None
    weight: float
    loss_path: Path
    path: Path

    def layers(self, recipe: Recipe) -> list[KerasObject]:
        """The flat list of layers up to this output."""
        return list(recipe.model.layers[: self.index + 1])


def outputs_of(recipe: Recipe) -> list[Output]:
    """The outputs; the first is the main one, which is evaluated and saved."""
    model, train, default_loss = recipe.model, recipe.train, targets.of(recipe.data.targets).default_loss
    if not model.outputs:
        index = len(model.layers) - 1
        path: Path = ("model", "layers", index, model.layers[index].name)
        given = train.loss if isinstance(train.loss, KerasObject) else None
        loss = given or default_loss(model.layers)
        return [Output(name_of(model.layers[index]), index, loss, 1.0, ("train", "loss"), path)]
    outputs, indexes = [], _layer_indexes(model)
    for number, name in enumerate(model.outputs):
        index = indexes.get(name, -1)
        written = train.loss.get(name) if isinstance(train.loss, dict) else train.loss
        loss = written or default_loss(model.layers[: index + 1])
        loss_path: Path = ("train", "loss", name) if isinstance(train.loss, dict) else ("train", "loss")
        weight = train.loss_weights.get(name, 1.0)
        outputs.append(Output(name, index, loss, weight, loss_path, ("model", "outputs", number)))
    return outputs


def _layer_indexes(model: Model) -> dict[str, int]:
    """By name of a layer or a group, the index of its last layer; a layer wins over a group of its name."""
    groups = {group.name: group.end - 1 for group in reversed(model.groups)}
    return groups | {name_of(layer): index for index, layer in reversed(list(enumerate(model.layers)))}


def loss_class(loss: KerasObject) -> str:
    """The class of a loss, also where it is written as a text identifier."""
    return _LOSS_CLASSES.get(loss.name, loss.entry.canonical)
