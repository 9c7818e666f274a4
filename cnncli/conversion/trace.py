"""Trace how the items of `model.layers` become the flat list of layers: which item was written out when, and to what.

An item of a block or of a `repeat` is written out several times. The trace has each time as an `Execution`, so that code for
the item can be compared with all that the recipe makes of it.
"""

from __future__ import annotations

import glob
from collections import defaultdict
from collections.abc import Iterator
from collections.abc import Mapping as Names
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from cnncli.recipe.language.blocks import Block, Blocks
from cnncli.recipe.language.expand import expand
from cnncli.recipe.language.expressions import HERE, Sizes
from cnncli.recipe.language.flat_layers import FlatLayers, Scope
from cnncli.recipe.language.here import HereSizes, Shape, Shapes
from cnncli.recipe.language.texts import substitute
from cnncli.recipe.language.writer import head_and_body
from cnncli.recipe.yaml.nodes import Entry, Mapping, Node, Sequence


@dataclass(frozen=True, slots=True)
class Reference:
    """A name in `from`.

    Attributes:
        text: as it is written, with its variables replaced; of a glob the name of a layer that it matches.
        layer: the layer of the flat list that it means; None is the network's input.
        is_glob: it is one of all that a glob matches.
    """

    text: str
    layer: str | None
    is_glob: bool = False


@dataclass(eq=False, slots=True)
class Execution:
    """One time that an item is written out.

    Attributes:
        item: of the recipe's tree; the same object each time.
        scope: in which it stands.
        parent: the structure or call around it; None at the top.
        start, end: the layers of the flat list that come of it.
        began, ended: its place in the order of all beginnings and ends.
        source: the layer that flows here before it; None is the network's input.
        result: the same after it.
        references: what its `from` names.
        head: the name of the layer, structure or block, also where it is written as `$kind`; empty where there is none.
        is_call: it is the call of a block.
        shape: what comes in, without the batch; None where nothing asks for sizes.
    """

    item: Node
    scope: Scope
    parent: Execution | None
    start: int
    began: int
    source: str | None
    end: int = 0
    ended: int = 0
    result: str | None = None
    references: tuple[Reference, ...] = ()
    head: str = ""
    is_call: bool = False
    shape: Shape | None = None
    children: list[Execution] = field(default_factory=list)

    @property
    def call(self) -> Execution | None:
        """The call of the innermost block in whose body it stands; None outside of blocks."""
        above = self.parent
        while above is not None and not above.is_call:
            above = above.parent
        return above

    @property
    def top(self) -> Execution:
        """The item of `model.layers` in which it stands."""
        above = self
        while above.parent is not None:
            above = above.parent
        return above


@dataclass(frozen=True)
class Trace:
    """How a recipe is written out.

    Attributes:
        layers: `model.layers` as written.
        blocks: the recipe's blocks.
        names: the values of `vars`, and `classes` where there are any.
        variables: `vars` as written.
        executions: of every item, in order.
    """

    layers: Sequence
    blocks: dict[str, Block]
    names: Names[str, Any]
    variables: tuple[Entry, ...]
    executions: tuple[Execution, ...]

    def __post_init__(self) -> None:
        by_item: defaultdict[int, list[Execution]] = defaultdict(list)
        by_result: defaultdict[str | None, list[Execution]] = defaultdict(list)
        for execution in self.executions:
            by_item[id(execution.item)].append(execution)
            if execution.end > execution.start:
                by_result[execution.result].append(execution)
        object.__setattr__(self, "_by_item", by_item)
        object.__setattr__(self, "_by_result", by_result)

    def of(self, item: Node) -> list[Execution]:
        """The executions of an item, in order."""
        found: list[Execution] = self._by_item.get(id(item), [])  # type: ignore[attr-defined]
        return found

    @property
    def last(self) -> Execution:
        """The last item of `model.layers`."""
        return next(run for run in reversed(self.executions) if run.parent is None)

    def giving(self, layer: str | None) -> list[Execution]:
        """The executions after which a layer flows on, the innermost first."""
        found: list[Execution] = self._by_result.get(layer, [])  # type: ignore[attr-defined]
        return sorted(found, key=lambda execution: execution.ended)


def trace(root: Mapping, *, classes: int | None, shapes: Shapes | None = None) -> Trace:
    """Write a recipe out, and remember how.

    Args:
        root: the recipe as written, after `extends` and `--set`; it is right.
        classes: the value of `$classes`; None where there are none.
        shapes: tells the sizes of `$here`; None where nothing asks for them.
    """
    model = root.get("model")
    assert isinstance(model, Mapping)
    layers = model.get("layers")
    assert isinstance(layers, Sequence)
    recorder = _Recorder(Blocks.read(root.get("blocks"), []), shapes is not None)
    expand(root, classes=classes, shapes=shapes, watch=recorder)
    written = root.get("vars")
    variables = written.entries if isinstance(written, Mapping) else ()
    names = recorder.names if recorder.names is not None else {}
    return Trace(layers, recorder.blocks, names, variables, tuple(recorder.executions))


class _Recorder:
    """Watches items becoming layers."""

    def __init__(self, blocks: Blocks, knows_shapes: bool) -> None:
        self.blocks = blocks
        self._knows_shapes = knows_shapes
        self.names: Names[str, Any] | None = None
        self.executions: list[Execution] = []
        self._open: list[Execution] = []
        self._time = 0

    @contextmanager
    def __call__(self, item: Node, scope: Scope, flat: FlatLayers) -> Iterator[None]:
        if self.names is None:
            self.names = scope.names
        head, body = head_and_body(item)
        parent = self._open[-1] if self._open else None
        execution = Execution(item, scope, parent, len(flat.nodes), self._tick(), flat.current)
        if head is not None:
            is_computed = "$" in head.value and body is not None
            execution.head = str(substitute(head.value, values_at(execution))) if is_computed else head.value
        execution.is_call = execution.head in self.blocks
        execution.references = tuple(_references(body, scope, flat))
        if self._knows_shapes:
            before = flat.current
            flat.current = execution.references[0].layer if execution.references else before
            execution.shape, flat.current = flat.here(), before
        self.executions.append(execution)
        if parent is not None:
            parent.children.append(execution)
        self._open.append(execution)
        yield
        self._open.pop()
        execution.end, execution.ended, execution.result = len(flat.nodes), self._tick(), flat.current

    def _tick(self) -> int:
        self._time += 1
        return self._time


def _references(body: Node | None, scope: Scope, flat: FlatLayers) -> Iterator[Reference]:
    written = body.get("from") if isinstance(body, Mapping) else None
    if written is None or flat.taken(body, scope) is None:
        return
    value = flat.value(written, scope)
    for text in [value] if isinstance(value, str) else value:
        is_glob = glob.has_magic(text)
        for layer in flat.resolve(text, scope, written.place):
            yield Reference(str(layer).removeprefix(scope.prefix) if is_glob else text, layer, is_glob)


class SizesThen(Sizes):
    """The sizes of what came in when an item was written out; `here.channels` in Python, too.

    Args:
        shape: without the batch; None where it is not known.
    """

    def __init__(self, shape: Shape | None) -> None:
        self._sizes = HereSizes()
        self._sizes.shape = lambda: shape

    def size(self, axis: str) -> int:
        return self._sizes.size(axis)

    def __getattr__(self, axis: str) -> int:
        return self.size(axis)


def values_at(execution: Execution) -> dict[str, Any]:
    """Every name and its value where an item stands."""
    names = execution.scope.names
    return {name: SizesThen(execution.shape) if name == HERE else names[name] for name in names}
