"""Find the files that a column of a table names: in one or several folders, also where names lack their ending."""

from __future__ import annotations

import glob
import os
from collections.abc import Mapping, Sequence

from cnncli.data.sources.folder_tree import IMAGE_SUFFIXES
from cnncli.errors import DataError, Problem
from cnncli.messages import did_you_mean, printable

_ENDINGS = (*IMAGE_SUFFIXES, ".npy")


class NamedFiles:
    """The files in some folders, which are listed once.

    Args:
        beside: the folder of the table.
        folders: relative to it; each may be a glob. None: the table's folder alone.

    Raises:
        DataError: there is no such folder.
    """

    def __init__(self, beside: str, folders: str | Sequence[str] | None = None) -> None:
        words = [folders] if isinstance(folders, str) else folders or [""]
        self._folders = [folder for word in words for folder in _matching(beside, word)]
        self._listings: dict[str, Mapping[str, list[str]]] = {}

    def find(self, name: str) -> tuple[str, str]:
        """The folder of a file, and its name with its ending.

        A file with exactly this name comes first. A name without an ending means the only image or `.npy` file of that name.
        Else a backslash means a slash, as tables from Windows write paths. Of a file that is not there, the first folder and
        the name as it is.
        """
        for written in dict.fromkeys([name, name.replace("\\", "/")]) if name else []:
            for folder in self._folders:
                directory, base = os.path.split(os.path.join(folder, written))
                found = self._listing(directory).get(base, [])
                if base in found:
                    return folder, written
                if len(found) == 1:
                    return folder, written + found[0][len(base) :]
        return self._folders[0], name

    def has(self, name: str) -> bool:
        """Whether there is such a file."""
        return os.path.isfile(os.path.join(*self.find(name)))

    def _listing(self, directory: str) -> Mapping[str, list[str]]:
        """The files of a directory by their names, and by their names without ending."""
        if directory not in self._listings:
            listing: dict[str, list[str]] = {}
            for file in _files(directory):
                stem, ending = os.path.splitext(file)
                listing.setdefault(file, []).append(file)
                if ending.lower() in _ENDINGS:
                    listing.setdefault(stem, []).append(file)
            self._listings[directory] = listing
        return self._listings[directory]


def _files(directory: str) -> list[str]:
    try:
        return os.listdir(directory or ".")
    except OSError:
        return []  # told for each file that is not there


def _matching(beside: str, word: str) -> list[str]:
    """The folders that one word names.

    Raises:
        DataError: there is none.
    """
    path = os.path.join(beside, word) if word else beside
    if os.path.isdir(path) or not word:
        return [path]
    found = sorted(each for each in glob.glob(os.path.join(glob.escape(beside), word)) if os.path.isdir(each))
    if not found:
        there = [name for name in _files(beside) if os.path.isdir(os.path.join(beside, name))]
        hint = did_you_mean(word, map(printable, there)) if there else "it counts from the table"
        raise DataError(Problem(f"there is no folder {printable(word)} beside the table", hint))
    return found
