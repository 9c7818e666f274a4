"""The tree of a folder of examples: which files belong to which part and class, by their paths alone."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cnncli.data.alike_names import alike
from cnncli.data.image_header import image_format
from cnncli.data.part_words import MAY_BE_CLASSES, PART_OF
from cnncli.data.sources import numbered_names
from cnncli.data.sources.loaded_data import PARTS
from cnncli.data.sources.paths import cannot_read, contents, is_folder, listed_folder
from cnncli.data.sources.unsupported_files import advice_for
from cnncli.errors import DataError, Problem
from cnncli.messages import counted, listed, printable, shortened
from cnncli.recipe.keras_objects.objects import article

# Folder names that stand for a part; other words, and capitals, do so where the folder holds folders.
PART_NAMES = {word: part for word, part in PART_OF.items() if word not in MAY_BE_CLASSES}
# By these endings a file is taken for an image, and is bad when it is none.
IMAGE_SUFFIXES = {
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".jpe": "JPEG",
    ".jfif": "JPEG",
    ".png": "PNG",
    ".bmp": "BMP",
    ".dib": "BMP",
    ".gif": "GIF",
    ".webp": "WEBP",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".avif": "AVIF",
    ".heic": "HEIF",
    ".heif": "HEIF",
}
# Images too, of formats that are not read: leaving them out without a word would be worse than an error.
_OTHER_IMAGE_SUFFIXES = {".svg", ".jp2", ".jxl", ".psd", ".dng", ".ico"}
# Folders of examples without labels, beside the classes of one part: IMDB has train/unsup/, which its test/ lacks.
_UNLABELED = {"unsup", "unsupervised", "unlabeled", "unlabelled"}
_JUNK = {"__macosx", "thumbs.db", "desktop.ini", "@eadir"}
_MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class FileKind:
    """A kind of files of which each is an example.

    Attributes:
        noun: what one is called.
        example: the name of one, for messages.
        is_one: whether a file is one, or says so.
        advise: what to do about files that are none, by their names.
        may_be_labelled_by_name: whether the source reads the class from the name of a file, too.
    """

    noun: str
    example: str
    is_one: Callable[[os.DirEntry[str]], bool]
    advise: Callable[[Sequence[str]], list[str]]
    may_be_labelled_by_name: bool = False


@dataclass(frozen=True, slots=True)
class ClassFile:
    """A file that is an example, or says so.

    Attributes:
        path: to open it.
        relative: inside the data's folder, with `/`.
        part, class_name: to which it belongs.
    """

    path: str
    relative: str
    part: str
    class_name: str


@dataclass(frozen=True, slots=True)
class Tree:
    """The folder as far as it matters.

    Attributes:
        files: sorted by the bytes of `relative`, by part.
        class_names: by part, sorted by their bytes; classes without a file too.
        folders: by part, the folder's own name: `val`; empty where there are no such folders.
        notes: what was left aside.
        noun: what a file is called.
    """

    files: dict[str, list[ClassFile]]
    class_names: dict[str, list[str]]
    folders: dict[str, str]
    notes: tuple[Problem, ...]
    noun: str


def read_tree(root: str, kind: FileKind, *, has_classes: bool = True) -> Tree:
    """List a folder of examples.

    It holds a folder for each class, or `train`, `val` (or `validation`, `valid`) and `test` that do; `training`, `Train`
    and the like are understood too. Below a class's
    folder files count at any depth. Hidden files and what operating systems leave behind do not count.

    Args:
        has_classes: False: every file counts, in whatever folder of its part it lies, and its class has no name.

    Raises:
        DataError: there are no class folders, or no files of this kind at all.
    """
    aside = _Aside(os.path.realpath(root), kind)
    folders = _parts(root, aside)
    if not folders and has_classes:
        aside.notes += _taken_for_classes(root)
    files: dict[str, list[ClassFile]] = {}
    class_names: dict[str, list[str]] = {}
    for part, folder in (folders or {"train": ""}).items():
        inside, prefix = (os.path.join(root, folder), f"{folder}/") if folder else (root, "")
        if not has_classes:
            class_names[part] = [""]
            found = _files(inside, folder or ".", aside)
            files[part] = [ClassFile(path, relative.removeprefix("./"), part, "") for path, relative in found]
            files[part].sort(key=lambda file: os.fsencode(file.relative))
            continue
        class_names[part], loose = _split_entries(inside)
        class_names[part] = aside.without_unlabeled(root, folders, part, class_names[part])
        if not class_names[part]:
            raise DataError(_no_class_folders(inside, kind))
        _refuse_unreadable_names(class_names[part])
        aside.loose += [prefix + name for name in loose]
        files[part] = [
            ClassFile(path, relative, part, name)
            for name in class_names[part]
            for path, relative in _files(os.path.join(inside, name), prefix + name, aside, (root, inside))
        ]
        files[part].sort(key=lambda file: os.fsencode(file.relative))
    if not any(files.values()):
        raise DataError(_no_files(root, aside))
    return Tree(files, class_names, folders, tuple(aside.told(class_names)), kind.noun)


def part_folders_in(root: str) -> dict[str, str]:
    """The folders that are parts, by part; empty where there are none.

    Raises:
        DataError: a folder cannot be read, or two folders are one part.
    """
    return _parts(root, _Aside(os.path.realpath(root), IMAGE_FILES))


def images_below(folder: str) -> tuple[list[str], tuple[Problem, ...]]:
    """Every image file in a folder and in those below it, whatever they are called.

    Returns:
        Their paths, beginning as `folder` does, sorted by their bytes; and what was left aside.

    Raises:
        DataError: a folder cannot be read, or there is no image.
    """
    aside = _Aside(os.path.realpath(folder), IMAGE_FILES)
    paths = [path for path, _ in _files(folder, os.path.basename(os.path.abspath(folder)), aside)]
    if not paths:
        hint = [f"it holds {contents(folder)}", *IMAGE_FILES.advise(aside.others)]
        raise DataError("no images in this folder", hint="\n".join(hint))
    return sorted(paths, key=os.fsencode), tuple(aside.told({}))


@dataclass(slots=True)
class _Aside:
    """What was seen and is not used, collected to be told once each."""

    real_root: str
    kind: FileKind
    notes: list[Problem] = field(default_factory=list)
    loose: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    leaving: list[str] = field(default_factory=list)
    loops: list[str] = field(default_factory=list)

    def without_unlabeled(self, root: str, folders: dict[str, str], part: str, names: list[str]) -> list[str]:
        """The classes of a part without folders of examples that have no label, which no other part has."""
        others = [folder for other, folder in folders.items() if other != part]
        kept = list(names)
        for name in names if others else []:
            if name.lower() in _UNLABELED and not any(os.path.isdir(os.path.join(root, each, name)) for each in others):
                kept.remove(name)
                message = f"not used, because its examples have no labels: {folders[part]}/{shortened(name)}/"
                self.notes.append(Problem(message, kind="ignored"))
        return kept

    def look_at_link(self, path: str, relative: str) -> None:
        real = os.path.realpath(path)
        if os.path.exists(real) and not Path(real).is_relative_to(self.real_root):
            self.leaving.append(f"{relative} -> {real}")

    def told(self, class_names: dict[str, list[str]]) -> Iterator[Problem]:
        yield from self.notes
        a_file = article(self.kind.noun)
        sentences: tuple[tuple[list[str], str, str, str, list[str]], ...] = (
            (
                self.loose,
                "file is",
                "files are",
                "in no class folder, not used",
                [f"the folder of {a_file} is its class"],
            ),
            (self.others, "file is", "files are", f"not {a_file}, not used", self._advice()),
            (self.leaving, "link leads", "links lead", "out of the folder", [_LEAVING]),
            (self.loops, "link leads", "links lead", "back into a folder above, not followed", []),
        )
        for names, one, more, rest, hints in sentences:
            if names:
                message = f"{counted(len(names), one, more)} {rest}: {listed(names, _MOST_NAMED)}"
                is_ignored = names is self.loose or names is self.others
                yield Problem(message, "\n".join(hints), kind="ignored" if is_ignored else "")
        every = dict.fromkeys(name for names in class_names.values() for name in names)
        yield from _alike(list(every))

    def _advice(self) -> list[str]:
        """What to do about other files; CSV files beside examples hold lists, not examples."""
        return self.kind.advise([name for name in self.others if not name.lower().endswith(".csv")])


_LEAVING = "the files behind the link are used and can change without notice"


def _parts(root: str, aside: _Aside) -> dict[str, str]:
    """The folders that are parts, by part; empty when the folders in `root` are classes."""
    folders, _ = _split_entries(root)
    part_folders = _part_folders(root, folders)
    if not part_folders:
        return {}
    _refuse_two_of_a_part(part_folders)
    others = [name for name in folders if name not in part_folders]
    if others:
        aside.notes.append(_ignored_folders(others, part_folders))
    by_part = {_part_of(name): name for name in part_folders}
    return {part: by_part[part] for part in PARTS if part in by_part}


def _split_entries(folder: str) -> tuple[list[str], list[str]]:
    """The names of the folders and of the other things in a folder, without what does not count."""
    folders: list[str] = []
    others: list[str] = []
    for entry in listed_folder(folder):
        if not _is_junk(entry.name):
            (folders if is_folder(entry) else others).append(entry.name)
    return folders, others


def _is_junk(name: str) -> bool:
    return name.startswith(".") or name.lower() in _JUNK


def _part_folders(root: str, folders: list[str]) -> list[str]:
    """Those of the folders that are parts; none when they are classes: a class may well be called `train`."""
    named = [name for name in folders if _part_of(name)]
    has_training = any(_part_of(name) == "train" for name in named)
    if not has_training:
        named = [name for name in named if name.lower() not in MAY_BE_CLASSES]
    plain = {*PART_NAMES, *(["dev"] if has_training else [])}
    if named and all(name.rstrip("0123456789") in plain for name in folders):  # Kaggle has train/ and test1/
        return named
    return [name for name in named if _split_entries(os.path.join(root, name))[0]]


def _part_of(name: str) -> str:
    """The part that a folder's name means; empty when it means none."""
    return PART_OF.get(name.lower(), "")


