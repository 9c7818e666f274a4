"""The summary of a network as a table for a terminal of any width, with its totals."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from rich.text import Text

from cnncli.cli import console, wrapping
from cnncli.messages import counted, listed, printable, shortened
from cnncli.network.budget import gigabytes
from cnncli.network.connect import shape_text
from cnncli.network.outline import Row, without_prefix
from cnncli.network.receptive_field import Field
from cnncli.network.row_text import kind_with_detail
from cnncli.network.summary import Summary
from cnncli.recipe.layers import snake_case


@dataclass(frozen=True)
class _Form:
    """How much a table shows, so that it fits the terminal.

    Attributes:
        details: kernel sizes and the like beside the class.
        classes: the class of every layer; else only where the layer's name does not say it.
        memory: the column of that name.
        prefixes: layers in an opened block with their full names.
        sources: letters of the column `from`.
        longest: letters of the first column.
    """

    details: bool = True
    classes: bool = True
    memory: bool = True
    prefixes: bool = True
    sources: int = 60
    longest: int = 200


_FULL = _Form()
_PLAIN = replace(_FULL, details=False, sources=30)
_BRIEF = replace(_PLAIN, classes=False, sources=18)
_BARE = replace(_BRIEF, memory=False, prefixes=False)
# From the widest to the narrowest; the first that fits is shown.
_FORMS = (
    _FULL,
    replace(_FULL, sources=30),
    _PLAIN,
    replace(_PLAIN, sources=18),
    _BRIEF,
    replace(_BRIEF, memory=False),
    _BARE,
    *(replace(_BARE, longest=length, sources=max(10, length // 2)) for length in range(40, 10, -2)),
)


@dataclass(frozen=True)
class _Column:
    title: str
    cells: Sequence[Text]
    right: bool = True

    @cached_property
    def width(self) -> int:
        return max(cell.cell_len for cell in [Text(self.title), *self.cells])


def show(found: Summary, shown: Sequence[Row], *, verbose: bool) -> None:
    """Print the table and the totals on stdout.

    Args:
        shown: the rows, with their blocks closed or opened.
        verbose: with the strides of the receptive fields.
    """
    out = console.stdout()
    # Into a file or a pipe goes everything; a terminal, or who says so with COLUMNS, has a width.
    width = out.width if out.is_terminal or "COLUMNS" in os.environ else 10_000
    for form in _FORMS:
        columns = _columns(found, shown, form, verbose=verbose)
        is_table = sum(column.width + 2 for column in columns) - 2 <= width
        if is_table:
            break
    if is_table:
        out.print(_side_by_side([Text(column.title, style="bold") for column in columns], columns))
    before: tuple[str, ...] = ()
    for index, row in enumerate(shown):
        for heading in _headings(found, before, row, form):
            out.print(heading)
        before = row.within
        cells = [column.cells[index] for column in columns]
        for line in [_side_by_side(cells, columns)] if is_table else _stacked(row, cells, columns):
            out.print(line)
    out.print()
    for line in _totals(found):
        out.print(line)


def _stacked(row: Row, cells: Sequence[Text], columns: Sequence[_Column]) -> Iterator[Text]:
    """A layer on several lines, for a terminal too narrow for a table: its name, then each number with its title."""
    indent = "  " * len(row.within)
    kind = _class_text(row, _BRIEF)
    name = f"{row.names}  {kind}".rstrip()
    name = wrapping.with_units(name) if row.repeat else name
    yield from wrapping.wrapped(name, indent=len(indent), hanging=len(indent) + 2, style="bold")
    facts = [
        wrapping.held(f"{column.title} {cell.plain}", indent=len(indent) + 2)
        for column, cell in list(zip(columns, cells, strict=True))[1:]
        if cell.plain not in ("", "0")
    ]
    yield from wrapping.wrapped("  ".join(facts), indent=len(indent) + 2, style="dim")


def _headings(found: Summary, before: tuple[str, ...], row: Row, form: _Form) -> Iterator[Text]:
    """A line for every group that is opened here."""
    groups = {group.name: group for group in found.groups}
    within = row.within
    ends = row.repeat.groups if row.repeat else {}
    for level, name in enumerate(within):
        if within[: level + 1] != before[: level + 1]:
            shown = _middle(_name(name, within[:level], form), form.longest)
            what = _group_text(name, groups[name].kind, len(groups[name].layers), form)
            if row.repeat and name in ends:
                shown = f"{shown} … {_middle(_name(ends[name], within[:level], form), form.longest)}"
                what = f"{what}, {row.repeat}"
            yield Text("  " * level) + Text(shown, style="bold") + Text(f"  {what}", style="not bold dim")


def _side_by_side(cells: Sequence[Text], columns: Sequence[_Column]) -> Text:
    line = Text()
    for column, cell in zip(columns, cells, strict=True):
        padding = Text(" " * (column.width - cell.cell_len))
        line = line + (padding + cell if column.right else cell + padding) + Text("  ")
    line.rstrip()
    return line


def _columns(found: Summary, shown: Sequence[Row], form: _Form, *, verbose: bool) -> list[_Column]:
    columns = _names(shown, form)
    # Only where something takes another layer than the one before it.
    if any(row.inputs != (index - 1,) for index, row in enumerate(shown) if index):
        sources = [_sources(index, shown, form) for index in range(len(shown))]
        columns.append(_Column("from", [Text(source, style="dim") for source in sources], right=False))

    def add(title: str, cell: Callable[[Row], str]) -> None:
        texts = [cell(row) for row in shown]
        columns.append(_Column(title, [Text(text, style="dim" if text == "0" else "") for text in texts]))

    add("output", lambda row: shape_text(row.output_shape, is_input=row.kind == "InputLayer"))
    add("params", lambda row: f"{row.params:,}")
    if any(row.params and not row.trainable_params for row in shown):
        add("trainable", lambda row: f"{row.trainable_params:,}")
    add("mult-adds", lambda row: "?" if row.multiply_adds is None else short_count(row.multiply_adds))
    if found.layers[0].field is not None:
        add("field", lambda row: _field_text(row.field))
        if verbose:
            add("stride", lambda row: _stride_text(row.field))
    if form.memory:
        add("memory", lambda row: memory_text(found.bytes_of(row.activations)))
    return columns


def _names(shown: Sequence[Row], form: _Form) -> list[_Column]:
    """The names and classes: two columns, or one in which the class follows where the name does not say it."""
    indents = ["  " * len(row.within) for row in shown]
    names = [
        Text(indent + _middle(_names_text(row, form), form.longest - len(indent)))
        for indent, row in zip(indents, shown, strict=True)
    ]
    classes = [_class_text(row, form) for row in shown]
    if form.classes:
        kinds = [Text(kind, style="dim") for kind in classes]
        return [_Column("layer", names, right=False), _Column("class", kinds, right=False)]
    # Beside a name that fills the column there is no room for its class.
    beside = [bool(kind) and name.cell_len + 10 <= form.longest for name, kind in zip(names, classes, strict=True)]
    widest = max((name.cell_len for name, has in zip(names, beside, strict=True) if has), default=0)
    room = form.longest - widest - 2
    both = [
        name + Text(" " * (widest - name.cell_len + 2)) + Text(_in_room(kind, room), style="dim") if has else name
        for name, kind, has in zip(names, classes, beside, strict=True)
    ]
    return [_Column("layer", both, right=False)]


def _in_room(kind: str, room: int) -> str:
    """A class, or of `inception, 8 layers` the part that fits."""
    parts = [kind, kind.rpartition(", ")[2], kind.partition(", ")[0]]
    return next((part for part in parts if len(part) <= room), shortened(kind, room))


def _name(name: str, within: Sequence[str], form: _Form) -> str:
    return printable(name if form.prefixes else without_prefix(name, within))


def _middle(text: str, longest: int) -> str:
    """A text without its middle where it is too long: its end tells it from others."""
    longest = max(8, longest)
    tail = longest * 3 // 5
    return text if len(text) <= longest else f"{text[: longest - tail - 1]}…{text[-tail:]}"


def _names_text(row: Row, form: _Form) -> str:
    """A row's name; of repeated rows the first and the last, unless a heading has their groups."""
    name = _name(row.name, row.within, form)
    if row.repeat is None or row.repeat.groups:
        return name
    return f"{name} … {_name(row.repeat.last, row.within, form)}"


