"""Find the input of a table: images, volumes, text, or numbers."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from cnncli.data.tables.column_selection import in_natural_order
from cnncli.data.tables.number_lists import is_list, numbers_of
from cnncli.errors import DataError, Problem
from cnncli.inputs.image import IMAGE
from cnncli.inputs.numbers import NUMBERS
from cnncli.inputs.signal import SIGNAL
from cnncli.inputs.text import TEXT
from cnncli.inputs.volume import VOLUME
from cnncli.messages import counted, listed, printable
from cnncli.scaffold.data_summary import group_in_names
from cnncli.scaffold.image_columns import ImageFolders
from cnncli.scaffold.image_summary import measured, resized, some
from cnncli.scaffold.table_sample import SampledColumns, as_number, with_reason

IDENTITY = re.compile(r"(?i)|unnamed.*|(.*[_ .-])?(id|index|idx|nr|no|row|key|uuid)")
"""Names of columns that number the rows."""

_ENDS_AS_IDENTITY = re.compile(r"(?i)(id|index|nr|no|number|key)$")
_SERIES = 16  # columns with one name and consecutive numbers are a signal
_WORDS = 2.5  # a column with more words in a cell, on average, is text
_CAPITALS = 0.9  # of the words
_IMAGES = re.compile(r"(?i)\.(jpe?g|png|bmp|gif|webp|tiff?|avif|heic|heif)$")
_VOLUMES = re.compile(r"(?i)\.npy$")
_OTHER_FILES = re.compile(r"(?i)\.(wav|mp3|flac|ogg|m4a|mp4|avi|mov|dcm|nii|nii\.gz|edf|mat)$")
_NAME = re.compile(r"(?i)(.*[_ .-])?(name|author)s?")
_PART_OF_TEXT = re.compile(
    r"(?i)(.*[_ .-])?(title|headline|subject|summary|description|abstract|body|content|text|review)"
)


def find_input(
    own: Mapping[str, list[str]], label: Sequence[str], sample: SampledColumns
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Find the only input.

    Args:
        own: the columns that mean nothing else.
        label: the columns of the labels.

    Returns:
        The settings of the source, and what `DataSummary` gets of it.

    Raises:
        DataError: no column can be an input, or none of the images is there.
    """
    for name, values in own.items():
        folders = sample.images.of_names(values)
        if _share(_IMAGES, values) or folders:
            return _images(name, values, folders or [], sample.images)
        if _share(_VOLUMES, values):
            return _volumes(name, values, sample.images)
        if _are_lists(values):
            return _lists(name, values)
    numeric = [name for name in own if name in sample.numbers and not IDENTITY.fullmatch(name)]
    numeric = [
        name
        for name in numeric
        if not _are_the_same(sample.values[name], sample.values[label[0]])
        and not _numbers_rows(name, sample.numbers[name])
    ]
    for name, values in own.items():
        if _share(_OTHER_FILES, values) and len(numeric) < _SERIES:
            ending = os.path.splitext(values[0].strip())[1]
            hint = "make images or arrays of them: docs/public-data-sets.md has an example for sounds"
            raise DataError(Problem(f"`{printable(name)}` names {ending} files, which are not read", hint))
    texts = [name for name, values in own.items() if _is_text(name, values)]
    if texts:
        return _texts(texts, own)
    if not numeric:
        hint = f"its columns: {listed((with_reason(name, sample) for name in sample.values), 12)}"
        raise DataError(Problem("no column has images, text or numbers", hint))
    return _numbers(numeric, own, sample)


