"""Rules and defaults of recipes with `targets: masks` (semantic segmentation)."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Sequence
from typing import Any

from cnncli.errors import Problem
from cnncli.messages import listed
from cnncli.recipe.deferred import Unknown
from cnncli.recipe.keras_objects.objects import KerasObject
from cnncli.recipe.known_data import declared_classes
from cnncli.recipe.layers import output_activation, snake_case
from cnncli.recipe.outputs import Output, loss_class, outputs_of
from cnncli.recipe.rules import Rules
from cnncli.recipe.schema import Recipe
from cnncli.recipe.sources.boxes import OUTLINES_PACKAGE, Coco
from cnncli.recipe.sources.mask_folder import MaskFolder

RULES = Rules()
NO_CLASSES = ""
STRATIFY = False
METRICS = None  # they depend on the loss: `default_metrics`
NETWORK = "u_net"
SCORES = ("mean_dice", "pixel_accuracy", "boundary_error")
WINDOWS = True
HEAD = "Conv2D: {filters: $classes, kernel_size: 1, activation: softmax}"
TRAINING = ("loss: sparse_categorical_crossentropy   # metrics: mean IoU follows from the targets",)

# Layers of `augment` that move pixels, and the masks with them: measured by tests/tasks/test_mask_augmentation.py.
MOVING = {"RandomFlip", "RandomRotation", "RandomTranslation", "RandomZoom", "RandomShear"}
# Layers of `augment` that change values and leave every pixel where it is.
IN_PLACE = {
    *("RandomBrightness", "RandomContrast", "RandomColorDegeneration", "RandomColorJitter", "RandomGrayscale"),
    *("RandomHue", "RandomPosterization", "RandomSaturation", "RandomSharpness", "RandomInvert", "RandomGaussianBlur"),
    *("AutoContrast", "Equalization", "Solarization", "GaussianNoise", "GaussianDropout", "Dropout", "Rescaling"),
}

# Losses, by the form in which they take masks.
SPARSE = {"SparseCategoricalCrossentropy"}
ONE_HOT = {"CategoricalCrossentropy", "CategoricalFocalCrossentropy", "Dice", "Tversky"}
BINARY = {"BinaryCrossentropy", "BinaryFocalCrossentropy", "Dice", "Tversky"}
OVERLAP = {"Dice", "Tversky"}  # of all pixels together: no pixel has a weight of its own
_CONVOLUTIONS = ("Conv2D", "Conv3D", "Conv2DTranspose", "Conv3DTranspose", "SeparableConv2D")
_SAME_SIZE = ("Activation", "Softmax", "Rescaling", "Identity")
_PROBABILITIES = {"softmax", "sigmoid", "hard_sigmoid", "sparsemax"}
_OF_ROWS = ("top_k", "auc", "precision", "recall", "f1", "fbeta", "f_beta")  # in the names of metrics


def output_channels(layers: Sequence[KerasObject]) -> int | None:
    """The filters of the last convolution when nothing but an activation follows it; may be `Unknown`."""
    for layer in reversed(layers):
        if layer.entry.canonical in _CONVOLUTIONS:
            filters = layer.args.get("filters")
            return filters if isinstance(filters, int) else None
        if layer.entry.canonical not in _SAME_SIZE:
            return None
    return None


def default_loss(layers: Sequence[KerasObject]) -> KerasObject | None:
    """The crossentropy that fits the last of these layers."""
    activation = output_activation(layers) if layers else None
    if activation == "sigmoid" and output_channels(layers) in (1, None):
        return KerasObject("losses", "binary_crossentropy")
    return KerasObject("losses", "sparse_categorical_crossentropy") if activation == "softmax" else None


def default_metrics(recipe: Recipe) -> list[KerasObject]:
    """The mean IoU, in the form in which the loss takes masks; none where the number of classes cannot be told.

    Of the classes that occur, over all pixels of all images, as Keras' MeanIoU computes it.
    """
    main = outputs_of(recipe)[0]
    layers = main.layers(recipe) if main.index >= 0 else []
    channels = output_channels(layers)
    if main.loss is None or channels is None:
        return []
    if channels == 1 and not isinstance(channels, Unknown):
        threshold = 0.0 if main.loss.args.get("from_logits") else 0.5
        args: dict[str, Any] = {"target_class_ids": [0, 1], "threshold": threshold, "name": "mean_iou"}
        return [KerasObject("metrics", "BinaryIoU", args)]
    kind = "MeanIoU" if loss_class(main.loss) in SPARSE else "OneHotMeanIoU"
    return [KerasObject("metrics", kind, {"num_classes": channels, "sparse_y_pred": False, "name": "mean_iou"})]


@RULES.error_without_network
def _source_of_masks(recipe: Recipe) -> Iterator[Problem]:
    source = recipe.data.source.settings
    if not source.brings("masks"):
        hint = (
            "masks come in folders, `source: {mask_folder: {images: photos, masks: masks, image_size: [128, 128]}}`, "
        )
        hint += "or in arrays: `source: {npz: {path: scans.npz}}`, where y has the shape (count, height, width)"
        message = f"{source.described} has no masks, and `targets: masks` need a class for each pixel"
        yield Problem(message, hint, path=("data", "source"))


@RULES.error_without_network
def _outlines_package(recipe: Recipe) -> Iterator[Problem]:
    if isinstance(recipe.data.source.settings, Coco) and importlib.util.find_spec(OUTLINES_PACKAGE) is None:
        message = "the outlines of COCO are read by faster-coco-eval, which is not installed"
        yield Problem(message, 'pip install "cnncli[detection]"', path=("data", "source", "coco"))


@RULES.error_without_network
def _folders_of_masks(recipe: Recipe) -> Iterator[Problem]:
    source = recipe.data.source.settings
    if not isinstance(source, MaskFolder):
        return
    path, given = ("data", "source", "mask_folder"), source.paths()
    for part in ("validation", "test"):
        images, masks = f"{part}_images", f"{part}_masks"
        if (images in given) != (masks in given):
            here, missing = (images, masks) if images in given else (masks, images)
            yield Problem(f"`{here}` needs `{missing}`", f"add `{missing}: …`, or leave both out", path=(*path, here))
    values = source.class_values()
    are_colors = values is not None and any(isinstance(each, list) for each in values.values())
    if source.ignore is not None and isinstance(source.ignore, list) != are_colors:
        own, wanted = ("a number", "colors") if are_colors else ("a color", "numbers")
        yield Problem(f"`ignore` is {own}, and classes are {wanted}", path=(*path, "ignore"))
    elif values is not None and source.ignore is not None and source.ignore in values.values():
        name = next(name for name, each in values.items() if each == source.ignore)
        yield Problem(f"`ignore` is {source.ignore}, and so is the class `{name}`", path=(*path, "ignore"))


@RULES.error_without_network
def _keys_of_one_class(recipe: Recipe) -> Iterator[Problem]:
    data = recipe.data
    for key in ("balance", "per_class"):
        if getattr(data, key) is not None:
            message = f"`{key}` needs one class for each example, and a mask has one for each pixel"
            yield Problem(message, "leave it out; `class_weight` weighs pixels", path=("data", key))
    if data.split.stratify:
        message = "`stratify` needs one class for each example, and a mask has one for each pixel"
        yield Problem(message, "leave it out, or write `stratify: false`", path=("data", "split", "stratify"))
    if data.inputs is not None:
        message = "`targets: masks` need one input, whose pixels the masks describe"
        yield Problem(message, "leave `inputs` out", path=("data", "inputs"))


@RULES.error_without_network
def _augmentation_of_masks(recipe: Recipe) -> Iterator[Problem]:
    """Only layers that move the mask as they move the image, or move nothing."""
    for index, layer in enumerate(recipe.data.augment):
        path = ("data", "augment", index, layer.name)
        kind = layer.entry.canonical
        if kind not in MOVING | IN_PLACE:
            hint = f"layers that do: {listed(sorted(MOVING), 9)}; layers that only change values are allowed too"
            yield Problem(f"{layer.name} cannot move masks with the images", hint, path=path)
        elif kind in MOVING and layer.args.get("fill_mode") == "constant" and layer.args.get("fill_value"):
            message = f"{layer.name} writes `fill_value` into the masks too"
            hint = "leave `fill_value` out: with 0, what comes from outside the image does not count in the loss"
            yield Problem(message, hint, path=(*path, "fill_value"))


@RULES.error
def _loss_and_last_layer(recipe: Recipe) -> Iterator[Problem]:
    for output in outputs_of(recipe):
        if output.index >= 0:
            yield from _loss_and_layer(recipe, output)


def _loss_and_layer(recipe: Recipe, output: Output) -> Iterator[Problem]:
    layers, loss = output.layers(recipe), output.loss
    activation, channels = output_activation(layers), output_channels(layers)
    if loss is None:
        if activation is not None:
            message = f"`loss` is missing in `train`: none follows from an activation that is {activation}"
            hint = (
                "end with `Conv2D: {filters: $classes, kernel_size: 1, activation: softmax}`; the loss follows from it"
            )
            yield Problem(message, hint, path=("train",))
        return
    kind, is_one = loss_class(loss), channels == 1 and not isinstance(channels, Unknown)
    if kind not in SPARSE | ONE_HOT | BINARY:
        hint = "sparse_categorical_crossentropy, Dice, Tversky, CategoricalFocalCrossentropy; "
        hint += "for one channel binary_crossentropy or BinaryFocalCrossentropy"
        yield Problem(f"{loss.name} is no loss for masks", hint, path=output.loss_path)
        return
    if channels is not None and is_one and kind not in BINARY:
        hint = "use `filters: $classes` and softmax, or binary_crossentropy for two classes"
        yield Problem(f"{loss.name} needs a channel for every class, and the last layer has 1", hint, path=output.path)
    elif channels is not None and not is_one and kind in BINARY - OVERLAP:
        hint = "use sparse_categorical_crossentropy after softmax, or `filters: 1` for two classes"
        message = f"{loss.name} scores one channel for two classes, and the last layer has {channels}"
        yield Problem(message, hint, path=output.loss_path)
    if activation is None:
        return
    wanted = "sigmoid" if is_one else "softmax"
    from_logits = bool(loss.args.get("from_logits"))
    if not from_logits and activation not in _PROBABILITIES:
        hint = f"add `activation: {wanted}`" + (
            "" if kind in OVERLAP else f", or `loss: {{{kind}: {{from_logits: true}}}}`"
        )
        message = f"{loss.name} needs probabilities, and the last layer's activation is {activation}"
        yield Problem(message, hint, path=output.path)
    elif from_logits and activation in _PROBABILITIES:
        message = f"`from_logits: true` needs a last layer without activation, not {activation}"
        yield Problem(message, "leave out `from_logits`", path=output.loss_path)
    elif not is_one and channels is not None and not from_logits and activation != "softmax":
        message = f"each pixel has one class, and {activation} lets several win"
        yield Problem(message, "use `activation: softmax`", path=output.path)
    elif is_one and activation == "softmax":
        yield Problem(
            "softmax of one channel is always 1, so that nothing is learned",
            "use `activation: sigmoid` for two classes, or `filters: $classes`",
            path=output.path,
        )


@RULES.error
def _channels_and_classes(recipe: Recipe) -> Iterator[Problem]:
    classes = declared_classes(recipe)
    for output in outputs_of(recipe):
        channels = output_channels(output.layers(recipe)) if output.index >= 0 else None
        if not classes or channels is None or isinstance(channels, Unknown) or (channels == 1 and classes == 2):
            continue
        if channels != classes:
            message = f"the masks have {classes} classes, and the last layer has {channels} filters"
            yield Problem(message, "use `filters: $classes`", path=output.path)


@RULES.error_without_network
def _class_weight_of_overlap(recipe: Recipe) -> Iterator[Problem]:
    for output in outputs_of(recipe):
        if recipe.data.class_weight is not None and output.loss and loss_class(output.loss) in OVERLAP:
            message = f"{output.loss.name} is computed of all pixels together: `class_weight` cannot weigh them"
            yield Problem(message, "leave it out: it already counts each class the same", path=("data", "class_weight"))


@RULES.warning
def _ignored_pixels_of_overlap(recipe: Recipe) -> Iterator[Problem]:
    if getattr(recipe.data.source.settings, "ignore", None) is None:
        return
    for output in outputs_of(recipe):
        if output.loss and loss_class(output.loss) in OVERLAP:
            message = f"{output.loss.name} cannot leave ignored pixels out: there every predicted class counts as wrong"
            yield Problem(message, "a crossentropy leaves them out; scores do in any case", path=output.loss_path)


@RULES.error_without_network
def _metrics_of_rows(recipe: Recipe) -> Iterator[Problem]:
    for index, metric in enumerate(recipe.train.metrics):
        name = snake_case(metric.entry.canonical)
        if any(word in name for word in _OF_ROWS):
            message = f"{metric.name} expects one row of numbers for each example, and masks are maps"
            hint = "leave `metrics` out, or use MeanIoU, OneHotMeanIoU, BinaryIoU, accuracy; the evaluation has more scores"
            yield Problem(message, hint, path=("train", "metrics", index))
        elif name == "mean_io_u" and metric.args.get("sparse_y_pred", True):
            message = f"{metric.name} takes class numbers, and the network gives a channel for each class"
            hint = "write `sparse_y_pred: false`, or leave `metrics` out"
            yield Problem(message, hint, path=("train", "metrics", index))


@RULES.error_without_network
def _pictures_of_one_class(recipe: Recipe) -> Iterator[Problem]:
    for index, picture in enumerate(recipe.visualize):
        path = ("visualize", index, picture.kind)
        if picture.grad_cam and picture.grad_cam.class_name == "true":
            message = "a mask has several true classes"
            yield Problem(message, "name the class, or use predicted", path=(*path, "class_name"))
        looked_at = picture.grad_cam or picture.feature_maps
        if looked_at and looked_at.samples == "most_confused":
            message = "most_confused compares pairs of examples' classes, and a mask has several classes"
            yield Problem(message, "most_wrong shows the examples with the lowest IoU", path=(*path, "samples"))
