"""A look at a table: which columns are inputs, labels, groups, weights and parts."""

from __future__ import annotations

import math
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cnncli.data.part_names import PartWords
from cnncli.data.tables.column_selection import in_natural_order, select
from cnncli.data.tables.label_cells import without_decimals
from cnncli.data.tables.table_file import TableFile
from cnncli.data.tables.wrong_lines import WrongLines
from cnncli.data.targets import targets_of
from cnncli.errors import DataError, Problem
from cnncli.inputs.image import IMAGE
from cnncli.inputs.numbers import NUMBERS
from cnncli.inputs.signal import SIGNAL
from cnncli.inputs.text import TEXT
from cnncli.inputs.volume import VOLUME
from cnncli.messages import counted, listed, printable, shortened
from cnncli.recipe.targets import of as rules_of
from cnncli.scaffold.data_summary import DataSummary, group_in_heads, target_scale
from cnncli.scaffold.image_columns import ImageFolders
from cnncli.scaffold.image_summary import measured, resized, some
from cnncli.scaffold.table_format import open_with_format
from cnncli.scaffold.table_parts import tables_of_parts

_LOOKED_AT = 20_000  # rows
_NUMBERS = 0.95  # of the cells of a column of numbers
_MOST_CLASSES = 200
_SERIES = 16  # columns with one name and consecutive numbers are a signal
_WORDS = 2.5  # a column with more words in a cell, on average, is text
_IMAGES = re.compile(r"(?i)\.(jpe?g|png|bmp|gif|webp|tiff?|avif|heic|heif)$")
_VOLUMES = re.compile(r"(?i)\.npy$")
_LABEL = re.compile(
    r"(?i)y|output|dx|(.*[_ .-])?(labels?|class|classes|targets?|category|tags?|species|breed|diagnosis|sentiment|emotion"
    r"|activity|grade|outcome)([_ .-]?(id|index|idx|code|name))?"
)
_WEIGHT = re.compile(r"(?i)(sample[_ ]?)?weights?|confidence")
_IDENTITY = re.compile(r"(?i)|unnamed.*|(.*[_ .-])?(id|index|idx|nr|no|row|key|uuid)")
_SEPARATORS = ("|", ";", ",", " ")
_OTHER_FILES = re.compile(r"(?i)\.(wav|mp3|flac|ogg|m4a|mp4|avi|mov|dcm|nii|nii\.gz|edf|mat)$")


@dataclass(frozen=True)
class _Columns:
    """The first rows of a table by column, and how many rows there are.

    Attributes:
        values: the cells of each column.
        numbers: of each column of numbers those that are finite; training names the lines of other cells.
        count: of all rows.
        images: the files beside the table.
    """

    values: Mapping[str, list[str]]
    numbers: Mapping[str, np.ndarray]
    count: int
    images: ImageFolders