def _taken_for_classes(root: str) -> Iterator[Problem]:
    """A few folders that hold the same folders may be parts under names that are not known as such."""
    classes, _ = _split_entries(root)
    if not 2 <= len(classes) <= _MOST_PARTS:
        return
    inside = [_split_entries(os.path.join(root, name)) for name in classes]
    if any(files for _, files in inside) or len(inside[0][0]) < 2 or any(names != inside[0][0] for names, _ in inside):
        return
    message = f"{listed(f'{name}/' for name in classes)} look like classes, but contain the same folders: {listed(inside[0][0])}"
    yield Problem(message, "if they are parts of the data, name them train/, val/ and test/")


_MOST_PARTS = 4


def _files(folder: str, relative: str, aside: _Aside, outer: Sequence[str] = ()) -> Iterator[tuple[str, str]]:
    """Every file of the kind below a class's folder, as (path, relative path); links back to `outer` are not followed."""
    if os.path.islink(folder):
        aside.look_at_link(folder, relative)
    around = frozenset(map(_identity, outer))
    if _identity(folder) in around:
        aside.loops.append(relative)
        return
    waiting = [(folder, relative, around | {_identity(folder)})]
    while waiting:
        folder, relative, above = waiting.pop()
        for entry in listed_folder(folder):
            name = f"{relative}/{entry.name}"
            if _is_junk(entry.name):
                continue
            if is_folder(entry):
                identity = _identity(entry.path)
                if identity in above:
                    aside.loops.append(name)
                    continue
                waiting.append((entry.path, name, above | {identity}))
            elif aside.kind.is_one(entry):
                yield entry.path, name
            else:
                aside.others.append(name)
                continue
            if entry.is_symlink():
                aside.look_at_link(entry.path, name)


