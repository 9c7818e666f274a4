"""Rules for the section `data` of a recipe: its input, its classes, its name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from cnncli.errors import Problem, RecipeError
from cnncli.names import check_name
from cnncli.recipe.known_data import BUILTIN_CLASSES, BUILTIN_SHAPES
from cnncli.recipe.rules import GENERAL
from cnncli.recipe.schema import Recipe


@GENERAL.error_without_network
def _classes_of_a_builtin(recipe: Recipe) -> Iterator[Problem]:
    builtin, classes = recipe.data.source.builtin, recipe.data.classes
    if builtin and classes is not None and classes != BUILTIN_CLASSES[builtin]:
        message = f"`classes` is {classes}, and {builtin} has {BUILTIN_CLASSES[builtin]}"
        yield Problem(message, "leave it out: it follows from the data", path=("data", "classes"))


@GENERAL.error
def _class_weight_and_outputs(recipe: Recipe) -> Iterator[Problem]:
    if recipe.data.class_weight is not None and len(recipe.model.outputs) > 1:
        message = "`class_weight` works with one output; Keras refuses it with several"
        yield Problem(message, path=("data", "class_weight"))


@GENERAL.error_without_network
def _name_of_a_folder(recipe: Recipe) -> Iterator[Problem]:
    """The recipe's name becomes a folder; on Windows some names are those of devices."""
    try:
        check_name(recipe.name, "recipe")
    except RecipeError as error:
        yield from (replace(problem, path=("name",)) for problem in error.problems)


@GENERAL.error
def _input_and_builtin(recipe: Recipe) -> Iterator[Problem]:
    builtin, shape = recipe.data.source.builtin, recipe.model.input
    if builtin and shape is not None and tuple(shape) != BUILTIN_SHAPES[builtin]:
        own = list(BUILTIN_SHAPES[builtin])
        message = f"`input` is {list(shape)}, and an image of {builtin} is {own}"
        yield Problem(message, f"leave `input` out, or write {own}", path=("model", "input"))


@GENERAL.error
def _input_and_image_size(recipe: Recipe) -> Iterator[Problem]:
    folder, shape = recipe.data.source.image_folder, recipe.model.input
    if folder is None or shape is None:
        return
    channels = {"rgb": 3, "grayscale": 1, None: None}[folder.color]
    if len(shape) != 3 or shape[2] not in (1, 3):
        hint = "[height, width, 3] for colour, [height, width, 1] for gray"
        yield Problem(f"`input`: images have three numbers, got {list(shape)}", hint, path=("model", "input"))
    elif folder.image_size and folder.image_size != shape[:2]:
        message = f"`input` is {list(shape)}, and `image_size` is {folder.image_size}"
        yield Problem(message, "leave one of them out, or make them equal", path=("model", "input"))
    elif channels and channels != shape[2]:
        yield Problem(
            f"`input` has {shape[2]} channels, and `color: {folder.color}` gives {channels}", path=("model", "input")
        )


@GENERAL.error
def _image_size_known(recipe: Recipe) -> Iterator[Problem]:
    folder = recipe.data.source.image_folder
    if folder and folder.image_size is None and recipe.model.input is None:
        yield Problem(
            "`image_size` is missing",
            "`image_size: [224, 224]`, or `model.input: [224, 224, 3]`",
            path=("data", "source", "image_folder"),
        )


@GENERAL.warning
def _rescaling_before_application(recipe: Recipe) -> Iterator[Problem]:
    if recipe.model.layers[0].kind != "applications":
        return
    for index, layer in enumerate(recipe.data.prepare):
        if layer.name in ("Rescaling", "Normalization"):
            yield Problem(
                f"{recipe.model.layers[0].name} brings its own preprocessing; with {layer.name} it is done twice",
                "leave it out",
                path=("data", "prepare", index),
            )


_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


@GENERAL.error_without_network
def _escapes_in_a_path(recipe: Recipe) -> Iterator[Problem]:
    """`"C:\\new\\test"` in double quotes has a line feed and a tab."""
    source = recipe.data.source
    for name, own in (("image_folder", source.image_folder), ("npz", source.npz), ("idx", source.idx)):
        if own is not None and (found := _CONTROL.search(own.path)):
            escape = found[0].encode("unicode_escape").decode()
            message = f"the path holds a control character, `{escape}`: in double quotes a backslash starts an escape sequence"
            yield Problem(message, "use single quotes, or `/` in the path", path=("data", "source", name, "path"))