def look_at(path: str, word: str, targets: str | None = None) -> DataSummary:
    """Look at the first rows of a table.

    Args:
        word: `csv`, `tsv` or `parquet`.
        targets: the word of `data.targets`; None: as the labels suggest.

    Raises:
        DataError: no column can be an input, or none a label; two columns have one name; training refuses the labels.
    """
    table, text_format = open_with_format(path, word)
    columns = _read(table)
    left = dict(columns.values)
    part = next((name for name, values in left.items() if _are_parts(name, values)), None)
    left.pop(part or "", None)
    group = group_in_heads(left)
    left.pop(group or "", None)
    weight = next(
        (n for n in left if _WEIGHT.fullmatch(n) and n in columns.numbers and columns.numbers[n].min() >= 0), None
    )
    left.pop(weight or "", None)
    label, separator = _label(left, columns, targets, has_names="header" not in text_format)
    own = {name: values for name, values in left.items() if name not in label}
    settings, about = _input(own, label, columns)
    settings = {**text_format, **settings, "label": label[0] if len(label) == 1 else list(label)}
    settings |= {"separator": separator} if separator else {}
    settings |= {"weight": weight} if weight else {}
    own_used = about.pop("used")
    kind_of_label = targets or _targets_of(label, separator, columns)
    select([name for name in [*label, *own_used, part, group, weight] if name], table.header, file=table.file)
    _read_labels(label, separator, kind_of_label, columns)
    words = [value.strip() for value in columns.values[label[0]] if value.strip()]
    names = dict(zip(dict.fromkeys(words), without_decimals(list(dict.fromkeys(words))), strict=True))
    classes = Counter(names[word] for word in words) if rules_of(kind_of_label).STRATIFY else {}
    has_own_folder = settings.get("folder", "..") != ".."  # as a rule the images of other parts lie in other folders
    others = {} if part or has_own_folder else tables_of_parts(path, [*own_used, *label], text_format)
    source = {word: _escaped({"path": path, **others, **settings})}
    used = {*label, *own_used, part, group, weight}
    unused = [name for name in columns.values if name not in used]
    facts = [
        *(["The first line has no names of columns: they are called c0, c1, c2, …"] if "header" in text_format else []),
        f"{counted(columns.count, 'row')}: {about.pop('fact')}",
        _labels_fact(label, separator, kind_of_label, classes, columns),
        *(f"The {other} part is {printable(name)}" for other, name in others.items()),
        *([f"All rows with the same `{printable(group)}` come into one part"] if group and not part else []),
        *([f"`{printable(weight)}` is the weight of each example in the loss"] if weight else []),
        *_gaps(used, columns),
        *([f"Columns that are not used: {listed(_with_reason(name, columns) for name in unused)}"] if unused else []),
    ]
    return DataSummary(
        source=source,
        targets=kind_of_label,
        classes=classes,
        examples=columns.count,
        parts=("train", *others),
        split_column=part,
        group=None if part else group,
        facts=facts,
        outputs=len(label),
        target_scale=target_scale(_numbers_in(label, columns)) if rules_of(kind_of_label).NO_CLASSES else None,
        **about,
    )


def _labels_fact(
    label: Sequence[str], separator: str, targets: str, classes: Mapping[str, int], columns: _Columns
) -> str:
    """What the labels are, as a sentence."""
    shown = listed((f"`{name}`" for name in label), 8)
    if separator:
        tags = Counter(tag.strip() for value in columns.values[label[0]] for tag in value.split(separator))
        most = listed(f"{shortened(tag)} {count:,}" for tag, count in tags.most_common() if tag)
        return f"Each cell of {shown} has any number of labels, with `{separator}` between them: {most}"
    if classes:
        return (
            f"The label is {shown}: {listed(f'{shortened(name)} {count:,}' for name, count in sorted(classes.items()))}"
        )
    if not rules_of(targets).NO_CLASSES:
        return f"The labels are the columns {shown}, with 0 and 1"
    numbers = _numbers_in(label, columns)
    span = f", from {numbers.min():,g} to {numbers.max():,g}" if len(numbers) else ""
    return f"The {'label is' if len(label) == 1 else 'labels are'} {shown}, numbers{span}"


def _numbers_in(names: Iterable[str], columns: _Columns) -> np.ndarray:
    return np.concatenate([columns.numbers.get(name, np.zeros(0)) for name in names])


def _gaps(used: Iterable[str | None], columns: _Columns) -> Iterator[str]:
    """The columns of numbers that a recipe uses although some of their cells have none."""
    for name in columns.numbers:
        if name in used and (count := len(columns.values[name]) - len(columns.numbers[name])):
            yield f"`{printable(name)}` has {counted(count, 'cell')} without a number: training stops there and names the lines"


def _with_reason(name: str, columns: _Columns) -> str:
    """A column that is not used, with the reason where the cells without a number are that."""
    if name in columns.numbers or not name:
        return name or "one without a name"
    filled = [value for value in columns.values[name] if value.strip()]
    empty = len(columns.values[name]) - len(filled)
    is_number = bool(filled) and _as_numbers(filled) is not None
    return f"{name} ({counted(empty, 'empty cell')})" if is_number and empty else name


