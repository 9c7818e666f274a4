"""The file of a recipe: its bytes, and the file that was meant where there is none."""

from __future__ import annotations

import difflib
import os
import pathlib
import stat
from collections.abc import Callable
from itertools import islice

from cnncli.errors import Place, Problem, RecipeError
from cnncli.recipe.growth import AS_WRITTEN
from cnncli.recipe.yaml.text import shown

MAX_BYTES = AS_WRITTEN.bytes
RECIPE_SUFFIXES = (".yaml", ".yml")
_FILE_KINDS: tuple[tuple[Callable[[int], bool], str], ...] = (
    (stat.S_ISDIR, "a directory"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def read_bytes(path: pathlib.Path, *, shown_as: str | None = None, most: int = MAX_BYTES) -> bytes:
    """Read a recipe file whole, without ever blocking on something that is not a file.

    Args:
        shown_as: the path as messages name it; `path` itself by default.
        most: the size of the largest file that is read.

    Raises:
        RecipeError: there is no such file, it is no regular file, it is too large, or it cannot be read.
    """
    name = shown(shown_as if shown_as is not None else str(path), limit=200)
    try:
        status = path.stat()
    except (OSError, ValueError) as error:
        raise _unreadable(path, name, error) from error
    if not stat.S_ISREG(status.st_mode):
        kind = next((kind for is_kind, kind in _FILE_KINDS if is_kind(status.st_mode)), "something else")
        raise RecipeError(f"cannot read {name}: it is not a regular file but {kind}")
    if status.st_size > most:
        raise too_large(Place(name), most)
    try:
        content = _read(path, most)
    except OSError as error:
        raise _unreadable(path, name, error) from error
    if len(content) > most:  # it grew, or has no size of its own, as in /proc
        raise too_large(Place(name), most)
    return content


def _read(path: pathlib.Path, most: int) -> bytes:
    # O_NONBLOCK: the file may have become a pipe since it was looked at.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
    with os.fdopen(os.open(path, flags), "rb") as file:
        return file.read(most + 1)


def _unreadable(path: pathlib.Path, name: str, error: OSError | ValueError) -> RecipeError:
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        other = near(path)
        return RecipeError(
            f"recipe not found: {name}", hint=f"did you mean `{shown(other, limit=200)}`?" if other else ""
        )
    if isinstance(error, PermissionError):
        return RecipeError(f"cannot read {name}: permission denied")
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return RecipeError(f"cannot read {name}: {reason.lower()}")


def near(path: pathlib.Path) -> str | None:
    """Find the recipe that was probably meant: the same name elsewhere, or a name spelt almost alike."""
    names = dict.fromkeys((path.name, *(stem + end for stem in (path.stem, path.name) for end in RECIPE_SUFFIXES)))
    folders = dict.fromkeys((path.parent, path.parent / "recipes", pathlib.Path("recipes")))
    same = (str(folder / name) for folder in folders for name in names)
    alike = (str(folder / name) for folder in folders for name in _spelt_alike(path.name, folder))
    return next((candidate for candidate in (*same, *alike) if os.path.isfile(candidate)), None)


def recipes_in(folder: pathlib.Path) -> list[str]:
    """The names of the files in a folder that may be recipes, sorted; none where it cannot be listed."""
    try:
        with os.scandir(folder) as entries:
            return sorted(entry.name for entry in islice(entries, 10_000) if entry.name.endswith(RECIPE_SUFFIXES))
    except (OSError, ValueError):
        return []


def _spelt_alike(name: str, folder: pathlib.Path) -> list[str]:
    siblings = {pathlib.PurePath(sibling).stem: sibling for sibling in recipes_in(folder)}
    return [siblings[stem] for stem in difflib.get_close_matches(pathlib.PurePath(name).stem, siblings)]


def too_large(place: Place, most: int = MAX_BYTES) -> RecipeError:
    return RecipeError(Problem(f"recipe larger than {most // 1024} KB", place=place))
