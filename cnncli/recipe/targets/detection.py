"""Rules and defaults of recipes with `targets: boxes` (object detection)."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Sequence
from typing import Any

from cnncli.errors import Problem
from cnncli.messages import listed
from cnncli.recipe.keras_objects.objects import KerasObject
from cnncli.recipe.layers import output_activation
from cnncli.recipe.named_inputs import inputs_of
from cnncli.recipe.outputs import Output, loss_class, outputs_of
from cnncli.recipe.rules import Rules
from cnncli.recipe.schema import Recipe

RULES = Rules()
NO_CLASSES = ""
STRATIFY = False
METRICS: tuple[Any, ...] = ()
SCORES = ("map50_95", "map50", "map75", "f1", "precision", "recall")
NETWORK = "detector"
IN_PYTHON = False  # boxes are encoded and decoded by cnncli
HEAD = ""  # two maps, which the network ends with
TRAINING: tuple[str, ...] = (
    "loss: {centres: BinaryFocalCrossentropy, sides: {Huber: {delta: 0.1}}}",
    "loss_weights: {sides: 4}                # in cells, and small ones matter",
)

CENTRES, SIDES = "centres", "sides"
PACKAGE = "faster_coco_eval"
_ACTIVATIONS = {CENTRES: ("sigmoid",), SIDES: ("softplus", "relu", "exponential")}
_LOSSES = {
    CENTRES: ("BinaryFocalCrossentropy", "BinaryCrossentropy"),
    SIDES: ("Huber", "MeanAbsoluteError", "MeanSquaredError"),
}
_HEADS = (
    "- Conv2D: {name: centres, filters: $classes, kernel_size: 1, activation: sigmoid, from: neck}\n"
    "- Conv2D: {name: sides, filters: 4, kernel_size: 1, activation: softplus, from: neck}"
)
# Layers that move boxes with the image: in tests the moved box and the moved object overlap by 0.9 or more on average.
MOVING = ("RandomFlip", "RandomTranslation", "RandomZoom", "RandomRotation", "RandomPerspective")
# Layers that leave every object where it is.
STILL = (
    *(
        "RandomBrightness",
        "RandomContrast",
        "RandomHue",
        "RandomSaturation",
        "RandomColorJitter",
        "RandomColorDegeneration",
    ),
    *(
        "RandomGrayscale",
        "RandomInvert",
        "RandomPosterization",
        "RandomSharpness",
        "RandomGaussianBlur",
        "RandomErasing",
    ),
    *(
        "Solarization",
        "AutoContrast",
        "Equalization",
        "CLAHE",
        "GaussianNoise",
        "GaussianDropout",
        "Dropout",
        "Rescaling",
    ),
)
_WRONG = {
    "RandomCrop": "Keras moves the boxes in the wrong direction",
    "CenterCrop": "it fails in a graph of Keras",
    "RandomShear": "Keras moves the boxes to the wrong place",
}


def default_loss(layers: Sequence[KerasObject]) -> KerasObject | None:
    """The focal crossentropy after a sigmoid, the Huber loss after what gives lengths."""
    activation = output_activation(layers) if layers else None
    if activation == "sigmoid":
        return KerasObject("losses", "binary_focal_crossentropy")
    return KerasObject("losses", "huber") if activation in _ACTIVATIONS[SIDES] else None


@RULES.error_without_network
def _source_of_boxes(recipe: Recipe) -> Iterator[Problem]:
    source = recipe.data.source.settings
    if not source.brings("boxes"):
        hint = "boxes come with `source: {yolo: {path: data.yaml}}`, or with `coco`, `voc` and `scenes-sample`"
        yield Problem(f"{source.described} has no boxes, and `targets` are boxes", hint, path=("data", "source"))


@RULES.error_without_network
def _scores_package(recipe: Recipe) -> Iterator[Problem]:
    if importlib.util.find_spec(PACKAGE) is None:
        message = "`targets: boxes` is scored by faster-coco-eval, which is not installed"
        yield Problem(message, 'pip install "cnncli[detection]"', path=("data", "targets"))


@RULES.error_without_network
def _keys_of_classes(recipe: Recipe) -> Iterator[Problem]:
    data = recipe.data
    for key, why in (
        ("class_weight", "weights examples by their only class"),
        ("balance", "draws classes equally often"),
        ("per_class", "counts examples of each class"),
    ):
        if getattr(data, key) is not None:
            message = f"`{key}` {why}, and an image of `targets: boxes` has any number of objects"
            yield Problem(message, "leave it out", path=("data", key))
    if data.split.stratify:
        message = (
            "`stratify` needs one class for each example, and an image of `targets: boxes` has any number of objects"
        )
        yield Problem(message, "leave it out, or write `stratify: false`", path=("data", "split", "stratify"))


@RULES.error_without_network
def _one_image(recipe: Recipe) -> Iterator[Problem]:
    if recipe.data.inputs and len(recipe.data.inputs) > 1:
        message = "boxes lie in one image, and `inputs` names several"
        yield Problem(message, "leave `inputs` out", path=("data", "inputs"))


@RULES.error
def _two_maps(recipe: Recipe) -> Iterator[Problem]:
    names = list(recipe.model.outputs)
    if sorted(names) == sorted((CENTRES, SIDES)):
        return
    hint = f"end with\n{_HEADS}\nand `outputs: [centres, sides]` in `model`"
    if not names:
        yield Problem("`outputs` is missing: `targets: boxes` needs two maps, centres and sides", hint, path=("model",))
    else:
        message = f"`targets: boxes` needs the outputs centres and sides, and `outputs` are {listed(names)}"
        yield Problem(message, hint, path=("model", "outputs"))


def _maps(recipe: Recipe) -> list[Output]:
    """The outputs, where they are the two that are needed."""
    outputs = outputs_of(recipe)
    known = {output.name for output in outputs} == {CENTRES, SIDES}
    return [output for output in outputs if output.index >= 0] if known else []


@RULES.error
def _loss_and_activation(recipe: Recipe) -> Iterator[Problem]:
    for output in _maps(recipe):
        layers = output.layers(recipe)
        activation, path = output_activation(layers), ("model", "layers", output.index, layers[-1].name)
        what = "centres are probabilities" if output.name == CENTRES else "sides are lengths, which are never below 0"
        if activation is not None and activation not in _ACTIVATIONS[output.name]:
            hint = f"use `activation: {_ACTIVATIONS[output.name][0]}`"
            yield Problem(f"{what}, and the activation of `{output.name}` is {activation}", hint, path=path)
        elif output.loss is None:
            message = f"`loss` of `{output.name}` is missing in `train`"
            usual = _LOSSES[output.name][0]
            yield Problem(message, f"`loss: {{{output.name}: {usual}, …}}`", path=("train",))
        elif loss_class(output.loss) not in _LOSSES[output.name]:
            message = f"{output.loss.name} does not fit `{output.name}`: {what}"
            yield Problem(message, f"use one of {listed(_LOSSES[output.name])}", path=output.loss_path)
        elif output.loss.args.get("from_logits"):
            message = "scores would take the outputs for probabilities, and with `from_logits: true` they are logits"
            yield Problem(message, "leave it out: the sigmoid is in the network", path=output.loss_path)


@RULES.error
def _filters(recipe: Recipe) -> Iterator[Problem]:
    for output in _maps(recipe):
        layer = recipe.model.layers[output.index]
        filters = layer.args.get("filters")
        if output.name == SIDES and isinstance(filters, int) and filters != 4:
            message = f"`sides` has {filters} filters, and a box has 4 sides"
            yield Problem(message, "use `filters: 4`", path=("model", "layers", output.index, layer.name, "filters"))


@RULES.error_without_network
def _no_metrics(recipe: Recipe) -> Iterator[Problem]:
    for index, metric in enumerate(recipe.train.metrics):
        message = f"{metric.name} compares maps, and no metric of Keras compares boxes"
        hint = "leave `metrics` out: mAP, AP of each class, precision and recall follow after the training"
        yield Problem(message, hint, path=("train", "metrics", index))


@RULES.error_without_network
def _augmentation_that_moves_boxes(recipe: Recipe) -> Iterator[Problem]:
    for own in inputs_of(recipe.data):
        for index, step in enumerate(own.augment):
            name = step.entry.canonical
            if name in MOVING or name in STILL:
                continue
            why = _WRONG.get(name, f"{name} does not move boxes with the image")
            hint = f"use {', '.join(MOVING[:-1])} or {MOVING[-1]}; or layers that change colors alone"
            message = f"{name} cannot augment `targets: boxes`: {why}"
            yield Problem(message, hint, path=(*own.path, "augment", index))


@RULES.error_without_network
def _pictures(recipe: Recipe) -> Iterator[Problem]:
    for index, picture in enumerate(recipe.visualize):
        path = ("visualize", index, picture.kind)
        if picture.grad_cam and picture.grad_cam.class_name == "true":
            message = "an image of `targets: boxes` can have objects of several classes"
            yield Problem(message, "name the class, or use predicted", path=(*path, "class_name"))
        looked_at = picture.grad_cam or picture.feature_maps
        if looked_at and looked_at.samples == "most_confused":
            message = "most_confused compares pairs of classes of examples, and `targets: boxes` has none"
            yield Problem(message, "most_wrong shows the images with the most costly mistakes", path=(*path, "samples"))
