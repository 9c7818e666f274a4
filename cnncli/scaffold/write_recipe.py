"""Look at data and write the recipe that fits it."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cnncli.data.load import parse_source
from cnncli.data.sources.box_source import labels_of
from cnncli.data.targets import targets_of
from cnncli.errors import DataError, Problem, RecipeError
from cnncli.messages import did_you_mean, printable
from cnncli.names import check_name
from cnncli.recipe.keras_objects import catalogue
from cnncli.recipe.load import LoadedRecipe, load_bytes
from cnncli.recipe.schema import Source
from cnncli.recipe.sources.boxes import BoxSettings
from cnncli.recipe.sources.image_folder import ImageFolder
from cnncli.recipe.sources.mask_folder import MaskFolder
from cnncli.recipe.sources.table import TableSettings
from cnncli.scaffold import (
    array_summary,
    box_summary,
    image_summary,
    mask_summary,
    networks,
    table_summary,
    text_summary,
    volume_summary,
)
from cnncli.scaffold.data_summary import DataSummary
from cnncli.scaffold.recipe_text import recipe_text
from cnncli.scaffold.table_parts import tables_in

_OF_FOLDERS = {word for word in ImageFolder.TARGETS if targets_of(word).GROUP}  # that are asked for by name


@dataclass(frozen=True)
class Written:
    """A recipe for some data.

    Attributes:
        name: of the recipe.
        text: of it.
        loaded: the same, checked.
        found: what it is based on.
    """

    name: str
    text: str
    loaded: LoadedRecipe
    found: DataSummary


def write_recipe(
    path: str, *, targets: str | None = None, backbone: str | None = None, weights: str | None = None
) -> Written:
    """Write a recipe for the data at a path.

    Args:
        path: a folder, a file, or the name of a built-in data set.
        targets: the word of `data.targets`; None: as the labels suggest.
        backbone: a Keras application, or `none`; None: by the number of photos.
        weights: a file of weights for it.

    Raises:
        DataError: there is no data that can be read.
        RecipeError: there is no such application, or it does not fit the data.
    """
    if backbone is not None and backbone != "none":
        backbone = _application(backbone)
    found = _look_at(parse_source(path), path, targets)
    choice = networks.choose(found, backbone=backbone, weights=weights)
    name = _name(path)
    text = recipe_text(found, choice, name=name, shown=path)
    return Written(name, text, load_bytes(text.encode(), f"{name}.yaml"), found)


def _look_at(source: Source, path: str, targets: str | None) -> DataSummary:
    if source.word == "image_folder":
        return _look_at_images(path, targets)
    if isinstance(source.settings, MaskFolder):
        if targets is not None and not source.settings.brings(targets):
            message = f"{printable(path)} has a folder of masks beside its images: its targets are masks, not {targets}"
            raise DataError(Problem(message, "leave out --task, or name a folder with a folder for each class"))
        return mask_summary.look_at(source.settings)
    if isinstance(source.settings, BoxSettings):
        if targets is not None and not source.settings.brings(targets):
            message = f"{printable(path)} is {source.settings.described}, whose targets are boxes, not {targets}"
            raise DataError(Problem(message, "leave out --task, or name a folder with a folder for each class"))
        summary = box_summary.look_at(source.word, source.settings, labels_of(source.settings))
        return replace(summary, targets=targets or summary.targets)
    if isinstance(source.settings, TableSettings):
        if source.settings.FINDS_COLUMNS:
            message = f"{printable(path)} is {source.settings.described}, which init does not look at"
            hint = (
                f"start from a recipe, `cnncli recipes copy mnist`, with `source: {{{source.word}: {{path: {path}}}}}`"
            )
            raise DataError(Problem(message, hint))
        return table_summary.look_at(path, source.word, targets)
    if source.word == "volume_folder":
        return volume_summary.look_at(path)
    if source.word == "text_folder":
        return text_summary.look_at(path)
    written: Any = source.builtin or {source.word: {"path": path.replace("$", "$$")}}
    return array_summary.look_at(written, targets)


def _look_at_images(path: str, word: str | None) -> DataSummary:
    """Look at a folder of images. A table in it may have the labels.

    Raises:
        DataError: it has no images in class folders.
    """
    tables = tables_in(path)
    command = f"cnncli init {shlex.quote(tables[0])}" if tables else ""
    try:
        found = image_summary.look_at(path, word) if word in _OF_FOLDERS else image_summary.look_at(path)
    except DataError as error:
        if not tables:
            raise
        *others, last = error.problems
        hint = "\n".join(filter(None, [last.hint, f"if the table in this folder has the labels: {command}"]))
        raise DataError([*others, replace(last, hint=hint)], details=error.details) from error
    fact = [f"The table in this folder is not used; if it has the labels: {command}"] if tables else []
    return replace(found, facts=[*found.facts, *fact])


def _application(name: str) -> str:
    names = catalogue.names("applications")
    for known in names:
        if known.lower() == name.lower():
            return known
    raise RecipeError(f"no application of Keras is named {name}", hint=did_you_mean(name, [*names, "none"]))


def _name(path: str) -> str:
    """The name of a recipe for a file or folder."""
    stem = Path(path).resolve().name if path in (".", "..") else Path(path).name
    stem = stem.split(".")[0] if Path(path).is_file() else stem
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", stem).strip("-._")[:60] or "data"
    try:
        check_name(name, "recipe")
    except RecipeError:
        return "data"
    return name