def _read(table: TableFile) -> _Columns:
    wrong, cells, count = WrongLines(), list[Sequence[Any]](), 0
    for rows in table.rows(wrong):
        count += len(rows.cells)
        cells += rows.cells[: max(0, _LOOKED_AT - len(cells))]
    if not cells:
        wrong.refuse()
        raise DataError(Problem(f"{table.file} has no rows"))
    values = {
        name: ["" if row[place] is None else str(row[place]) for row in cells]
        for place, name in enumerate(table.header)
    }
    numbers = {name: found for name, own in values.items() if (found := _as_numbers(own)) is not None}
    return _Columns(values, numbers, count, ImageFolders(os.path.dirname(table.path)))


def _as_numbers(values: Sequence[str]) -> np.ndarray | None:
    """The finite numbers of a column; None where too many cells are empty or something else."""
    found = np.array([_as_number(value) for value in values])
    known = found[np.isfinite(found)]
    return known if len(known) >= _NUMBERS * len(found) > 0 else None


def _as_number(value: str) -> float:
    try:
        return float(value)
    except ValueError:
        return math.nan


def _are_parts(name: str, values: Sequence[str]) -> bool:
    """Whether a column says the part of each row."""
    words = PartWords.of(name)
    parts = {words.part_of(word) for word in set(values)}
    return None not in parts and "train" in parts and len(parts) > 1


# ---- labels ------------------------------------------------------------------------------------------------------------


def _label(
    left: Mapping[str, list[str]], columns: _Columns, targets: str | None, *, has_names: bool
) -> tuple[list[str], str]:
    """The columns of the labels, and what separates several in one cell.

    Args:
        has_names: whether the columns have names; else the label is as often the first as the last column.

    Raises:
        DataError: no column looks like a label.
    """
    may_be_classes = targets is None or not rules_of(targets).NO_CLASSES
    named = [name for name in left if _LABEL.fullmatch(name)]
    for name in named:
        if may_be_classes and (separator := _separator(left[name])):
            return [name], separator
    if named:
        return named[-1:], ""
    inputs = [name for name, values in left.items() if _is_input(values) or columns.images.of_names(values)]
    flags = [name for name in left if name in columns.numbers and set(np.unique(columns.numbers[name])) <= {0, 1}]
    if inputs and len(flags) > 1 and may_be_classes:
        return flags, ""
    words = [name for name, values in left.items() if name not in columns.numbers and _are_classes(values)]
    if words and may_be_classes:
        return words[-1:], ""
    last = [name for name in left if name in columns.numbers and not _IDENTITY.fullmatch(name)]
    if last and (inputs or len(last) > 1):
        ends = [] if has_names or not may_be_classes else [last[-1], last[0]]
        return next(([name] for name in ends if _is_class_number(name, columns)), last[-1:]), ""
    hint = (
        f"its columns: {listed(columns.values, 12)}\nwrite the recipe by hand: `source: {{csv: {{path: …, label: …}}}}`"
    )
    raise DataError(Problem("no column looks like a label", hint))


def _read_labels(label: Sequence[str], separator: str, targets: str, columns: _Columns) -> None:
    """Read the labels as training does.

    Raises:
        DataError: training refuses them, for example one class only.
    """
    kind = targets_of(targets)
    cells = kind.label_cells(label, separator or None)
    rows = [row for row in zip(*(columns.values[name] for name in label), strict=True) if all(map(str.strip, row))]
    cells.add(range(len(rows)), rows, lambda line, message: None)  # training names the lines of wrong cells
    kind.of_cells(cells, None)


def _is_class_number(name: str, columns: _Columns) -> bool:
    numbers = columns.numbers[name]
    is_whole = bool((numbers == np.round(numbers)).all())
    return is_whole and _are_classes(columns.values[name]) and bool(np.ptp(numbers) < _MOST_CLASSES / 2)


def _separator(values: Sequence[str]) -> str:
    for sign in _SEPARATORS:
        several = [value for value in values if sign in value.strip()]
        tags = Counter(tag.strip() for value in values for tag in value.split(sign))
        if sign == " " and len(tags) >= len(set(values)):  # names of two words, such as New York
            continue
        if len(several) >= 0.1 * len(values) and len(tags) <= _MOST_CLASSES and len(tags) < len(values) / 2:
            return sign
    return ""