def _texts(names: Sequence[str], own: Mapping[str, list[str]]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The longest texts; parts of one text, such as its title, are joined."""
    longest = max(names, key=lambda name: sum(map(len, own[name])))
    parts = [name for name in names if name == longest or _PART_OF_TEXT.fullmatch(name)]
    used = parts if _PART_OF_TEXT.fullmatch(longest) else [longest]
    lengths = np.sum([[len(value.split()) for value in own[name]] for name in used], axis=0)
    length = int(np.percentile(lengths, 95))
    shown = " and ".join(f"`{printable(name)}`" for name in used)
    fact = f"{shown} {'has' if len(used) == 1 else 'have'} sentences, 95% of at most {counted(length, 'word')}"
    about = {"used": used, "kind": TEXT, "shape": (), "length": length, "fact": fact}
    return {"text": used[0] if len(used) == 1 else used}, about


def _lists(name: str, values: Sequence[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """A column with all numbers of an example in each cell."""
    rows = [np.array([as_number(str(number)) for number in numbers_of(value)]) for value in some(values)]
    counts = {len(row) for row in rows}
    numbers = np.concatenate(rows)
    if len(counts) > 1:
        length = max(counts)
        fact = (
            f"`{printable(name)}` has signals of {min(counts):,} to {length:,} values: shorter ones are padded with 0"
        )
        about = {"used": [name], "kind": SIGNAL, "shape": (length, 1), "fact": fact}
        return {"numbers": name, "length": length}, about
    settings, about = _in_order(
        name, counts.pop(), float(np.nanmin(numbers)), float(np.nanmax(numbers)), "in each cell "
    )
    return {"numbers": name, **settings}, {"used": [name], **about}


def is_input(name: str, values: Sequence[str]) -> bool:
    """Whether a column has images, volumes, lists of numbers or text."""
    return _share(_IMAGES, values) or _share(_VOLUMES, values) or _are_lists(values) or _is_text(name, values)


def _share(pattern: re.Pattern[str], values: Sequence[str]) -> bool:
    return sum(bool(pattern.search(value.strip())) for value in values) >= 0.9 * len(values)


def _are_lists(values: Sequence[str]) -> bool:
    """Whether each cell has many numbers, such as the pixels of an image."""
    looked_at = some(values)
    return all(is_list(value) and len(numbers_of(value)) >= _SERIES for value in looked_at)


def _is_text(name: str, values: Sequence[str]) -> bool:
    return (
        not (_NAME.fullmatch(name) and _are_names(values))
        and float(np.mean([len(value.split()) for value in values])) > _WORDS
        and len(set(values)) > len(values) / 3
    )


def _are_names(values: Sequence[str]) -> bool:
    """Whether nearly all words begin with a capital letter, as in names of people: no network learns anything of them."""
    words = [word.lstrip("(\"'") for value in some(values) for word in value.split()]
    words = [word for word in words if word[:1].isalpha()]
    return sum(word[:1].isupper() for word in words) > _CAPITALS * len(words)


def _numbers_rows(name: str, numbers: np.ndarray) -> bool:
    """Whether a column such as `PassengerId` counts the rows."""
    return bool(_ENDS_AS_IDENTITY.search(name)) and bool((np.diff(numbers) == 1).all())


def _are_the_same(values: Sequence[str], labels: Sequence[str]) -> bool:
    """Whether a column is the label in other words, such as its number."""
    pairs = len({*zip(values, labels, strict=True)})
    return pairs == len(set(values)) == len(set(labels)) < len(values) / 2


def _images(
    name: str, values: Sequence[str], folders: Sequence[str], images: ImageFolders
) -> tuple[dict[str, Any], dict[str, Any]]:
    paths = [images.path_of(value, folders) for value in some(values)]
    if not any(map(os.path.isfile, paths)):
        hint = "names of files count from the folder of the table: change the column, or move the images there"
        raise DataError(
            Problem(f"none of the images is there that `{printable(name)}` names: {printable(paths[0])}", hint)
        )
    heights, widths, is_gray = measured(paths)
    where: Any = folders[0] if len(folders) == 1 else list(folders)
    height, width = int(np.median(heights)), int(np.median(widths))
    has_one_size = len({*zip(heights, widths, strict=True)}) == 1
    about = {
        "used": [name],
        "kind": IMAGE,
        "shape": (height, width, 1 if is_gray else 3),
        "are_photos": not is_gray and (not has_one_size or min(height, width) >= 96),
        "has_image_files": True,
        "has_one_size": has_one_size,
        "are_pixels": True,
        "group": group_in_names([value.strip() for value in values]),
        "fact": f"`{printable(name)}` has image files, {'gray' if is_gray else 'in colour'}, "
        f"{'all' if has_one_size else 'median'} {height} x {width} (height x width)",
    }
    folder = {"folder": where} if any(folders) else {}
    return {"image": name, **folder, **resized(heights, widths), **({"color": "grayscale"} if is_gray else {})}, about


def _volumes(name: str, values: Sequence[str], files: ImageFolders) -> tuple[dict[str, Any], dict[str, Any]]:
    try:
        shape = np.load(files.path_of(values[0], []), mmap_mode="r", allow_pickle=False).shape
    except (OSError, ValueError) as error:
        raise DataError(Problem(f"{printable(values[0])} cannot be read: {error}")) from error
    shape = shape if len(shape) == len(VOLUME.AXES) else (*shape, 1)
    return {"volume": name}, {
        "used": [name],
        "kind": VOLUME,
        "shape": shape,
        "fact": f"`{printable(name)}` has volumes {list(shape)}",
    }


def _numbers(
    names: list[str], own: Mapping[str, list[str]], sample: SampledColumns
) -> tuple[dict[str, Any], dict[str, Any]]:
    low = min(float(sample.numbers[name].min()) for name in names)
    high = max(float(sample.numbers[name].max()) for name in names)
    series = _series(names)
    if series is None:
        # Training stops at cells without a number: such a column is left out where there are others.
        names = [name for name in names if not sample.has_gaps(name)] or names
        fact = f"{counted(len(names), 'column')} of numbers: {listed(map(printable, names))}"
        beside = list(own)
        are_side_by_side = len(names) > _SERIES and names == beside[beside.index(names[0]) :][: len(names)]
        return {"numbers": f"{names[0]}:{names[-1]}" if are_side_by_side else names}, {
            "used": names,
            "kind": NUMBERS,
            "shape": (len(names),),
            "is_scaled": False,
            "fact": fact,
        }
    word, count = series
    settings, about = _in_order(word, count, low, high)
    return {"numbers": word, **settings}, {"used": names, **about}


def _in_order(word: str, count: int, low: float, high: float, where: str = "") -> tuple[dict[str, Any], dict[str, Any]]:
    """Numbers in order: pixels of a square image, or a signal.

    Args:
        word: the columns.
        low: the least of them.
        high: the largest.
        where: they stand, for the fact.
    """
    side = math.isqrt(count)
    if side * side == count and low >= 0 and high <= 255 and side >= 8 and high > 1:
        fact = f"`{printable(word)}` {'has' if where else 'are'} {where}{count:,} pixels, images of {side} x {side}"
        shape = (side, side, 1)
        return {"shape": list(shape)}, {"kind": IMAGE, "shape": shape, "are_pixels": True, "fact": fact}
    fact = f"`{printable(word)}` {'has' if where else 'are'} {where}{count:,} values in order, a signal"
    about = {"kind": SIGNAL, "shape": (count, 1), "is_scaled": low >= -1 and high <= 1, "fact": fact}
    return {"shape": [count, 1]}, about


def _series(names: Sequence[str]) -> tuple[str, int] | None:
    """The glob and the length of most of the columns, where they have one name and consecutive numbers."""
    found: dict[str, list[str]] = {}
    for name in names:
        if match := re.fullmatch(r"(.*?)([0-9]+)", name):
            found.setdefault(match[1], []).append(name)
    prefix, members = max(found.items(), key=lambda each: len(each[1]), default=("", []))
    if len(members) < max(_SERIES, 0.9 * len(names)):
        return None
    ordered = in_natural_order(members)
    is_named = prefix and prefix != "c"  # not by their place
    return (f"{prefix}*" if is_named else f"{ordered[0]}:{ordered[-1]}"), len(members)
