"""Load a folder of texts, one folder of .txt files for each class."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cnncli.data.dataset import INPUT, Examples
from cnncli.data.fingerprint import of_files
from cnncli.data.limited_read import read_at_most
from cnncli.data.sources.base import ModelRequest, Request, Source
from cnncli.data.sources.class_folders import class_names_of, lacking_notes
from cnncli.data.sources.equal_files import duplicate_of, duplicates
from cnncli.data.sources.folder_tree import ClassFile, FileKind, looks_like_image, read_tree
from cnncli.data.sources.loaded_data import PARTS, LoadedData, Progress, problems_at, sizes
from cnncli.data.sources.paths import existing_folder
from cnncli.data.sources.text_lines import has_class_files, read_lines, read_lines_for_model
from cnncli.data.targets import TargetInfo
from cnncli.data.text_column import TextColumn, fault_of, is_telling, text_column
from cnncli.errors import DataError, Problem
from cnncli.messages import counted, listed, printable
from cnncli.recipe.sources.text_folder import TextFolder
from cnncli.tasks.classification.targets import ClassTargets

_ENDING = ".txt"
_MOST_LISTED = 20
_MOST_NAMED = 5
_MOST_BYTES = 64 << 20  # of a file: a text is read as a whole
_LOOKED_AT = 100  # files
_PATH = ("data", "source", "text_folder")
_UTF8 = "save them as UTF-8, for example with `iconv -f latin1 -t utf-8`"


@dataclass(frozen=True, slots=True)
class _Text:
    """A file that was read: its size, the digest of its bytes, and that of its text where this is not of few words."""

    file: ClassFile
    byte_count: int
    sha256: str
    shown: str
    is_empty: bool


class _BadText(Exception):
    """A file that holds no text."""


def _is_text(entry: os.DirEntry[str]) -> bool:
    return entry.name.lower().endswith(_ENDING) and entry.is_file()


TEXT_FILES = FileKind("text", "spam/1.txt", _is_text, lambda names: [])


class _TextFolder(Source[TextFolder]):
    def read(self, settings: TextFolder, request: Request) -> LoadedData:
        if settings.lines:
            return read_lines(settings, request)
        with problems_at(*_PATH, "path"):
            tree = read_tree(os.path.abspath(existing_folder(settings.path)), TEXT_FILES)
            targets = ClassTargets(class_names=tuple(class_names_of(settings.path, tree)))
            request.check_targets(targets)
            files = [file for files in tree.files.values() for file in files]
            texts, column = _read_all(files, request.progress)
            looks = [each.shown for each in texts]
            notes = [
                *tree.notes,
                *lacking_notes(tree),
                *duplicates(files, looks, tree, allow_leakage=request.data.allow_leakage),
            ]
        numbers = {name: number for number, name in enumerate(targets.class_names)}
        return _found(settings.path, texts, column, numbers, targets, notes)

    def read_for_model(self, settings: TextFolder, request: ModelRequest) -> LoadedData:
        trained = settings.of_other_data(request.data.source.settings if request.data else None)
        assert isinstance(trained, TextFolder)
        settings = trained
        if settings.lines:
            return read_lines_for_model(settings, request)
        with problems_at(*_PATH, "path"):
            tree = read_tree(os.path.abspath(existing_folder(settings.path)), TEXT_FILES)
            files = tree.files.get("test") or [file for files in tree.files.values() for file in files]
            names = list(dict.fromkeys(file.class_name for file in files))
            matched, missing = request.targets.renumber(names)
            texts, column = _read_all(files, request.progress)
        numbers = dict(zip(names, matched.tolist(), strict=True))
        return _found(settings.path, texts, column, numbers, request.targets, [*tree.notes, *missing])

    def looks_like(self, path: Path) -> bool:
        """Whether most of the first files below are texts, and none is an image; or its files have a text in each line."""
        if not path.is_dir():
            return False
        seen, texts = 0, 0
        for folder, _, _ in os.walk(path):
            with os.scandir(folder) as entries:
                for entry in entries:
                    if seen >= _LOOKED_AT or looks_like_image(entry):
                        return 2 * texts > seen and seen >= _LOOKED_AT
                    seen += entry.is_file()
                    texts += _is_text(entry)
        return 2 * texts > seen or has_class_files(str(path))


SOURCE = _TextFolder()


def read_text(path: str) -> tuple[str, bytes]:
    """Read a text file in UTF-8, with or without a byte order mark.

    Returns:
        The text without white space around it, and the bytes of the file.

    Raises:
        DataError: it cannot be read, or holds no text.
    """
    try:
        return _read(path)
    except _BadText as error:
        raise DataError(f"{printable(path)}: {error}") from error


def _read(path: str) -> tuple[str, bytes]:
    try:
        with open(path, "rb") as file:
            content = read_at_most(file, _MOST_BYTES)
    except OSError as error:
        raise _BadText(f"cannot be read: {(error.strerror or str(error)).lower()}") from error
    if len(content) > _MOST_BYTES:
        raise _BadText(f"is larger than {_MOST_BYTES >> 20} MiB: an example is one text")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        place = error.start + len(content) - len(error.object)  # the byte order mark is not counted by Python
        raise _BadText(f"byte {place:,} (0x{content[place]:02x}) is not UTF-8") from error
    if fault := fault_of(text):
        raise _BadText(fault)
    return text.strip(), content


def _read_all(files: Sequence[ClassFile], progress: Progress | None) -> tuple[list[_Text], TextColumn]:
    texts: list[_Text] = []
    bad: list[str] = []

    def contents() -> Iterator[str]:
        for number, file in enumerate(files):
            try:
                text, content = _read(file.path)
            except _BadText as error:
                bad.append(f"{printable(file.relative)}: {error}")
                continue
            shown = hashlib.sha256(text.encode()).hexdigest() if is_telling(text) else ""
            texts.append(_Text(file, len(content), hashlib.sha256(content).hexdigest(), shown, not text))
            yield text
            if progress:
                progress("reading texts", number + 1, len(files))

    column = text_column(contents())
    if bad:
        message = f"{len(bad):,} of {counted(len(files), 'text')} cannot be read"
        shown = bad if len(bad) <= _MOST_LISTED else [*bad[:_MOST_LISTED], f"and {len(bad) - _MOST_LISTED:,} more"]
        hint = [_UTF8] if any("is not UTF-8" in each for each in bad) else []
        raise DataError(Problem(message, "\n".join([*shown, *hint])), details={"bad_texts": bad})
    return texts, column


def _found(
    path: str,
    texts: Sequence[_Text],
    column: TextColumn,
    numbers: Mapping[str, int],
    targets: TargetInfo,
    notes: Iterable[Problem],
) -> LoadedData:
    parts = {part: [n for n, each in enumerate(texts) if each.file.part == part] for part in PARTS}
    examples = {
        part: _examples([texts[row] for row in rows], column.take(rows), numbers)
        for part, rows in parts.items()
        if rows
    }
    return LoadedData(
        parts=examples,
        targets=targets,
        source=f"text folder {printable(path)}: {sizes(examples)} texts, {targets.size}",
        fingerprint=of_files((each.file.relative, each.byte_count, each.sha256) for each in texts),
        notes=(*notes, *_empty(texts)),
        duplicate_of={part: duplicate_of(texts[row].shown for row in parts[part]) for part in examples},
    )


def _examples(mine: Sequence[_Text], column: TextColumn, numbers: Mapping[str, int]) -> Examples:
    labels = np.array([numbers[each.file.class_name] for each in mine], np.int32)
    files = tuple(each.file.relative for each in mine)
    return Examples({INPUT: column}, labels, files, tuple(each.sha256 for each in mine))


def _empty(texts: Sequence[_Text]) -> Iterator[Problem]:
    names = [printable(each.file.relative) for each in texts if each.is_empty]
    if names:
        yield Problem(
            f"{counted(len(names), 'text is', 'texts are')} empty: {listed(names, _MOST_NAMED)}", kind="blank"
        )
