"""A look at a table: which columns are inputs, labels, groups, weights and parts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from cnncli.data.part_names import PartWords
from cnncli.data.tables.column_selection import select
from cnncli.inputs.numbers import NUMBERS
from cnncli.messages import counted, listed, printable
from cnncli.recipe.targets import of as rules_of
from cnncli.scaffold.data_summary import DataSummary, group_fact, group_in_heads, target_scale
from cnncli.scaffold.table_format import open_with_format
from cnncli.scaffold.table_inputs import find_input
from cnncli.scaffold.table_labels import (
    FoundLabel,
    class_counts,
    find_label,
    is_filled,
    labels_fact,
    numbers_in_columns,
    read_labels,
    targets_for,
)
from cnncli.scaffold.table_layouts import refuse_inputs_alone, refuse_time_steps
from cnncli.scaffold.table_parts import tables_of_parts
from cnncli.scaffold.table_sample import SampledColumns, read_first_rows, with_reason

_WEIGHT = re.compile(r"(?i)(sample[_ ]?)?weights?|confidence")


def look_at(path: str, word: str, targets: str | None = None) -> DataSummary:
    """Look at the first rows of a table.

    Args:
        word: `csv`, `tsv` or `parquet`.
        targets: the word of `data.targets`; None: as the labels suggest.

    Raises:
        DataError: no column can be an input, or none a label; two columns have one name; training refuses the labels.
    """
    refuse_inputs_alone(path)
    table, text_format = open_with_format(path, word)
    columns = read_first_rows(table)
    left = dict(columns.values)
    part = next((name for name, values in left.items() if _are_parts(name, values)), None)
    left.pop(part or "", None)
    group = group_in_heads(left)
    own_group = left.pop(group or "", [])
    gaps_in_group = sum(not value.strip() for value in own_group)
    has_gaps, group = group if gaps_in_group else None, None if gaps_in_group else group
    weight = next(
        (n for n in left if _WEIGHT.fullmatch(n) and n in columns.numbers and columns.numbers[n].min() >= 0), None
    )
    left.pop(weight or "", None)
    found = find_label(left, columns, targets, has_names="header" not in text_format)
    label = found.columns
    own = {name: values for name, values in left.items() if name not in label}
    settings, about = find_input(own, label, columns)
    if about["kind"] is NUMBERS:
        refuse_time_steps(path, columns, label)
    settings = {**text_format, **settings, **found.settings}
    settings |= {"weight": weight} if weight else {}
    own_used = about.pop("used")
    pattern = about.pop("group", None)
    pattern = None if part or group else pattern
    kind_of_label = targets or targets_for(found, columns)
    select([name for name in [*label, *own_used, part, group, weight] if name], table.header, file=table.file)
    read_labels(found, kind_of_label, columns)
    classes = class_counts(found, columns) if rules_of(kind_of_label).STRATIFY else {}
    has_own_folder = settings.get("folder", "..") != ".."  # as a rule the images of other parts lie in other folders
    others = {} if part or has_own_folder else tables_of_parts(path, [*own_used, *label], text_format)
    source = {word: _escaped({"path": path, **others, **settings})}
    used = {*label, *own_used, part, group, weight}
    unused = [name for name in columns.values if name not in used]
    facts = [
        *(["The first line has no names of columns: they are called c0, c1, c2, …"] if "header" in text_format else []),
        f"{counted(columns.count, 'row')}: {about.pop('fact')}",
        labels_fact(found, kind_of_label, classes, columns),
        *(f"The {other} part is {printable(name)}" for other, name in others.items()),
        *([f"All rows with the same `{printable(group)}` come into one part"] if group and not part else []),
        *(
            [
                f"`{printable(has_gaps)}` could be a group, but {counted(gaps_in_group, 'cell')} "
                f"of it {'is' if gaps_in_group == 1 else 'are'} empty"
            ]
            if has_gaps and not part
            else []
        ),
        *([group_fact(pattern, columns.values[own_used[0]])] if pattern else []),
        *([f"`{printable(weight)}` is the weight of each example in the loss"] if weight else []),
        *_without_class(found, kind_of_label, columns),
        *_gaps(used if not found.values else used - {*label}, columns),
        *([f"Columns that are not used: {listed(with_reason(name, columns) for name in unused)}"] if unused else []),
    ]
    return DataSummary(
        source=source,
        targets=kind_of_label,
        classes=classes,
        examples=columns.count,
        parts=("train", *others),
        split_column=part,
        group=None if part else group or pattern,
        facts=facts,
        outputs=len(label),
        target_scale=target_scale(numbers_in_columns(label, columns)) if rules_of(kind_of_label).NO_CLASSES else None,
        **about,
    )


def _without_class(found: FoundLabel, targets: str, columns: SampledColumns) -> Iterator[str]:
    """How many rows have no class, in words that are no numbers."""
    if rules_of(targets).STRATIFY and len(found.columns) == 1 and found.columns[0] not in columns.numbers:
        count = sum(not is_filled(value) for value in columns.values[found.columns[0]])
        if count:
            are = "cell is" if count == 1 else "cells are"
            name = printable(found.columns[0])
            yield f"{count:,} {are} empty or NaN in `{name}`: training stops there and names the lines"


def _gaps(used: Iterable[str | None], columns: SampledColumns) -> Iterator[str]:
    """The columns of numbers that a recipe uses although some of their cells have none."""
    for name in columns.numbers:
        if name in used and columns.has_gaps(name):
            count = len(columns.values[name]) - len(columns.numbers[name])
            yield f"`{printable(name)}` has {counted(count, 'cell')} without a number: training stops there and names the lines"


def _are_parts(name: str, values: Sequence[str]) -> bool:
    """Whether a column says the part of each row."""
    words = PartWords.of(name)
    parts = {words.part_of(word) for word in set(values)}
    return None not in parts and "train" in parts and len(parts) > 1


def _escaped(value: Any) -> Any:
    """A dollar sign would begin a name of the recipe language."""
    if isinstance(value, dict):
        return {key: _escaped(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_escaped(item) for item in value]
    return value.replace("$", "$$") if isinstance(value, str) else value
