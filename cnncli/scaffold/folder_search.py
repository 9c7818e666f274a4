"""Find the data in a folder that is not laid out as training needs it, as published archives are unpacked."""

from __future__ import annotations

import os
from collections.abc import Iterator

from cnncli.data.part_words import PART_OF
from cnncli.data.sources.folder_tree import images_below
from cnncli.data.sources.paths import is_folder, listed_folder
from cnncli.data.tables.table_file import SUFFIXES
from cnncli.errors import DataError
from cnncli.scaffold.table_parts import is_of_training

_DEEPEST = 3  # folders below the one that is named


def folders_of_images(folder: str) -> Iterator[str]:
    """The folders below one that hold all of its images, the nearest first; of parts that of the training examples."""
    for _ in range(_DEEPEST):
        inside = [each for each in _folders(folder) if has_images(each)]
        if len(inside) > 1 and all(os.path.basename(each).lower() in PART_OF for each in inside):
            names = [{os.path.basename(own) for own in _folders(each)} for each in inside]
            if len(set.union(*names)) < sum(map(len, names)):  # the same classes: these are parts, with something wrong
                return
            inside = [each for each in inside if PART_OF[os.path.basename(each).lower()] == "train"]
        if len(inside) != 1:
            return
        [folder] = inside
        yield folder


def tables_below(folder: str) -> list[str]:
    """The tables in a folder and in those directly below it, those of training examples first."""
    found = [
        os.path.join(each, entry.name)
        for each in [folder, *_folders(folder)]
        for entry in listed_folder(each)
        if os.path.splitext(entry.name)[1].lower() in SUFFIXES and not entry.name.startswith(".")
    ]
    return sorted(found, key=lambda path: (path.count(os.sep), not is_of_training(os.path.basename(path))))


def _folders(folder: str) -> list[str]:
    try:
        return [e.path for e in listed_folder(folder) if is_folder(e) and not e.name.startswith((".", "__"))]
    except DataError:
        return []


def has_images(folder: str) -> bool:
    """Whether images lie in a folder or in those below it."""
    try:
        images_below(folder)
    except DataError:
        return False
    return True
