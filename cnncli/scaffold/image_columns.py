"""Find the folders in which the images lie that a column of a table names."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence

from cnncli.data.sources.folder_tree import IMAGE_SUFFIXES
from cnncli.data.tables.named_files import NamedFiles
from cnncli.scaffold.image_summary import some

_MOST_FOLDERS = 200  # that are searched
_DEEPEST = 2  # folders below the table's
_SHARE = 0.9  # of the names have to be found
_MOST_NAMED = 3  # folders; more are written as a glob


class ImageFolders:
    """The folders beside a table that hold images, and the one above it.

    Args:
        beside: the folder of the table.
    """

    def __init__(self, beside: str) -> None:
        self._beside = beside
        self._files = {word: NamedFiles(beside, word) for word in ["", *_with_images(beside), ".."]}

    def of_names(self, names: Sequence[str]) -> list[str] | None:
        """The folders of the images of these names; None where most are not there.

        Args:
            names: of images, with or without their ending.

        Returns:
            Relative to the table, or globs; an empty word is the table's folder.
        """
        looked_at = [name.strip() for name in some(names)]
        if not all(looked_at) or 2 * len({*looked_at}) < len(looked_at):
            return None
        found: list[str] = []
        for name in looked_at:
            found += next(([word] for word, files in self._files.items() if files.has(name)), [])
        words = sorted({*found})
        if len(found) < _SHARE * len(looked_at):
            return None
        return sorted({re.sub("[0-9]+", "*", word) for word in words}) if len(words) > _MOST_NAMED else words

    def path_of(self, name: str, words: Sequence[str]) -> str:
        """The path of an image."""
        return os.path.join(*NamedFiles(self._beside, words).find(name.strip()))


def _with_images(beside: str) -> Iterator[str]:
    """The folders below one that hold images, the nearest first."""
    waiting, seen = [("", 0)], 0
    while waiting and seen < _MOST_FOLDERS:
        word, depth = waiting.pop(0)
        seen += 1
        try:
            entries = sorted(os.scandir(os.path.join(beside, word) or "."), key=lambda entry: entry.name)
        except OSError:
            continue
        if word and any(os.path.splitext(entry.name)[1].lower() in IMAGE_SUFFIXES for entry in entries):
            yield word
        if depth < _DEEPEST:
            waiting += [(os.path.join(word, entry.name), depth + 1) for entry in entries if entry.is_dir()]