def _are_classes(values: Sequence[str]) -> bool:
    different = len(set(values))
    return 1 < different <= min(_MOST_CLASSES, max(2, len(values) // 3)) and not _is_input(values)


def _targets_of(label: Sequence[str], separator: str, columns: _Columns) -> str:
    if separator:
        return "multilabel"
    numbers = [columns.numbers.get(name) for name in label]
    if len(label) > 1:
        are_flags = all(own is not None and set(np.unique(own)) <= {0, 1} for own in numbers)
        return "multilabel" if are_flags else "numbers"
    return "classes" if numbers[0] is None or _is_class_number(label[0], columns) else "numbers"


# ---- inputs ------------------------------------------------------------------------------------------------------------


def _is_input(values: Sequence[str]) -> bool:
    return _share(_IMAGES, values) or _share(_VOLUMES, values) or _is_text(values)


def _share(pattern: re.Pattern[str], values: Sequence[str]) -> bool:
    return sum(bool(pattern.search(value.strip())) for value in values) >= 0.9 * len(values)


def _is_text(values: Sequence[str]) -> bool:
    return float(np.mean([len(value.split()) for value in values])) > _WORDS and len(set(values)) > len(values) / 3


def _input(
    own: Mapping[str, list[str]], label: Sequence[str], columns: _Columns
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The settings of the only input, and what `DataSummary` gets of it.

    Raises:
        DataError: no column can be an input, or none of the images is there.
    """
    for name, values in own.items():
        folders = columns.images.of_names(values)
        if _share(_IMAGES, values) or folders:
            return _images(name, values, folders or [], columns.images)
        if _share(_VOLUMES, values):
            return _volumes(name, values, columns.images)
    numeric = [name for name in own if name in columns.numbers and not _IDENTITY.fullmatch(name)]
    numeric = [name for name in numeric if not _are_the_same(columns.values[name], columns.values[label[0]])]
    for name, values in own.items():
        if _share(_OTHER_FILES, values) and len(numeric) < _SERIES:
            ending = os.path.splitext(values[0].strip())[1]
            hint = "make images or arrays of them: docs/public-data-sets.md has an example for sounds"
            raise DataError(Problem(f"`{printable(name)}` names {ending} files, which are not read", hint))
    for name in sorted(own, key=lambda name: -sum(map(len, own[name]))):  # the longest texts first
        values = own[name]
        if _is_text(values):
            lengths = [len(value.split()) for value in values]
            length = int(np.percentile(lengths, 95))
            fact = f"`{printable(name)}` has sentences, 95% of at most {counted(length, 'word')}"
            return {"text": name}, {"used": [name], "kind": TEXT, "shape": (), "length": length, "fact": fact}
    if not numeric:
        hint = f"its columns: {listed(columns.values, 12)}"
        raise DataError(Problem("no column has images, text or numbers", hint))
    return _numbers(numeric, own, columns)


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
    names: list[str], own: Mapping[str, list[str]], columns: _Columns
) -> tuple[dict[str, Any], dict[str, Any]]:
    low = min(float(columns.numbers[name].min()) for name in names)
    high = max(float(columns.numbers[name].max()) for name in names)
    is_scaled = low >= -1 and high <= 1
    series = _series(names)
    if series is None:
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
    side = math.isqrt(count)
    if side * side == count and low >= 0 and high <= 255 and side >= 8 and high > 1:
        fact = f"`{printable(word)}` are {count} pixels, images of {side} x {side}"
        shape = (side, side, 1)
        return {"numbers": word, "shape": list(shape)}, {
            "used": names,
            "kind": IMAGE,
            "shape": shape,
            "are_pixels": True,
            "fact": fact,
        }
    fact = f"`{printable(word)}` are {count} values in order, a signal"
    return (
        {"numbers": word, "shape": [count, 1]},
        {"used": names, "kind": SIGNAL, "shape": (count, 1), "is_scaled": is_scaled, "fact": fact},
    )


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


def _escaped(value: Any) -> Any:
    """A dollar sign would begin a name of the recipe language."""
    if isinstance(value, dict):
        return {key: _escaped(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_escaped(item) for item in value]
    return value.replace("$", "$$") if isinstance(value, str) else value
