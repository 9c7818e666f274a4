"""Rules and defaults of recipes with `targets: input` (reconstruction: autoencoders, denoising)."""

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
from cnncli.recipe.targets.regression import METRICS_OF_NUMBERS

RULES = Rules()
NO_CLASSES = "`targets: input` has no classes: the last layer gives what an input has, as in `Conv2D: {filters: 1, …}`"
STRATIFY = False
METRICS = ("mean_absolute_error",)
SCORES = ("mean_squared_error", "psnr", "ssim", "psnr_gain")
NETWORK = "autoencoder"
HEAD = ""  # the whole network depends on the input
TRAINING = ("loss: mean_squared_error",)

_LOSSES = {*REGRESSION_LOSSES, "BinaryCrossentropy"}
_BY_CLASS = ("one_per_class", "most_confused")  # ways to choose examples
# Layers of `augment` that move or mix what they get: nothing in their output says how, so that no network can undo it.
_LOSE_PLACES = {
    *("RandomFlip", "RandomRotation", "RandomTranslation", "RandomZoom", "RandomShear", "RandomPerspective"),
    *("RandomElasticTransform", "RandomCrop", "MixUp", "CutMix"),
}


def default_loss(layers: Sequence[KerasObject]) -> KerasObject:
    """The mean squared error."""
    return KerasObject("losses", "mean_squared_error")


@RULES.error_without_network
def _no_separator(recipe: Recipe) -> Iterator[Problem]:
    yield from separator_of_one_label(recipe, "`targets: input` needs no labels")


@RULES.error_without_network
def _one_input(recipe: Recipe) -> Iterator[Problem]:
    if recipe.data.inputs is not None:
        message = "`inputs` names several inputs, and `targets: input` reconstructs one"
        yield Problem(message, "leave `inputs` out", path=("data", "inputs"))


@RULES.error_without_network
def _no_text(recipe: Recipe) -> Iterator[Problem]:
    source = recipe.data.source.settings
    if recipe.data.inputs is None and (source.text_columns or source.example_shape() == ()):
        message = f"{source.described} has texts, and `targets: input` reconstructs numbers"
        hint = "images, signals, volumes and rows of numbers can be reconstructed"
        yield Problem(message, hint, path=("data", "source"))


@RULES.error_without_network
def _keys_of_classes(recipe: Recipe) -> Iterator[Problem]:
    yield from keys_of_classes(recipe)


@RULES.error
def _loss_of_inputs(recipe: Recipe) -> Iterator[Problem]:
    for output in outputs_of(recipe):
        if output.loss is None:
            continue
        if loss_class(output.loss) not in _LOSSES:
            hint = "mean_squared_error is the usual one; mean_absolute_error blurs less"
            message = f"{output.loss.name} does not compare an output with an input, as `targets: input` needs it"
            yield Problem(message, hint, path=output.loss_path)
        elif output.loss.args.get("from_logits"):
            message = (
                "scores would take the outputs for values of the input, and with `from_logits: true` they are logits"
            )
            yield Problem(message, "leave `from_logits` out and use `activation: sigmoid`", path=output.loss_path)


@RULES.error_without_network
def _metrics_of_inputs(recipe: Recipe) -> Iterator[Problem]:
    for index, metric in enumerate(recipe.train.metrics):
        if snake_case(metric.entry.canonical) not in METRICS_OF_NUMBERS:
            hint = "leave `metrics` out, or use mean_absolute_error, RootMeanSquaredError, …; PSNR and SSIM come with evaluation"
            message = f"{metric.name} measures classes, and `targets: input` has none"
            yield Problem(message, hint, path=("train", "metrics", index))


@RULES.error
def _softmax_at_the_end(recipe: Recipe) -> Iterator[Problem]:
    """Other activations are compared with the range of the data, once it is read."""
    for output in outputs_of(recipe):
        if output.index >= 0 and output_activation(output.layers(recipe)) == "softmax":
            message = "softmax gives shares that add up to 1, and the targets are the input"
            yield Problem(message, "leave the last layer without an activation", path=output.path)


@RULES.error_without_network
def _pictures_of_classes(recipe: Recipe) -> Iterator[Problem]:
    for index, picture in enumerate(recipe.visualize):
        path = ("visualize", index, picture.kind)
        if picture.maximize and picture.maximize.layer is None:
            hint = "name a layer, whose filters are maximized: `maximize: {layer: …}`"
            yield Problem("`targets: input` has no classes that could be maximized", hint, path=path)
        if picture.grad_cam:
            message = "heat maps explain a class or a number, and `targets: input` has neither"
            yield Problem(message, "leave it out: the sheets of a run show the error at each place", path=path)
        looked_at = picture.feature_maps
        if looked_at and looked_at.samples in _BY_CLASS:
            hint = "a number takes so many examples; most_wrong those of the largest errors"
            message = f"{looked_at.samples} chooses by class, and `targets: input` has none"
            yield Problem(message, hint, path=(*path, "samples"))


@RULES.warning
def _augmentation_that_cannot_be_undone(recipe: Recipe) -> Iterator[Problem]:
    for index, layer in enumerate(recipe.data.augment):
        if layer.name in _LOSE_PLACES:
            message = (
                f"the network is to undo {layer.name}: with `targets: input` the target is the input before `augment`"
            )
            hint = "leave it out; noise, erased patches and changed colours can be undone"
            yield Problem(message, hint, path=("data", "augment", index))
