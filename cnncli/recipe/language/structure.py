"""Structure of networks: `blocks`, `repeat`, `branches`, `residual` and `group` become a flat list of layers.

In the flat list every layer has a name, and says with `from` what it takes where that is not the layer before it.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping as Names
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from cnncli.errors import Problem
from cnncli.messages import described, did_you_mean, listed, shortened
from cnncli.recipe.deferred import Broken, Deferred
from cnncli.recipe.keras_objects import catalogue, foreign_layers, structure_entries
from cnncli.recipe.keras_objects.foreign_names import NAMING_KEYS
from cnncli.recipe.language import calls, rounds, side_by_side
from cnncli.recipe.language.blocks import STRUCTURES, Blocks
from cnncli.recipe.language.changes import Changes
from cnncli.recipe.language.expressions import HERE
from cnncli.recipe.language.flat_layers import INPUT, PATH, FlatLayers, Given, Scope
from cnncli.recipe.language.here import HereSizes, Shapes
from cnncli.recipe.language.substitution import Substitution, from_call
from cnncli.recipe.language.writer import Writer, head_and_body, over_names
from cnncli.recipe.layers import Group
from cnncli.recipe.yaml.nodes import Entry, Mapping, Node, Scalar, Sequence, plain

# Called around every item that is written out, with the scope in which it stands.
Watch = Callable[[Node, Scope, FlatLayers], AbstractContextManager[None]]

_OF_A_CALL = 10  # values of the recipe that a structure or a call of a block counts as: it takes as much time


def flatten(
    layers: Sequence,
    change: Node | None,
    names: Names[str, Any],
    blocks: Blocks,
    substitution: Substitution,
    warnings: list[Problem],
    *,
    given: Names[str, Given],
    shapes: Shapes | None = None,
    inputs: tuple[str, ...] = (INPUT,),
    watch: Watch | None = None,
) -> tuple[Sequence, tuple[Group, ...]]:
    """Write a list of layers with structure out as a flat one.

    Args:
        layers: `model.layers` as written.
        change: `model.change` as written.
        names: the values that `$name` reads.
        blocks: what may be called.
        substitution: collects what is wrong, and counts what is written out.
        warnings: collects what is not wrong, but probably not meant.
        given: `vars` as written; a variable may stand for layers.
        shapes: tells the sizes of `$here`; None while they are not known.
        inputs: the names of the network's inputs.
        watch: sees how items become layers.

    Returns:
        The flat list, and the runs of layers that have a name.
    """
    here = HereSizes()
    scope = Scope(over_names({HERE: here}, names), given=given)
    changes = Changes(change, scope.names, substitution)
    flat = FlatLayers(layers, changes, substitution, warnings, shapes, inputs)
    here.shape = flat.here
    _Flattener(flat, scope, blocks, substitution, watch).items(layers.items, scope)
    if not substitution.open_places:  # else the names of layers may not be known yet
        changes.report_unknown([name for name in flat.known if name not in inputs], flat.groups)
    return Sequence(tuple(flat.nodes), layers.place), tuple(flat.groups)


class _Flattener(Writer):
    """Finds out what each item of a list of layers is."""

    def __init__(
        self, flat: FlatLayers, outermost: Scope, blocks: Blocks, substitution: Substitution, watch: Watch | None
    ) -> None:
        super().__init__(flat, outermost, blocks, substitution)
        self._watch = watch

    def items(self, items: tuple[Node, ...], scope: Scope) -> None:
        for item in items:
            with self._watch(item, scope, self.flat) if self._watch else nullcontext():
                self._item(item, scope)

    def _item(self, item: Node, scope: Scope) -> None:
        self.substitution.count(1, item.place, PATH)
        head, body = head_and_body(item)
        if head is None:
            self.flat.append(self.flat.replaced(item, scope))  # not an item of a list of layers; its reader says so
            return
        if "$" in head.value:
            if body is None:
                self._given(head, scope)
                return
            if (head := self._computed_head(head, scope)) is None:
                return
        key_place = from_call(head.place, scope.caller)
        if (kept := self.kept(body, scope)) is None:
            return
        scope = kept
        if sources := self.flat.taken(body, scope):
            self.flat.current = sources[0]
        name: str = head.value
        before = len(self.problems)
        structures: dict[str, Callable[[Entry, Scope], None]] = {
            "repeat": self._repeat,
            "branches": lambda entry, scope: side_by_side.branches(self, entry, scope),
            "residual": lambda entry, scope: side_by_side.residual(self, entry, scope),
            "group": self._group,
        }
        entry = Entry(name, key_place, body if body is not None else Scalar(None, key_place))
        if name in structures or name in self.blocks:
            self.substitution.count(_OF_A_CALL, item.place, PATH)
            self._check_single_source(entry, sources, scope)
        if name in structures:
            structures[name](entry, scope)
        elif name in self.blocks:
            calls.call(self, self.blocks[name], entry, scope)
        elif name in self.blocks.wrong:
            self.flat.keep_name(entry, scope)
        elif name[:1].islower() and name.isidentifier() and name not in structure_entries.ENTRIES:
            options = [*self.blocks, *STRUCTURES, *structure_entries.WRITTEN, *catalogue.names("layers")]
            define = f"define `{shortened(name)}` in `blocks`; CapWords are Keras"
            near = did_you_mean(name, options)
            hint = foreign_layers.hint(name) or (f"{near}\nor {define}" if near else define)
            if name in NAMING_KEYS and isinstance(body, Scalar) and isinstance(body.value, str):
                hint = f"the name is the key: `- {shortened(body.value)}`, or `- {shortened(body.value)}: {{…}}`"
            self.flat.wrong(f"unknown block `{shortened(name)}`", key_place, hint)
        else:
            self.flat.layer(entry, scope, sources)
        if len(self.problems) > before:
            self.flat.keep_name(entry, scope)

    def _given(self, head: Scalar, scope: Scope) -> None:
        """`- $inner`: the layers that a parameter of the block or a variable stands for."""
        if self.is_too_deep(Entry(head.value, from_call(head.place, scope.caller), head), scope):
            return
        node, around = self.layers_of(head, scope)
        if isinstance(node, Scalar) and (node.value is None or isinstance(node.value, Deferred)):
            return
        self.items(node.items if isinstance(node, Sequence) else (node,), around)

    def _computed_head(self, head: Scalar, scope: Scope) -> Scalar | None:
        """`- $kind: {…}`: the name of a layer or block."""
        value, place = self.flat.value(head, scope), from_call(head.place, scope.caller)
        self.flat.note_if_deferred(value, head)
        if isinstance(value, Broken):
            return None
        if not isinstance(value, str) or not value or "$" in value:
            self.flat.wrong(f"`{head.value}` is the name of a layer or block, got {described(value)}", place)
            return None
        return Scalar(value, head.place)

    def _check_single_source(self, entry: Entry, sources: list[str | None] | None, scope: Scope) -> None:
        """Only a layer can take several others: what is written out begins with one."""
        source = entry.value.get("from") if isinstance(entry.value, Mapping) else None
        if source is None or (sources is not None and len(sources) == 1 and isinstance(source, Scalar)):
            return
        value = self.flat.value(source, scope)
        if any(isinstance(name, Broken) for name in (value if isinstance(value, list) else [value])):
            return
        place, got = from_call(source.place, scope.caller), described(plain(source))
        several = sources is not None and len(sources) != 1
        if several and isinstance(source, Scalar):
            got = f"{len(sources or ())} layers: {listed([name or INPUT for name in sources or ()], 5)}"
        hint = "merge them first: `- Concatenate: {from: [a, b]}`" if isinstance(source, Sequence) or several else ""
        self.flat.wrong(f"`from`: expected the name of one layer, got {got}", place, hint)

    def _repeat(self, entry: Entry, scope: Scope) -> None:
        parts = self.parts_of(entry, scope, (*rounds.KEYS, "layers"), needed=("layers",))
        if parts is None:
            return
        layers = self.list_of("layers", parts["layers"], scope)
        found = rounds.read(self.flat, entry, parts, scope)
        if found is None or layers is None:
            return
        with self.named(entry, scope):
            for inner in self.scopes(found, entry, layers[1], "round"):
                self.items(layers[0].items, inner)

    def _group(self, entry: Entry, scope: Scope) -> None:
        parts = self.parts_of(entry, scope, ("layers",), needed=("layers",))
        if parts is None or (layers := self.list_of("layers", parts["layers"], scope)) is None:
            return
        before = len(self.problems)
        if not (name := self.new_name(entry, scope)):
            if len(self.problems) == before:
                self.flat.wrong("`group` needs a `name`", entry.key_place)
            return
        with self.flat.as_group(name):
            # Without a word on `input`: what a resolved recipe lists as a group took its inputs as it was written.
            self.items(layers[0].items, self.inside(layers[1], ""))
