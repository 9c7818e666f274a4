"""Find the labels of a table: which columns, and what their cells mean."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from cnncli.data.tables.label_cells import ReplacedLabels, without_decimals
from cnncli.data.targets import targets_of
from cnncli.errors import DataError, Problem
from cnncli.messages import listed, shortened
from cnncli.recipe.targets import of as rules_of
from cnncli.scaffold.table_inputs import IDENTITY, is_input
from cnncli.scaffold.table_sample import SampledColumns, as_number

_MOST_CLASSES = 200
_LABEL = re.compile(
    r"(?i)y|output|dx|survived|churn(ed)?|(.*[_ .-])?(labels?|class|classes|targets?|category|tags?|species|breed|diagnosis"
    r"|sentiment|emotion|activity|grade|outcome)([_ .-]?(id|index|idx|code|name))?"
)
_SEPARATORS = ("|", ";", ",", " ")


@dataclass(frozen=True)
class FoundLabel:
    """The columns of the labels.

    Attributes:
        columns: their names.
        separator: what separates several labels in one cell; empty where a cell has one.
        values: `label_values` of the source: what cells mean that are not 0 or 1.
    """

    columns: Sequence[str]
    separator: str = ""
    values: Mapping[str, int] = field(default_factory=dict)

    @property
    def settings(self) -> dict[str, Any]:
        """As the source says them."""
        return {
            "label": self.columns[0] if len(self.columns) == 1 else list(self.columns),
            **({"separator": self.separator} if self.separator else {}),
            **({"label_values": dict(self.values)} if self.values else {}),
        }


def find_label(
    left: Mapping[str, list[str]], sample: SampledColumns, targets: str | None, *, has_names: bool
) -> FoundLabel:
    """Find the columns of the labels.

    Args:
        left: the columns that mean nothing else.
        targets: the word of `data.targets`; None: any.
        has_names: whether the columns have names; else the label is as often the first as the last column.

    Raises:
        DataError: no column looks like a label.
    """
    may_be_classes = targets is None or not rules_of(targets).NO_CLASSES
    named = [name for name in left if _LABEL.fullmatch(name)]
    for name in named:
        if may_be_classes and (separator := _separator(left[name])):
            return FoundLabel([name], separator)
    if named:
        return FoundLabel(named[-1:])
    inputs = [name for name, values in left.items() if is_input(name, values) or sample.images.of_names(values)]
    flags = [name for name, values in left.items() if _flags_in(values)]
    if inputs and len(flags) > 1 and may_be_classes:
        others = sorted({cell for name in flags for cell in _flags_in(left[name])} - {"0", "1"})
        return FoundLabel(flags, values=dict.fromkeys(others, 0))
    words = [n for n, values in left.items() if n not in sample.numbers and _are_classes(n, values)]
    if words and may_be_classes:
        return FoundLabel(words[-1:])
    last = [name for name in left if name in sample.numbers and not IDENTITY.fullmatch(name)]
    if last and (inputs or len(last) > 1):
        ends = [] if has_names or not may_be_classes else [last[-1], last[0]]
        return FoundLabel(next(([name] for name in ends if _is_class_number(name, sample)), last[-1:]))
    hint = (
        f"its columns: {listed(sample.values, 12)}\nwrite the recipe by hand: `source: {{csv: {{path: …, label: …}}}}`"
    )
    raise DataError(Problem("no column looks like a label", hint))


def _flags_in(values: Sequence[str]) -> set[str]:
    """The different cells of a column of 0 and 1, in which others may be empty or -1; nothing where it is none."""
    cells = {cell and f"{as_number(cell):g}" for cell in map(str.strip, set(values))}
    return cells if "1" in cells and cells <= {"0", "1", "-1", ""} else set()


def is_filled(value: str) -> bool:
    """Whether a cell of a label has a class."""
    return value.strip().lower() not in ("", "nan")


def class_counts(label: FoundLabel, sample: SampledColumns) -> Counter[str]:
    """The number of examples of each class."""
    if len(label.columns) > 1:
        return Counter({name: int((sample.numbers[name] == 1).sum()) for name in label.columns})
    words = [value.strip() for value in sample.values[label.columns[0]] if is_filled(value)]
    names = dict(zip(dict.fromkeys(words), without_decimals(list(dict.fromkeys(words))), strict=True))
    return Counter(names[word] for word in words)


def read_labels(label: FoundLabel, targets: str, sample: SampledColumns) -> None:
    """Read the labels as training does.

    Raises:
        DataError: training refuses them, for example one class only.
    """
    kind = targets_of(targets)
    cells = kind.label_cells(label.columns, label.separator or None)
    rows = list(zip(*(sample.values[name] for name in label.columns), strict=True))
    if "" not in label.values:
        rows = [row for row in rows if all(map(is_filled, row))]
    reader = ReplacedLabels(cells, label.values)
    reader.add(range(len(rows)), rows, lambda line, message: None)  # training names the lines of wrong cells
    kind.of_cells(cells, None)


def _is_class_number(name: str, sample: SampledColumns) -> bool:
    numbers = sample.numbers[name]
    is_whole = bool((numbers == np.round(numbers)).all())
    return is_whole and _are_classes(name, sample.values[name]) and bool(np.ptp(numbers) < _MOST_CLASSES / 2)


def _separator(values: Sequence[str]) -> str:
    for sign in _SEPARATORS:
        several = [value for value in values if sign in value.strip()]
        tags = Counter(tag.strip() for value in values for tag in value.split(sign))
        if sign == " " and len(tags) >= len(set(values)):  # names of two words, such as New York
            continue
        if len(several) >= 0.1 * len(values) and len(tags) <= _MOST_CLASSES and len(tags) < len(values) / 2:
            return sign
    return ""


def _are_classes(name: str, values: Sequence[str]) -> bool:
    different = len(set(values))
    return 1 < different <= min(_MOST_CLASSES, max(2, len(values) // 3)) and not is_input(name, values)


def targets_for(label: FoundLabel, sample: SampledColumns) -> str:
    """The word of `data.targets` that labels suggest."""
    if label.separator or label.values:
        return "multilabel"
    if len(label.columns) > 1:
        cells = [sample.values[name] for name in label.columns]
        if not all(map(_flags_in, cells)):
            return "numbers"
        rows = zip(*([as_number(cell) for cell in own] for own in cells), strict=True)
        return "classes" if all(sum(row) == 1 for row in rows) else "multilabel"
    [name] = label.columns
    return "classes" if name not in sample.numbers or _is_class_number(name, sample) else "numbers"


def labels_fact(label: FoundLabel, targets: str, classes: Mapping[str, int], sample: SampledColumns) -> str:
    """What the labels are, as a sentence."""
    shown = listed((f"`{name}`" for name in label.columns), 8)
    if label.separator:
        cells = sample.values[label.columns[0]]
        tags = Counter(tag.strip() for value in cells for tag in value.split(label.separator))
        most = listed(f"{shortened(tag)} {count:,}" for tag, count in tags.most_common() if tag)
        return f"Each cell of {shown} has any number of labels, with `{label.separator}` between them: {most}"
    if classes and len(label.columns) > 1:
        return f"Each column of {shown} is a class, and one of them is 1 in each row"
    if classes:
        return (
            f"The label is {shown}: {listed(f'{shortened(name)} {count:,}' for name, count in sorted(classes.items()))}"
        )
    if label.values:
        others = " and ".join(
            "-1 (uncertain)" if cell else "empty cells" for cell in sorted(label.values, reverse=True)
        )
        return f"The labels are the columns {shown}, with 0 and 1; {others} count as 0: see `label_values`"
    if not rules_of(targets).NO_CLASSES:
        return f"The labels are the columns {shown}, with 0 and 1"
    numbers = numbers_in_columns(label.columns, sample)
    span = f", from {numbers.min():,g} to {numbers.max():,g}" if len(numbers) else ""
    return f"The {'label is' if len(label.columns) == 1 else 'labels are'} {shown}, numbers{span}"


def numbers_in_columns(names: Iterable[str], sample: SampledColumns) -> np.ndarray:
    """All finite numbers of some columns."""
    return np.concatenate([sample.numbers.get(name, np.zeros(0)) for name in names])
