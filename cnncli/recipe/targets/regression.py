"""Rules and defaults of recipes with `targets: numbers` (regression)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cnncli.errors import Problem
from cnncli.recipe.check_tables import separator_of_one_label
from cnncli.recipe.keras_objects.objects import KerasObject
from cnncli.recipe.keys_of_classes import keys_of_classes
from cnncli.recipe.layers import output_activation, snake_case
from cnncli.recipe.outputs import REGRESSION_LOSSES, loss_class, outputs_of
from cnncli.recipe.rules import Rules
from cnncli.recipe.schema import Recipe

RULES = Rules()
NO_CLASSES = "`targets: numbers` has no classes: write how many numbers an example has, as in `Dense: 1`"
STRATIFY = False
METRICS = ("mean_absolute_error", "root_mean_squared_error")
HEAD = "Dense: {outputs}"
TRAINING = ("loss: mean_squared_error", "metrics: [mean_absolute_error]")

METRICS_OF_NUMBERS = {
    *("mean_absolute_error", "mae", "mean_squared_error", "mse", "root_mean_squared_error"),
    *("mean_absolute_percentage_error", "mape", "mean_squared_logarithmic_error", "msle", "log_cosh_error"),
    *("r2_score", "poisson", "cosine_similarity", "concordance_correlation", "pearson_correlation"),
}
_BY_CLASS = ("one_per_class", "most_confused")  # ways to choose examples


def default_loss(layers: Sequence[KerasObject]) -> KerasObject:
    """The mean squared error."""
    return KerasObject("losses", "mean_squared_error")


@RULES.error_without_network
def _no_separator(recipe: Recipe) -> Iterator[Problem]:
    yield from separator_of_one_label(recipe, "an example of `targets: numbers` has no labels")


@RULES.error_without_network
def _source_of_numbers(recipe: Recipe) -> Iterator[Problem]:
    source = recipe.data.source.settings
    if not source.brings("numbers"):
        hint = "numbers come in arrays: `source: {npz: {path: photos.npz}}` with x_train and y_train, or x and y"
        yield Problem(f"{source.described} has classes, and `targets` are numbers", hint, path=("data", "source"))


@RULES.error_without_network
def _keys_of_classes(recipe: Recipe) -> Iterator[Problem]:
    yield from keys_of_classes(recipe)


@RULES.error
def _loss_of_numbers(recipe: Recipe) -> Iterator[Problem]:
    for output in outputs_of(recipe):
        if output.loss is not None and loss_class(output.loss) not in REGRESSION_LOSSES:
            hint = "mean_squared_error is the usual one; mean_absolute_error and huber mind outliers less"
            message = f"{output.loss.name} is no loss for quantities, and `targets` are numbers"
            yield Problem(message, hint, path=output.loss_path)


@RULES.error_without_network
def _metrics_of_numbers(recipe: Recipe) -> Iterator[Problem]:
    for index, metric in enumerate(recipe.train.metrics):
        if snake_case(metric.entry.canonical) not in METRICS_OF_NUMBERS:
            hint = "leave `metrics` out, or use mean_absolute_error, RootMeanSquaredError, R2Score, …"
            message = f"{metric.name} measures classes, and `targets` are numbers"
            yield Problem(message, hint, path=("train", "metrics", index))


@RULES.error
def _softmax_before_numbers(recipe: Recipe) -> Iterator[Problem]:
    """Other activations are compared with the range of the data, once it is read."""
    for output in outputs_of(recipe):
        if output.index >= 0 and output_activation(output.layers(recipe)) == "softmax":
            message = "softmax gives shares that add up to 1, and `targets` are numbers"
            yield Problem(message, "leave the last layer without an activation", path=output.path)


@RULES.error_without_network
def _pictures_of_classes(recipe: Recipe) -> Iterator[Problem]:
    for index, picture in enumerate(recipe.visualize):
        path = ("visualize", index, picture.kind)
        if picture.maximize and picture.maximize.classes:
            hint = "leave it out: what makes the network's number small and what makes it large is drawn"
            yield Problem("`targets: numbers` has no classes", hint, path=(*path, "classes"))
        if picture.grad_cam and picture.grad_cam.class_name != "predicted":
            hint = "leave it out: what makes the network's number large is drawn"
            yield Problem("`targets: numbers` has no classes", hint, path=(*path, "class_name"))
        looked_at = picture.grad_cam or picture.feature_maps
        if looked_at and looked_at.samples in _BY_CLASS:
            hint = "a number takes examples from the smallest target to the largest; most_wrong those of the largest errors"
            message = f"{looked_at.samples} chooses by class, and `targets` are numbers"
            yield Problem(message, hint, path=(*path, "samples"))
