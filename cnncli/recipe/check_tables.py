"""Rules for tables: which columns are the input, the labels, the parts."""

from __future__ import annotations

from collections.abc import Iterator

from cnncli.errors import Problem
from cnncli.messages import listed
from cnncli.recipe import targets
from cnncli.recipe.named_inputs import inputs_of
from cnncli.recipe.rules import GENERAL
from cnncli.recipe.schema import Recipe
from cnncli.recipe.sources.base import ImageKeys
from cnncli.recipe.sources.table import INPUT_COLUMNS, InputColumns, TableSettings
from cnncli.recipe.yaml.nodes import Path

_EXAMPLES = '`image: file_name`, `numbers: "t*"`, `text: sentence` or `volume: scan`'


@GENERAL.error_without_network
def _columns_of_inputs(recipe: Recipe) -> Iterator[Problem]:
    """One key for each input says what it is made of: beside the table's path, or for several in `inputs`."""
    source, inputs = recipe.data.source, recipe.data.inputs
    settings, path = source.settings, ("data", "source", source.word)
    if not isinstance(settings, TableSettings):
        for name, own in (inputs or {}).items():
            for key in [key for key in _keys_of_columns(own) if key not in settings.KEYS_OF_INPUTS]:
                message = f"`{key}` is for an input from a table, and the source is {settings.described}"
                yield Problem(message, "leave it out", path=("data", "inputs", name, key))
        return
    if inputs is None:
        yield from _one_input(settings, path, needs_column=not settings.FINDS_COLUMNS)
        return
    for key in _keys_of_columns(settings):
        name = next(iter(inputs))
        hint = f"write it at the input that it is for: `inputs: {{{name}: {{{key}: …}}}}`"
        yield Problem(f"`{key}` stands beside `inputs`", hint, path=(*path, key))
    for name, own in inputs.items():
        yield from _one_input(own, ("data", "inputs", name), needs_column=not settings.FINDS_COLUMNS)


def _one_input(own: InputColumns, path: Path, *, needs_column: bool) -> Iterator[Problem]:
    given = own.given
    if not given and needs_column:
        yield Problem("no column is named for the input", f"one of {_EXAMPLES}", path=path)
    for key in given[1:]:
        hint = "several inputs have names: `inputs: {scan: {image: …}, note: {text: …}}` in `data`"
        yield Problem(f"`{given[0]}` and `{key}` are two inputs", hint, path=(*path, key))
    if own.shape and own.numbers is None and given:
        hint = "the size of images is `image_size`" if own.image else "leave it out"
        yield Problem("`shape` is for `numbers`", hint, path=(*path, "shape"))
    if own.length is not None and own.numbers is None and given:
        yield Problem("`length` is for signals in `numbers`", "leave it out", path=(*path, "length"))
    elif own.length is not None and not _is_of_a_signal(own.shape):
        hint = "`shape: [187, 2]`, or leave it out for one channel"
        yield Problem("`length` is for signals, whose `shape` is [positions, channels]", hint, path=(*path, "length"))
    if own.folder is not None and given and not (own.image or own.volume):
        yield Problem("`folder` is for `image` and `volume`", "leave it out", path=(*path, "folder"))
    for key in ("image_size", "color", "range"):
        if own.image is None and given and getattr(own, key) is not None:
            yield Problem(f"`{key}` is for `image`", "leave it out", path=(*path, key))


def _is_of_a_signal(shape: list[int] | None) -> bool:
    match shape:
        case None | [_, _]:
            return True
        case _:
            return False


def _keys_of_columns(own: InputColumns) -> list[str]:
    """The keys of one input that differ from what they are when nothing is said."""
    keys = (*INPUT_COLUMNS, "shape", "length", "folder", *ImageKeys.model_fields)
    return [key for key in keys if getattr(own, key) != type(own).model_fields[key].default]


@GENERAL.error_without_network
def _label_is_named(recipe: Recipe) -> Iterator[Problem]:
    source = recipe.data.source
    settings = source.settings
    if recipe.data.targets in targets.WITHOUT_LABELS:
        return
    if isinstance(settings, TableSettings) and settings.label is None and not settings.FINDS_COLUMNS:
        yield Problem(
            "`label` is missing", "the column of the labels: `label: species`", path=("data", "source", source.word)
        )


@GENERAL.error_without_network
def _parts_once(recipe: Recipe) -> Iterator[Problem]:
    """A part comes from a file of its own, or from a column."""
    source = recipe.data.source
    if isinstance(source.settings, TableSettings) and recipe.data.split.column is not None:
        for key in ("validation", "test"):
            if getattr(source.settings, key) is not None:
                message = f"`{key}` names a file, and `split.column` says the part of each row"
                yield Problem(message, "leave one of them out", path=("data", "source", source.word, key))


@GENERAL.error_without_network
def _one_group(recipe: Recipe) -> Iterator[Problem]:
    source = recipe.data.source
    if isinstance(source.settings, TableSettings) and (group := source.settings.group) not in (
        None,
        recipe.data.split.group,
    ):
        message = f"`group` is `{group}`, and `split.group` is `{recipe.data.split.group}`"
        yield Problem(message, "leave one of them out", path=("data", "source", source.word, "group"))


@GENERAL.error
def _sizes_of_images(recipe: Recipe) -> Iterator[Problem]:
    """Each of several inputs of image files has a size."""
    shapes = recipe.model.input
    for each in inputs_of(recipe.data) if recipe.data.inputs else ():
        own = (recipe.data.inputs or {})[each.name]
        shape = shapes.get(each.name) if isinstance(shapes, dict) else None
        if own.image is not None and own.image_size is None and shape is None:
            hint = f"`image_size: [224, 224]`, or `model.input: {{{each.name}: [224, 224, 3]}}`"
            yield Problem("`image_size` is missing", hint, path=each.path)
        elif own.image_size and shape and list(shape[:2]) != own.image_size:
            message = f"`input` is {listed([f'{each.name}: {shape}'])}, and `image_size` is {own.image_size}"
            yield Problem(message, "leave one of them out", path=("model", "input", each.name))


def separator_of_one_label(recipe: Recipe, why: str) -> Iterator[Problem]:
    """A `separator` where no cell can have several labels.

    Args:
        why: what an example of these targets has.
    """
    source = recipe.data.source
    if isinstance(source.settings, TableSettings) and source.settings.separator is not None:
        message = f"`separator` is for several labels in one cell, and {why}"
        hint = "write `targets: multilabel` in `data`, or leave it out"
        yield Problem(message, hint, path=("data", "source", source.word, "separator"))