def _class_text(row: Row, form: _Form) -> str:
    """What a row is, and how often."""
    often = str(row.repeat) if row.repeat and not row.repeat.groups else ""
    return ", ".join(filter(None, (_kind_text(row, form), often)))


def _kind_text(row: Row, form: _Form) -> str:
    if row.is_group:
        text = _group_text(row.name, row.kind, row.layer_count, form)
        return f"{text}, {row.detail}" if row.detail and form.details else text
    if not form.classes and _says(row.name, "input" if row.kind == "InputLayer" else snake_case(row.kind)):
        return ""
    return kind_with_detail(row.kind, row.detail) if form.details else row.kind


def _group_text(name: str, kind: str, layer_count: int, form: _Form) -> str:
    said = not kind or (not form.classes and _says(name, kind))
    return counted(layer_count, "layer") if said else f"{kind}, {counted(layer_count, 'layer')}"


def _says(name: str, kind: str) -> bool:
    """Whether a name is the one that is given by itself: `3a_conv2d_1` says `conv2d`."""
    return re.search(rf"(^|_){re.escape(kind)}(_\d+)?$", name) is not None


def _sources(index: int, shown: Sequence[Row], form: _Form) -> str:
    """What a row takes, where that is not the row before it: as many names as fit, and how many more there are."""
    row = shown[index]
    if row.inputs in ((index - 1,), ()):
        return ""
    names = [_middle(_source_text(shown[source], row, form), form.sources) for source in row.inputs]
    fitting = max([count for count in range(1, len(names) + 1) if len(", ".join(names[:count])) <= form.sources] or [1])
    return ", ".join(names[:fitting]) + (f" +{len(names) - fitting}" if fitting < len(names) else "")