def _identity(folder: str) -> tuple[int, int]:
    try:
        status = os.stat(folder)
    except OSError as error:
        raise cannot_read(folder, error) from error
    return status.st_dev, status.st_ino


def looks_like_image(entry: os.DirEntry[str]) -> bool:
    """Whether a file is an image by its name or its first bytes."""
    suffix = os.path.splitext(entry.name)[1].lower()
    if suffix in IMAGE_SUFFIXES or suffix in _OTHER_IMAGE_SUFFIXES:
        return True
    try:
        if not stat.S_ISREG(entry.stat().st_mode):
            return False
        with open(entry.path, "rb") as file:
            return image_format(file.read(32)) is not None
    except OSError:
        return False


IMAGE_FILES = FileKind("image", "cats/1.jpg", looks_like_image, advice_for, may_be_labelled_by_name=True)


def _refuse_two_of_a_part(part_folders: list[str]) -> None:
    by_part: dict[str, list[str]] = {}
    for name in part_folders:
        by_part.setdefault(_part_of(name), []).append(f"{name}/")
    for part, names in by_part.items():
        if len(names) > 1:
            noun = "training" if part == "train" else part
            raise DataError(f"both {' and '.join(names)} are there: one of them is the {noun} part")


def _refuse_unreadable_names(classes: list[str]) -> None:
    problems = []
    for name in classes:
        try:
            name.encode()
        except UnicodeEncodeError:
            hint = "rename the folder: class names go into files that are UTF-8"
            problems.append(Problem(f"the name of class folder `{shortened(name)}` is not UTF-8", hint))
    if problems:
        raise DataError(problems)


def _ignored_folders(others: list[str], part_folders: list[str]) -> Problem:
    named = listed((f"{name}/" for name in others), _MOST_NAMED)
    return Problem(f"not used, because it lies beside {part_folders[0]}/: {named}", kind="ignored")


def _no_class_folders(folder: str, kind: FileKind) -> Problem:
    names = [entry.name for entry in listed_folder(folder) if not _is_junk(entry.name)]
    own_folder = f"each class needs a folder of its own: {printable(folder)}/{kind.example}"
    by_name = numbered_names.advice_for(names, has_label=kind.may_be_labelled_by_name)
    hint = "\n".join([f"it holds {contents(folder)}", *kind.advise(names), own_folder, *by_name])
    return Problem(f"no class folders in {printable(folder)}", hint)


def _no_files(root: str, aside: _Aside) -> Problem:
    hint = [f"it holds {contents(root)}", *aside.kind.advise(aside.others)]
    return Problem(f"no {aside.kind.noun}s in {printable(root)}", "\n".join(hint))


def _alike(names: list[str]) -> Iterator[Problem]:
    """Names that are one and the same where upper and lower case, or the way accents are written, do not count."""
    for group in alike(names):
        yield Problem(
            f"classes {' and '.join(group)} differ only in upper and lower case",
            "on many disks they are one folder; rename one of them",
        )
