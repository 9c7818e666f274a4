"""Rules for the section `data` of a recipe: its input, its classes, its name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from cnncli.errors import Problem, RecipeError
from cnncli.messages import did_you_mean, listed, shortened
from cnncli.names import check_name
from cnncli.recipe.language.flat_layers import INPUT
from cnncli.recipe.named_inputs import inputs_of
from cnncli.recipe.rules import GENERAL
from cnncli.recipe.schema import Recipe
from cnncli.recipe.schema_fields import INPUT_NAME
from cnncli.recipe.sources import SOURCES
from cnncli.recipe.targets import takes_windows

SOURCES_OF_INPUTS = tuple(word for word, settings in SOURCES.items() if settings.HAS_SEVERAL_INPUTS)


@GENERAL.error_without_network
def _classes_of_a_builtin(recipe: Recipe) -> Iterator[Problem]:
    classes, source = recipe.data.classes, recipe.data.source.settings
    if classes is not None and (own := source.class_count()) not in (None, classes):
        message = f"`classes` is {classes}, and {source.described} has {own}"
        yield Problem(message, "leave it out: it follows from the data", path=("data", "classes"))


@GENERAL.error_without_network
def _name_of_a_folder(recipe: Recipe) -> Iterator[Problem]:
    """The recipe's name becomes a folder; on Windows some names are those of devices."""
    try:
        check_name(recipe.name, "recipe")
    except RecipeError as error:
        yield from (replace(problem, path=("name",)) for problem in error.problems)


@GENERAL.error_without_network
def _names_of_inputs(recipe: Recipe) -> Iterator[Problem]:
    for name in recipe.data.inputs or ():
        path = ("data", "inputs", name)
        if not re.fullmatch(INPUT_NAME, name):
            hint = "a name has letters, digits and _, and begins with a letter"
            yield Problem(f"`{shortened(name)}` cannot name an input", hint, path=path)
        elif name == INPUT or re.match(r"(train|val|test)(_|$)", name):
            hint = "names such as `left`, `scan` or `age` tell inputs apart"
            yield Problem(f"`{name}` cannot name an input: it has another meaning", hint, path=path)


@GENERAL.error_without_network
def _source_of_inputs(recipe: Recipe) -> Iterator[Problem]:
    """Sources that bring one input, and keys that belong to one of several inputs."""
    data = recipe.data
    if data.inputs is None:
        return
    if not data.source.settings.HAS_SEVERAL_INPUTS:
        message = f"`inputs`: the source `{data.source.builtin or data.source.word}` has one input"
        hint = f"sources of several inputs: {', '.join(SOURCES_OF_INPUTS)}; leave `inputs` out for one input"
        yield Problem(message, hint, path=("data", "inputs"))
    for key in ("prepare", "augment"):
        if getattr(data, key):
            name = next(iter(data.inputs))
            hint = f"write it at the input that it is for: `inputs: {{{name}: {{{key}: […]}}}}`"
            yield Problem(f"`{key}` stands beside `inputs`", hint, path=("data", key))


@GENERAL.error_without_network
def _length_of_one_input(recipe: Recipe) -> Iterator[Problem]:
    """`length` of an archive does not say which of several inputs it means."""
    source = recipe.data.source
    if source.npz is not None and source.npz.length is not None and recipe.data.inputs is not None:
        name = next(iter(recipe.data.inputs))
        hint = f"write it at the input that it is for: `inputs: {{{name}: {{length: {source.npz.length}}}}}`"
        yield Problem("`length` stands beside `inputs`", hint, path=("data", "source", "npz", "length"))


@GENERAL.error_without_network
def _shapes_of_inputs(recipe: Recipe) -> Iterator[Problem]:
    """`model.input` is one shape, or has those of `data.inputs`."""
    shapes, inputs = recipe.model.input, recipe.data.inputs
    path = ("model", "input")
    if shapes is None or (isinstance(shapes, list) and inputs is None):
        return
    if isinstance(shapes, list):
        example = ", ".join(f"{name}: […]" for name in inputs or ())
        yield Problem("`input` is one shape, and `data.inputs` has names", f"`input: {{{example}}}`", path=path)
    elif inputs is None:
        hint = "`data.inputs` names the inputs; without it `input` is one shape"
        yield Problem("`input` has names, and `data` has no `inputs`", hint, path=path)
    else:
        for name in shapes:
            if name not in inputs:
                yield Problem(f"no input is named `{shortened(name)}`", did_you_mean(name, inputs), path=(*path, name))
        if missing := [name for name in inputs if name not in shapes]:
            yield Problem(f"`input` has no shape for {listed(missing)}", path=path)


