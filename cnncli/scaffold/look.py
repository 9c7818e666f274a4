"""Look at data of any kind. A folder that is not laid out as training needs it is searched for data that is."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from cnncli.data.sources.box_source import labels_of
from cnncli.data.sources.image_metadata import metadata_of
from cnncli.data.sources.numbered_names import PATTERN
from cnncli.data.sources.text_lines import has_class_files
from cnncli.data.targets import targets_of
from cnncli.errors import DataError, Problem
from cnncli.messages import printable
from cnncli.recipe.schema_data import Source
from cnncli.recipe.sources.boxes import BoxSettings
from cnncli.recipe.sources.image_folder import ImageFolder
from cnncli.recipe.sources.mask_folder import MaskFolder
from cnncli.recipe.sources.table import TableSettings
from cnncli.recipe.targets import WITHOUT_LABELS
from cnncli.scaffold import (
    array_summary,
    box_summary,
    image_summary,
    mask_summary,
    table_summary,
    text_summary,
    volume_summary,
)
from cnncli.scaffold.data_summary import DataSummary
from cnncli.scaffold.folder_search import folders_of_images, has_images, tables_below
from cnncli.scaffold.table_parts import tables_in

_ASKED_FOR = {word for word in ImageFolder.TARGETS if targets_of(word).GROUP} | {
    *WITHOUT_LABELS
}  # of folders: what --task alone can say
_MOST_TABLES = 3  # that are looked at
_OF_IMAGES = {"image", "label", "separator", *ImageFolder.model_fields}  # keys of a table that an image folder has, too


def look_at(source: Source, path: str, targets: str | None) -> DataSummary:
    """Look at data.

    Args:
        source: what the path alone tells.
        path: as the user wrote it.
        targets: the word of `data.targets`; None: as the labels suggest.

    Raises:
        DataError: it cannot be read, or is no data that a recipe can be written for.
    """
    if source.word == "image_folder":
        return _images(path, targets)
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
        if targets in WITHOUT_LABELS:
            message = f"{printable(path)} is a table, and init reads its labels"
            raise DataError(Problem(message, "start from a recipe: cnncli recipes copy autoencoder"))
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
        return _texts(path)
    written: Any = source.builtin or {source.word: {"path": path.replace("$", "$$")}}
    return array_summary.look_at(written, targets)


def _texts(path: str) -> DataSummary:
    try:
        return text_summary.look_at(path)
    except DataError:
        if not has_class_files(path):
            raise
        return text_summary.look_at_lines(path)


def _images(path: str, targets: str | None) -> DataSummary:
    """Look at a folder of images, or at what else a folder holds.

    Raises:
        DataError: nothing in it can be used.
    """
    if targets in _ASKED_FOR:
        return image_summary.look_at(path, targets)
    if (found := _with_metadata(path, targets)) is not None:
        return found
    try:
        found = image_summary.look_at(path)
    except DataError as error:
        return _searched(path, targets, error)
    tables = tables_in(path)
    fact = [f"The table in this folder is not used; if it has the labels: {_command(tables[0])}"] if tables else []
    return replace(found, facts=[*found.facts, *fact])


def _with_metadata(path: str, targets: str | None) -> DataSummary | None:
    """Look at a folder whose `metadata.csv` has the labels, as those of Hugging Face have it."""
    try:
        table = metadata_of(ImageFolder.model_validate({"path": path}), for_training=True)
    except DataError:  # the column of the labels is not clear
        return None
    if table is None:
        return None
    found = table_summary.look_at(table.path, "csv", targets)
    settings = found.source["csv"]
    parts = [part for part in ("validation", "test") if getattr(table, part) is not None]
    if settings.get("image") != table.image or not {*settings} <= _OF_IMAGES | {"path", *parts}:
        return found
    own = {key: value for key, value in settings.items() if key not in ("path", "image", *parts)}
    source = {"image_folder": {"path": path.replace("$", "$$"), **own}}
    return replace(found, source=source, parts=("train", *parts))


def _searched(path: str, targets: str | None, error: DataError) -> DataSummary:
    """Look for a table, class folders further below, and images whose names have their class.

    Raises:
        DataError: there is none of them; with what is wrong with the folder itself, and with its tables.
    """
    wrong: list[str] = []
    for way in (_tables, _deeper, _names):
        for look in way(path, targets):
            try:
                return look()
            except DataError as other:
                if way is _tables:
                    wrong += [each.message for each in other.problems[:1]]
    hints = [f"the table {printable(tables_below(path)[0])} cannot have the labels: {wrong[0]}"] if wrong else []
    hints.append("docs/public-data-sets.md has recipes and scripts for data sets as they are published")
    *others, last = error.problems
    hint = "\n".join(filter(None, [last.hint, *hints]))
    raise DataError([*others, replace(last, hint=hint)], details=error.details) from error


_Looks = Iterator[Callable[[], DataSummary]]


def _tables(path: str, targets: str | None) -> _Looks:
    holds_images = has_images(path)
    for table in tables_below(path)[:_MOST_TABLES]:

        def look(table: str = table) -> DataSummary:
            word = "parquet" if table.endswith((".parquet", ".pq")) else "csv"
            found = table_summary.look_at(table, word, targets)
            if holds_images and not found.has_image_files:
                raise DataError(f"{printable(table)} names none of the images")
            return replace(found, facts=[*found.facts, f"The labels stand in {printable(table)}"])

        yield look


def _names(path: str, targets: str | None) -> _Looks:
    yield lambda: image_summary.look_at(path, pattern=PATTERN)


def _deeper(path: str, targets: str | None) -> _Looks:
    for folder in folders_of_images(path):

        def look(folder: str = folder) -> DataSummary:
            found = image_summary.look_at(folder)
            return replace(
                found,
                facts=[
                    *found.facts,
                    f"The class folders are those in {printable(folder)}; nothing else in {printable(path)} is used",
                ],
            )

        yield look


def _command(table: str) -> str:
    return f"cnncli init {shlex.quote(table)}"
