"""The outline of a network's summary: groups closed into one row, or opened to a depth."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from cnncli.network.multiply_adds import total
from cnncli.network.receptive_field import Field
from cnncli.network.row_text import shared_with
from cnncli.network.summary import GroupSummary, LayerSummary, Shape, Summary

ALL = 1 << 30  # deeper than anything is nested


@dataclass(frozen=True)
class Repeat:
    """How often rows of an outline follow each other, where they are folded into the first of them (`network.repeats`).

    Attributes:
        times: how often.
        rows: how many rows in turn.
        first: the name of the first row of the first round.
        last: the name of the last row that is folded into this one.
        groups: the opened groups around the first row -> those around the last one, where these are others.
        varied: the argument that differs, in this row or in its groups, with its values; may be empty:
            `dilation_rate 1, 2, 4, …, 512`.
    """

    times: int
    rows: int
    first: str
    last: str
    groups: Mapping[str, str]
    varied: str

    def __str__(self) -> str:
        """`12 times the same`, `30 times, dilation_rate 1, 2, 4, …, 512`."""
        return f"{self.times:,} times, {self.varied}" if self.varied else f"{self.times:,} times the same"


@dataclass(frozen=True)
class Row:
    """A layer, or a group of layers seen as one.

    Attributes:
        name: of the layer; of a closed group its own.
        kind: the class of a layer; of a closed group the block's or application's name, which may be empty.
        detail: of a layer, as in `LayerSummary`; of a closed group whose weights it shares.
        layer_count: how many layers it stands for.
        output_shape, field: of what leaves it.
        params, trainable_params, multiply_adds, activations: sums.
        inputs: the rows that it takes, by index; each comes before it.
        within: the opened groups around it, from the outside in.
        layers: the names of the layers that it stands for.
        repeat: how often it is repeated; the numbers are then the sums of all, and inputs those of the first.
        shares: the layer or the group whose weights these are; empty where they are its own.
    """

    name: str
    kind: str
    detail: str
    layer_count: int
    output_shape: Shape
    params: int
    trainable_params: int
    multiply_adds: int | None
    field: Field | None
    activations: int
    inputs: tuple[int, ...]
    within: tuple[str, ...]
    layers: tuple[str, ...] = ()
    repeat: Repeat | None = None
    shares: str = ""

    @property
    def is_group(self) -> bool:
        return self.layer_count > 1

    @property
    def names(self) -> str:
        """Its name; of repeated rows the first and the last: `block_1 … block_12`."""
        return f"{self.name} … {self.repeat.last}" if self.repeat else self.name


def rows(summary: Summary, depth: int = 0) -> tuple[Row, ...]:
    """List a network with its groups opened down to a depth.

    A group of a single layer is that layer; closed, it goes by the group's name, by which `from` and `freeze` know it.

    Args:
        depth: 0 closes every group, 1 opens the outermost, `ALL` opens all.
    """
    return rows_with_closed(summary, {layer.groups[depth] for layer in summary.layers if len(layer.groups) > depth})


def rows_with_closed(summary: Summary, closed_groups: Collection[str]) -> tuple[Row, ...]:
    """List a network with some of its groups closed, and all others opened."""
    groups = {group.name: group for group in summary.groups}
    parts: list[tuple[GroupSummary | None, list[LayerSummary]]] = []
    part_of_group: dict[str, int] = {}
    part_of_layer: dict[str, int] = {}
    opened: list[tuple[str, ...]] = []
    for layer in summary.layers:
        around = tuple(itertools.takewhile(lambda name: name not in closed_groups, layer.groups))
        closed = groups[layer.groups[len(around)]] if len(around) < len(layer.groups) else None
        index = part_of_group.setdefault(closed.name, len(parts)) if closed else len(parts)
        if index == len(parts):
            parts.append((closed, []))
            # A heading over a single layer would say what the layer says.
            opened.append(tuple(name for name in around if len(groups[name].layers) > 1))
        parts[index][1].append(layer)
        part_of_layer[layer.name] = index
    made = []
    for index, (closed, layers) in enumerate(parts):
        taken = dict.fromkeys(part_of_layer[source] for layer in layers for source in layer.inputs)
        inputs = tuple(source for source in taken if source != index)
        shares = _shared_group(closed, layers, summary) if closed else ""
        made.append(_row(closed, layers, inputs, opened[index], shares))
    return tuple(made)


def _shared_group(closed: GroupSummary, layers: Sequence[LayerSummary], summary: Summary) -> str:
    """The group whose layers these are once more."""
    roots = tuple(layer.shares for layer in layers)
    groups = (group for group in summary.groups if group.layers == roots and group.kind == closed.kind)
    has_weights = any(layer.params for layer in summary.layers if layer.name in roots)
    return next((group.name for group in groups), "") if all(roots) and has_weights else ""


def without_prefix(name: str, within: Sequence[str]) -> str:
    """A layer's name inside an opened group, without the name of the group that it begins with."""
    for group in reversed(within):
        if name.startswith(f"{group}_"):
            return name[len(group) + 1 :]
    return name


def _row(
    closed: GroupSummary | None,
    layers: list[LayerSummary],
    inputs: tuple[int, ...],
    within: tuple[str, ...],
    shares: str,
) -> Row:
    last = next((layer for layer in layers if closed and layer.name == closed.last), layers[-1])
    single = len(layers) == 1
    return Row(
        name=closed.name if closed else last.name,
        kind=closed.kind if closed and not single else last.kind,
        detail=last.detail if single else shared_with(shares),
        layer_count=len(layers),
        output_shape=last.output_shape,
        params=sum(layer.params for layer in layers),
        trainable_params=sum(layer.trainable_params for layer in layers),
        multiply_adds=total(layer.multiply_adds for layer in layers),
        field=last.field,
        activations=sum(layer.activations for layer in layers),
        inputs=inputs,
        within=within,
        layers=tuple(layer.name for layer in layers),
        shares=last.shares if single else shares,
    )