def _source_text(source: Row, row: Row, form: _Form) -> str:
    """The name of a row that another takes; within repeated groups that of the first time."""
    return _name(source.name if source.within == row.within else source.names, row.within, form)


def _field_text(field: Field | None) -> str:
    return "–" if field is None else "all" if field.whole else _sides(field.pixels)


def _stride_text(field: Field | None) -> str:
    return "" if field is None or field.whole else _sides([f"{float(step):g}" for step in field.stride])


def _sides(values: Sequence[Any]) -> str:
    """`14` where all sides are alike, else `14x3`."""
    return str(values[0]) if len(set(values)) == 1 else "x".join(map(str, values))


# ---- the totals ----------------------------------------------------------------------------------------------------------


def _totals(found: Summary) -> Iterator[Text]:
    pairs = [
        ("parameters", f"{found.params:,}  ({memory_text(found.weight_bytes)} in float32)"),
        ("trainable", _trainable_text(found)),
        ("multiply-adds", f"{found.multiply_adds:,}  (for one example)"),
        ("activations", f"{memory_text(found.activation_bytes)}  (batch size {found.batch_size:,}, float32)"),
        ("training", f"about {memory_text(found.training_bytes)}  (weights, gradients, optimizer and activations)"),
    ]
    if found.not_counted:
        pairs.append(("not counted", f"multiply-adds of {listed(found.not_counted)}"))
    if found.placeholders:
        text = "computed for 2 classes; set the number: --set data.classes=N"
        pairs.append(("placeholder", f"{listed(found.placeholders)}: {text}"))
    return wrapping.pairs(pairs, 15)


def _trainable_text(found: Summary) -> str:
    phases = [f"{phase.trainable_params:,} in {phase.name}" for phase in found.phases if phase.name]
    return ", ".join(phases) or f"{found.trainable_params:,}"


def short_count(number: int) -> str:
    """`840`, `117.6 k`, `15.35 G`."""
    for size, letter, digits in ((10**12, "T", 2), (10**9, "G", 2), (10**6, "M", 1), (10**3, "k", 1)):
        if number >= size:
            return f"{number / size:,.{digits}f} {letter}"
    return str(number)


def memory_text(size: int) -> str:
    """`1.5 GB`, `411 MB`, `0.4 MB`, `40 KB`."""
    if size >= 10_000_000 or size == 0:
        return gigabytes(size) if size else "0"
    return f"{size / 1e6:.1f} MB" if size >= 100_000 else f"{max(1, round(size / 1e3))} KB"