@GENERAL.error_without_network
def _windows(recipe: Recipe) -> Iterator[Problem]:
    windows, source, path = recipe.data.windows, recipe.data.source.settings, ("data", "windows")
    if windows is None:
        return
    if not takes_windows(recipe.data.targets):
        message = f"`windows` are for masks, and `targets` are {recipe.data.targets}"
        yield Problem(message, "leave it out: what a network gives for windows cannot be joined here", path=path)
        return
    if windows.overlap is not None and windows.overlap >= min(windows.size):
        message = f"`overlap` is {windows.overlap}, and a window has {min(windows.size)} pixels along a side"
        yield Problem(message, "less than a side of `size`", path=(*path, "overlap"))
    shape = recipe.model.input
    if source.image_keys is not None and source.image_keys.image_size is None and shape is not None:
        hint = "`image_size: [height, width]` is the size of the whole images, from which windows are cut"
        yield Problem("`windows` need `image_size`", hint, path=("data", "source", recipe.data.source.word))
    elif (whole := source.example_shape()) is not None and (wrong := windows.fault(whole[:-1])):
        yield Problem(wrong, "`size` is that of a part of an example", path=(*path, "size"))
    if isinstance(shape, list) and shape[:-1] != windows.size:
        message = f"`input` is {shape}, and a window is {windows.size}"
        yield Problem(message, "leave `input` out: it follows `windows`", path=("model", "input"))


@GENERAL.error
def _input_and_source(recipe: Recipe) -> Iterator[Problem]:
    source, shape = recipe.data.source.settings, recipe.model.input
    if (
        source.image_keys is None
        and recipe.data.windows is None
        and isinstance(shape, list)
        and (known := source.example_shape()) not in (None, tuple(shape))
    ):
        own = list(known or ())
        message = f"`input` is {list(shape)}, and an example of {source.described} is {own or 'a text'}"
        yield Problem(message, f"leave `input` out, or write {own}", path=("model", "input"))


@GENERAL.error
def _input_and_image_size(recipe: Recipe) -> Iterator[Problem]:
    images, shape = recipe.data.source.settings.image_keys, recipe.model.input
    if images is None or not isinstance(shape, list):
        return
    channels = {"rgb": 3, "grayscale": 1, None: None}[images.color]
    if len(shape) != 3 or shape[2] not in (1, 3):
        hint = "[height, width, 3] for colour, [height, width, 1] for gray"
        yield Problem(f"`input`: images have three numbers, got {list(shape)}", hint, path=("model", "input"))
    elif images.image_size and recipe.data.windows is None and images.image_size != shape[:2]:
        message = f"`input` is {list(shape)}, and `image_size` is {images.image_size}"
        yield Problem(message, "leave one of them out, or make them equal", path=("model", "input"))
    elif channels and channels != shape[2]:
        yield Problem(
            f"`input` has {shape[2]} channels, and `color: {images.color}` gives {channels}", path=("model", "input")
        )


@GENERAL.error
def _image_size_known(recipe: Recipe) -> Iterator[Problem]:
    source = recipe.data.source
    images = source.settings.image_keys if recipe.data.inputs is None else None
    if images is not None and images.image_size is None and recipe.model.input is None:
        yield Problem(
            "`image_size` is missing",
            "`image_size: [224, 224]`, or `model.input: [224, 224, 3]`",
            path=("data", "source", source.word),
        )


@GENERAL.warning
def _rescaling_before_application(recipe: Recipe) -> Iterator[Problem]:
    if recipe.model.layers[0].kind != "applications":
        return
    first = recipe.model.layers[0]
    for each in inputs_of(recipe.data):
        for index, layer in enumerate(each.prepare if each.name in (INPUT, *first.inputs) else ()):
            if layer.name in ("Rescaling", "Normalization"):
                yield Problem(
                    f"{first.name} brings its own preprocessing; with {layer.name} it is done twice",
                    "leave it out",
                    path=(*each.path, "prepare", index),
                )


_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


@GENERAL.error_without_network
def _escapes_in_a_path(recipe: Recipe) -> Iterator[Problem]:
    """`"C:\\new\\test"` in double quotes has a line feed and a tab."""
    source = recipe.data.source
    for key, path in source.settings.paths().items():
        if found := _CONTROL.search(path):
            escape = found[0].encode("unicode_escape").decode()
            message = f"the path holds a control character, `{escape}`: in double quotes a backslash starts an escape sequence"
            yield Problem(message, "use single quotes, or `/` in the path", path=("data", "source", source.word, key))
