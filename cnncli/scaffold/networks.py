"""Choose a network, preprocessing and training settings that fit what was found, as lines of a recipe."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from cnncli.errors import RecipeError
from cnncli.inputs.image import IMAGE
from cnncli.inputs.numbers import NUMBERS
from cnncli.inputs.signal import SIGNAL
from cnncli.inputs.text import TEXT
from cnncli.inputs.volume import VOLUME
from cnncli.messages import counted
from cnncli.recipe import targets
from cnncli.recipe.write import as_flow
from cnncli.scaffold import autoencoder, detector
from cnncli.scaffold.data_summary import DataSummary
from cnncli.scaffold.u_net import blocks, fitting_side, levels_of, u_net

BACKBONE = "MobileNetV2"  # small, and accurate for its size
_FEW = 5_000  # photos: with fewer a network that has seen others is more accurate than a new one
_BACKBONE_SIDE = 224  # pixels, of the images that applications are usually trained on
_LARGEST_SIDE = 128  # of images for a network that is trained from the beginning
_SMALLEST_MAP = 4  # positions along the shortest axis after the last pooling
_FIRST_FILTERS, _MOST_STAGES = 32, 4
_STEPS = 3_000  # of the whole training, about
_BATCH_OF_MAPS = 8
_OF_MAPS = ("u_net", "detector")
_MOST_WORDS = 20_000
_FEWEST_WORDS, _LONGEST_TEXT = 4, 500
_FLIPPED = ["augment: [RandomFlip: horizontal]   # moves the masks with the images"]
_DIMENSIONS = {SIGNAL: "1D", IMAGE: "2D", VOLUME: "3D"}


@dataclass(frozen=True)
class Choice:
    """What was chosen, as lines of a recipe.

    Attributes:
        why: a sentence on the network, for the head of the recipe.
        source: what the source gets besides what was found: `image_size`; None: what it is without.
        data: lines of the section `data`, after the source.
        layers: lines of `model.layers`, without indentation.
        train: lines of the section `train`.
        blocks: lines of the section `blocks`; empty where the layers use none.
        outputs: the names of the outputs; empty where the last layer is the only one.
    """

    why: str
    source: dict[str, Any]
    data: Sequence[str]
    layers: Sequence[str]
    train: Sequence[str]
    blocks: Sequence[str] = ()
    outputs: Sequence[str] = ()


def choose(found: DataSummary, *, backbone: str | None = None, weights: str | None = None) -> Choice:
    """Choose what fits.

    Args:
        found: what a look at the data found.
        backbone: a Keras application by name, or `none` for a network that is trained from the beginning; None: by the number
            of photos.
        weights: a file of weights for it; None: those of ImageNet.
    """
    if (whole := _WHOLE.get(targets.network_of(found.targets))) is not None:
        return whole(found, backbone)
    wanted = backbone or (BACKBONE if found.are_photos and found.examples < _FEW else "none")
    if wanted != "none":
        return _transfer(found, wanted, weights)
    if found.kind is NUMBERS:
        return _dense(found)
    if found.kind is TEXT:
        return _of_sentences(found)
    return _convolutional(found)


# ---- networks ----------------------------------------------------------------------------------------------------------


def _transfer(found: DataSummary, backbone: str, weights: str | None) -> Choice:
    if found.kind is not IMAGE or not (found.has_image_files or (found.shape[-1] == 3 and found.are_pixels)):
        message = f"{backbone} takes colour images with values from 0 to 255"
        got = f"an example of the data is {'x'.join(map(str, found.shape))}"
        raise RecipeError(message, hint=f"{got}; `--backbone none` trains a network from the beginning")
    arguments = {"name": "backbone", "weights": (weights or "imagenet").replace("$", "$$"), "include_top": False}
    copies = ["augment_copies: 4                   # the backbone is computed once for each of 4 augmented passes"]
    return Choice(
        why=f"{found.examples:,} photos are few: the backbone {backbone} brings what it learned from ImageNet.",
        source={"image_size": [_BACKBONE_SIDE, _BACKBONE_SIDE], "color": None} if found.has_image_files else {},
        data=[*_augmented(found), *(copies if _augmented(found) else []), *_balanced(found)],
        layers=[
            "# The preprocessing of the application comes with it, so `data.prepare` stays empty.",
            f"- {backbone}: {as_flow(arguments)}",
            "- GlobalAveragePooling2D",
            "- Dropout: 0.3",
            *_head(found),
        ],
        train=[
            *_settings(found, epochs=15),
            "freeze: [backbone]                 # to fine-tune it, add a phase: `cnncli recipes show vgg16-transfer`",
            "optimizer: {Adam: {learning_rate: 1e-3}}",
            *targets.of(found.targets).TRAINING,
            *_early_stopping(),
        ],
    )


def _convolutional(found: DataSummary) -> Choice:
    suffix = _DIMENSIONS[found.kind]
    *sides, _ = size = _size(found)
    stages = max(1, min(_MOST_STAGES, int(math.log2(max(1, min(sides)) / _SMALLEST_MAP)) if min(sides) >= 8 else 1))
    filters = [_FIRST_FILTERS * 2**stage for stage in range(stages)]
    pooling = [f"      - MaxPooling{suffix}: 2"] if min(sides) >= 4 else []
    return Choice(
        why=f"The network is small, {counted(stages, 'convolution')}, and is trained from the beginning.",
        source={"image_size": list(size[:2])} if found.has_image_files else {},
        data=[*_prepared(found), *_augmented(found), *_balanced(found)],
        layers=[
            "- repeat:",
            f"    over: {{filters: {filters}}}",
            "    layers:",
            f"      - Conv{suffix}: {{filters: $filters, kernel_size: {5 if found.kind is SIGNAL else 3}, "
            "padding: same, use_bias: false}",
            "      - BatchNormalization: {momentum: 0.9}  # follows after few steps, as there are on little data",
            "      - ReLU",
            *pooling,
            f"- GlobalAveragePooling{suffix}",
            "- Dropout: 0.3",
            *_head(found),
        ],
        train=_plain_training(found),
    )


def _segmenting(found: DataSummary, backbone: str | None) -> Choice:
    if backbone not in (None, "none"):
        raise RecipeError(f"init writes no segmentation network with the backbone {backbone}", hint="--backbone none")
    *sides, _ = found.shape
    if found.has_image_files:
        sides = [fitting_side(side, _LARGEST_SIDE) for side in sides]
        if not found.has_one_size:
            sides = [min(sides)] * len(sides)
    halved = counted(levels_of(sides), "time")
    return Choice(
        why=f"The network is a small U-Net (Ronneberger, Fischer and Brox, 2015) that halves its maps {halved}.",
        source={"image_size": sides} if found.has_image_files else {},
        data=[*_prepared(found), *(_FLIPPED if found.kind is IMAGE else [])],
        layers=[*u_net(sides, _DIMENSIONS[found.kind]), *_head(found)],
        train=[
            *_settings(found, epochs=max(5, min(60, round(_STEPS * _BATCH_OF_MAPS / max(1, found.examples))))),
            "optimizer: {Adam: {learning_rate: 1e-3}}",
            *targets.of(found.targets).TRAINING,
            *_early_stopping(),
        ],
        blocks=blocks(_DIMENSIONS[found.kind]),
    )


def _detecting(found: DataSummary, backbone: str | None) -> Choice:
    if backbone not in (None, "none"):
        hint = "--backbone none, or start from `cnncli recipes copy detect-transfer`"
        raise RecipeError(f"init writes no detector with the backbone {backbone}", hint=hint)
    side = detector.fitting_side(*found.shape[:2])
    epochs = max(10, min(60, round(_STEPS * _BATCH_OF_MAPS / max(1, found.examples))))
    schedule = f"warmup_target: 3e-3, warmup_steps: 1 epochs, decay_steps: {epochs - 1} epochs"
    return Choice(
        why="The network is a single-stage detector, trained from the beginning; the recipe detect-transfer has a backbone.",
        source={"image_size": [side, side]} if found.has_image_files else {},
        data=[
            *_prepared(found, _resizing(found, [side, side])),
            "augment: [RandomFlip: horizontal]   # moves the boxes with the images",
        ],
        layers=detector.detector(side),
        outputs=["centres", "sides"],
        train=[
            *_settings(found, epochs=epochs),
            "optimizer:",
            f"  Adam: {{learning_rate: {{CosineDecay: {{initial_learning_rate: 1e-4, {schedule}}}}}}}",
            *targets.of(found.targets).TRAINING,
        ],
        blocks=detector.blocks(),
    )


def _reconstructing(found: DataSummary, backbone: str | None) -> Choice:
    if backbone not in (None, "none"):
        raise RecipeError(f"init writes no autoencoder with the backbone {backbone}", hint="--backbone none")
    *sides, last = _size(found)
    activation = "sigmoid" if found.are_pixels else ""
    why = (
        "An autoencoder: it gives back what it gets through a narrow layer, so that unusual examples have large errors."
    )
    sides = autoencoder.fitting_sides(sides) if found.kind is IMAGE else sides
    if found.kind is NUMBERS:
        layers = autoencoder.dense(last)
    else:
        layers = autoencoder.convolutional(sides, last, _DIMENSIONS[found.kind], activation)
    return Choice(
        why=why,
        source={"image_size": sides} if found.has_image_files else {},
        data=_prepared(found, _resizing(found, sides)),
        layers=layers,
        train=_plain_training(found),
    )


# Networks that are no classifiers, by what `targets.network_of` calls them.
_WHOLE: dict[str, Callable[[DataSummary, str | None], Choice]] = {
    "u_net": _segmenting,
    "detector": _detecting,
    "autoencoder": _reconstructing,
}


def _dense(found: DataSummary) -> Choice:
    return Choice(
        why="Rows of numbers have no neighbours to convolve over: two hidden layers.",
        source={},
        data=[*_prepared(found), *_balanced(found)],
        layers=[
            "- Dense: {units: 64, activation: relu}",
            "- Dropout: 0.3",
            "- Dense: {units: 32, activation: relu}",
            *_head(found),
        ],
        train=_plain_training(found),
    )


def _of_sentences(found: DataSummary) -> Choice:
    dimensions = 50 if found.examples < _FEW else 100
    length = max(_FEWEST_WORDS, min(_LONGEST_TEXT, found.length))
    cut = "  # longer texts are cut" if found.length > length else ""
    return Choice(
        why="Filters of 3, 4 and 5 words, each with its maximum over the sentence (Kim, 2014).",
        source={},
        data=[
            "prepare:                           # the words are learned on the training split",
            f"  - TextVectorization: {{max_tokens: {_MOST_WORDS}, output_sequence_length: {length}}}{cut}",
            *_balanced(found),
        ],
        layers=[
            f"- Embedding: {{input_dim: {_MOST_WORDS}, output_dim: {dimensions}}}",
            "- branches:",
            "    merge: Concatenate",
            "    over: {words: [3, 4, 5]}",
            "    path:",
            "      - Conv1D: {filters: 100, kernel_size: $words, padding: same, activation: relu}",
            "      - GlobalMaxPooling1D",
            "- Dropout: 0.5",
            *_head(found),
        ],
        train=_plain_training(found),
    )


def _head(found: DataSummary) -> list[str]:
    suffix = _DIMENSIONS.get(found.kind, "2D")
    head = targets.of(found.targets).HEAD.replace("{outputs}", str(found.outputs)).replace("2D", suffix).splitlines()
    head = [f"- {head[0]}", *head[1:]]
    if found.target_scale is None:
        return head
    scale, offset = found.target_scale
    # Without it the outputs begin near 0, and small steps take thousands of epochs to come near the numbers.
    return [
        *head,
        f"- Rescaling: {{scale: {scale:.10g}, offset: {offset:.10g}}}  # standard deviation and mean of the numbers",
    ]


# ---- data --------------------------------------------------------------------------------------------------------------


def _size(found: DataSummary) -> tuple[int, ...]:
    """(height, width, channels) that images of files become; of others their own shape."""
    if not found.has_image_files:
        return found.shape
    *sides, channels = found.shape
    if found.has_one_size and max(sides) <= _LARGEST_SIDE:
        return found.shape
    side = max(32, min(_LARGEST_SIDE, 16 * (min(sides) // 16)))
    return (side, side, channels)


def _resizing(found: DataSummary, sides: Sequence[int]) -> list[str]:
    """The layer that gives images of arrays these sides; files are read with them."""
    if found.kind is not IMAGE or found.has_image_files or list(found.shape[:2]) == list(sides):
        return []
    return [f"Resizing: {{height: {sides[0]}, width: {sides[1]}}}"]


def _prepared(found: DataSummary, first: Sequence[str] = ()) -> list[str]:
    """The section `prepare`.

    Args:
        first: layers before those that scale the values.
    """
    if found.are_pixels:
        return [f"prepare: [{', '.join([*first, 'Rescaling: {scale: $(1 / 255)}'])}]"]
    if found.is_scaled:
        return [f"prepare: [{', '.join(first)}]"] if first else []
    learned = "# mean and variance are learned on the training split"
    return [f"prepare: [{', '.join([*first, 'Normalization'])}]".ljust(35) + learned]


def _augmented(found: DataSummary) -> list[str]:
    if found.are_photos:
        return [
            "augment:                           # random, in training only",
            "  - RandomFlip: horizontal         # remove it if left and right differ in meaning",
            "  - RandomRotation: 0.05           # of a full turn",
        ]
    if found.kind is IMAGE and found.are_pixels:
        return ["augment: [RandomTranslation: {height_factor: 0.05, width_factor: 0.05}]"]
    return []


def _balanced(found: DataSummary) -> list[str]:
    if not found.is_imbalanced:
        return []
    largest, smallest = max(found.classes.values()), min(found.classes.values())
    return [
        f"class_weight: balanced             # the largest class has {largest:,} examples, the smallest {smallest:,}"
    ]


# ---- training ----------------------------------------------------------------------------------------------------------


def _plain_training(found: DataSummary) -> list[str]:
    batch_size = _batch_size(found)
    epochs = round(_STEPS * batch_size / max(1, found.examples))
    return [
        *_settings(found, epochs=max(5, min(40, epochs))),
        "optimizer: {Adam: {learning_rate: 1e-3}}",
        *targets.of(found.targets).TRAINING,
        *_early_stopping(),
    ]


def _batch_size(found: DataSummary) -> int:
    if targets.network_of(found.targets) in _OF_MAPS or found.kind is VOLUME:
        return _BATCH_OF_MAPS
    return 32 if found.examples < 10_000 else 64 if found.examples < 50_000 else 128


def _settings(found: DataSummary, *, epochs: int) -> list[str]:
    return ["seed: 42", f"epochs: {epochs}", f"batch_size: {_batch_size(found)}"]


def _early_stopping() -> list[str]:
    return [
        "callbacks:",
        "  - EarlyStopping: {monitor: val_loss, patience: 5, restore_best_weights: true}",
    ]
