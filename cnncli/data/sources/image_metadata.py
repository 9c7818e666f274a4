"""The `metadata.csv` of an image folder, as data sets of Hugging Face have it: names of files with their labels."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from cnncli.data.sources.folder_tree import IMAGE_FILES, part_folders_in, read_tree
from cnncli.data.sources.paths import existing_folder
from cnncli.data.tables.table_file import open_table
from cnncli.errors import DataError, Problem
from cnncli.messages import listed, printable
from cnncli.recipe.sources.base import ImageKeys
from cnncli.recipe.sources.image_folder import ImageFolder
from cnncli.recipe.sources.table import Table

_FILE = "metadata.csv"
_NAMES = "file_name"  # the column of the images
_LABEL = "label"


def metadata_of(settings: ImageFolder, *, for_training: bool) -> Table | None:
    """The table that an image folder has the labels of its images from; None where the folders of the images are the classes.

    A `metadata.csv` with a column `file_name` stands in the folder, or in each of `train/`, `val/` and `test/`. Beside folders
    of two classes or more, it counts only where `label` names its column.

    Args:
        for_training: whether there has to be a training part.

    Raises:
        DataError: `label` is given and there is no such table; or it is not given, and the column is not clear.
    """
    root = str(existing_folder(settings.path))
    folders = {"train": ""} if os.path.isfile(os.path.join(root, _FILE)) else part_folders_in(root)
    files = {part: os.path.join(settings.path, folder, _FILE) for part, folder in (folders or {"train": ""}).items()}
    there = {part: file for part, file in files.items() if os.path.isfile(file)}
    if settings.pattern is not None and not there:  # for the names of files
        return None
    if settings.label is None and not (_names_files(there) and not _has_classes(root)):
        return None
    if missing := [printable(file) for part, file in files.items() if part not in there]:
        message = f"no such file: {listed(missing)}"
        raise DataError(Problem(message, f"it has the columns {_NAMES} and that of the labels"))
    if "train" not in there and for_training:
        raise DataError(f"{printable(settings.path)} has {' and '.join(folders.values())} and no train")
    first = there.get("train") or there.get("test") or there["validation"]
    label = settings.label or _label_in(open_table(first).header, first)
    images = {key: getattr(settings, key) for key in ImageKeys.model_fields}
    parts = {part: file for part, file in there.items() if part != "train" and file != first}
    columns = {"image": _NAMES, "label": label, "separator": settings.separator}
    return Table.model_validate({"path": first, **parts, **columns, **images})


def _names_files(tables: Mapping[str, str]) -> bool:
    """Whether there are tables that name files."""
    return bool(tables) and all(_NAMES in open_table(file).header for file in tables.values())


def _has_classes(root: str) -> bool:
    try:
        names = read_tree(os.path.abspath(root), IMAGE_FILES).class_names
    except DataError:
        return False
    return len(names.get("train", ())) > 1


def _label_in(header: Sequence[str], file: str) -> str:
    """`label`, or the only column beside the names of files."""
    others = [name for name in header if name != _NAMES]
    if _LABEL in others or len(others) == 1:
        return _LABEL if _LABEL in others else others[0]
    message = f"{printable(file)} has no column `{_LABEL}`"
    raise DataError(Problem(message, f"name the column of the labels: `label: …`; it has {listed(header, 12)}"))
