"""Structure of networks: `blocks`, `repeat`, `branches`, `residual` and `group` become a flat list of layers.

In the flat list every layer has a name, and says with `from` what it takes where that is not the layer before it.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, Iterator
from collections.abc import Mapping as Names
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from cnncli.errors import Problem
from cnncli.messages import described, did_you_mean, listed, shortened
from cnncli.recipe.deferred import Broken, Deferred
from cnncli.recipe.keras_objects import catalogue, foreign_layers, structure_entries
from cnncli.recipe.keras_objects.foreign_names import NAMING_KEYS
from cnncli.recipe.language import rounds
from cnncli.recipe.language.blocks import STRUCTURES, Block, Blocks
from cnncli.recipe.language.changes import Changes
from cnncli.recipe.language.expressions import HERE
from cnncli.recipe.language.flat_layers import INPUT, OURS, PATH, FlatLayers, Given, Scope
from cnncli.recipe.language.given_layers import Arguments, are_layers, given_node
from cnncli.recipe.language.here import HereSizes, Shapes
from cnncli.recipe.language.substitution import Substitution, as_node, from_call, kind_of
from cnncli.recipe.layers import Group
from cnncli.recipe.yaml.nodes import Entry, Mapping, Node, Scalar, Sequence, plain

_OF_A_CALL = 25  # values of the recipe that a structure or a call of a block counts as: it takes as much time
_OF_A_ROUND = 2  # and one of its rounds
MOST_NESTED = 20  # structures and calls of blocks within each other


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

    Returns:
        The flat list, and the runs of layers that have a name.
    """
    here = HereSizes()
    scope = Scope(_over({HERE: here}, names), given=given)
    changes = Changes(change, scope.names, substitution)
    flat = FlatLayers(layers, changes, substitution, warnings, shapes)
    here.shape = flat.here
    _Flattener(flat, scope, blocks, substitution).items(layers.items)
    if not substitution.open_places:  # else the names of layers may not be known yet
        changes.report_unknown([name for name in flat.known if name != INPUT], flat.groups)
    return Sequence(tuple(flat.nodes), layers.place), tuple(flat.groups)


class _Flattener:
    """Writes out what a list of layers holds, one item after the other."""

    def __init__(self, flat: FlatLayers, scope: Scope, blocks: Blocks, substitution: Substitution) -> None:
        self.flat = flat
        self._outermost = scope  # what a block's body sees beside its parameters: not the loops around its call
        self.blocks = blocks
        self.substitution = substitution
        self.problems = substitution.problems

    def items(self, items: tuple[Node, ...], scope: Scope | None = None) -> None:
        for item in items:
            self._item(item, scope or self._outermost)

    def _item(self, item: Node, scope: Scope) -> None:
        self.substitution.count(1, item.place, PATH)
        head, body = _head_and_body(item)
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
        if not self.flat.is_kept(body, scope):
            return
        if sources := self.flat.taken(body, scope):
            self.flat.current = sources[0]
        name: str = head.value
        structures: dict[str, Callable[[Entry, Scope], None]] = {
            "repeat": self._repeat,
            "branches": self._branches,
            "residual": self._residual,
            "group": self._group,
        }
        entry = Entry(name, key_place, body if body is not None else Scalar(None, key_place))
        if name in structures or name in self.blocks:
            self.substitution.count(_OF_A_CALL, item.place, PATH)
            self._check_single_source(entry, sources, scope)
        if name in structures:
            structures[name](entry, scope)
        elif name in self.blocks:
            self._call(self.blocks[name], entry, scope)
        elif name[:1].islower() and name.isidentifier() and name not in structure_entries.ENTRIES:
            options = [*self.blocks, *STRUCTURES, *structure_entries.WRITTEN, *catalogue.names("layers")]
            hint = foreign_layers.hint(name) or did_you_mean(name, options)
            if name in NAMING_KEYS and isinstance(body, Scalar) and isinstance(body.value, str):
                hint = f"the name is the key: `- {shortened(body.value)}`, or `- {shortened(body.value)}: {{…}}`"
            self.flat.wrong(
                f"unknown block `{shortened(name)}`", key_place, hint or "define it in `blocks`; CapWords are Keras"
            )
        else:
            self.flat.layer(entry, scope, sources)

    def _given(self, head: Scalar, scope: Scope) -> None:
        """`- $inner`: the layers that a parameter of the block or a variable stands for."""
        if self._is_too_deep(Entry(head.value, from_call(head.place, scope.caller), head), scope):
            return
        node, around = self._layers_of(head, scope)
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

    def _layers_of(self, node: Node, scope: Scope) -> tuple[Node, Scope]:
        """What stands for layers, and the scope to write it out in: a `$name` is looked up, all else stays.

        The variables of given layers are those of where they were written; names, `$here` and `from: .` are those of
        where they land.
        """
        if not isinstance(node, Scalar) or not isinstance(node.value, str) or "$" not in node.value:
            return node, scope
        if found := given_node(node, scope):
            written = found.scope
            inner = self._inside(scope, scope.within)._replace(
                names=_over({HERE: self._outermost.names[HERE]}, written.names),
                given=written.given,
                caller=written.caller,
                blocks_open=written.blocks_open,
                here=scope.here,
            )
            return found.node, inner
        value, place = self.flat.value(node, scope), from_call(node.place, scope.caller)
        self.flat.note_if_deferred(value, node)
        return as_node(value, place), scope

    def _check_single_source(self, entry: Entry, sources: list[str | None] | None, scope: Scope) -> None:
        """Only a layer can take several others: what is written out begins with one."""
        source = entry.value.get("from") if isinstance(entry.value, Mapping) else None
        if source is None or (sources is not None and len(sources) == 1 and isinstance(source, Scalar)):
            return
        place, got = from_call(source.place, scope.caller), described(plain(source))
        several = sources is not None and len(sources) != 1
        if several and isinstance(source, Scalar):
            got = f"{len(sources or ())} layers: {listed([name or INPUT for name in sources or ()], 5)}"
        hint = "merge them first: `- Concatenate: {from: [a, b]}`" if isinstance(source, Sequence) or several else ""
        self.flat.wrong(f"`from`: expected the name of one layer, got {got}", place, hint)

    def _call(self, block: Block, entry: Entry, scope: Scope) -> None:
        """The body of a block with the values of a call."""
        if block.name in scope.blocks_open:
            self.flat.wrong(f"block `{block.name}` calls itself", entry.key_place, f"it is defined at {block.place}")
            return
        if self._is_too_deep(entry, scope):
            return
        values = self._arguments(block, entry, scope)
        if values is None:
            return
        if (written := self.flat.written_name(entry, scope)) is not None:
            name = self.flat.name_of(written, scope)
            if name in self.flat.known:
                place = from_call(written.place, scope.caller)
                self.flat.wrong(f"two layers or blocks are named `{name}`", place, "give one of them another name")
        else:
            name = self.flat.counted(block.name, scope)
        inner = Scope(
            names=ChainMap(values, self._outermost.names),  # type: ignore[arg-type]  # a Mapping below will do
            prefix=f"{name}_",
            searched=((f"{name}_", ""), *scope.searched),
            caller=entry.key_place,
            depth=scope.depth + 1,
            here=self.flat.current,
            within="block",
            blocks_open=(*scope.blocks_open, block.name),
            given={**self._outermost.given, **values.given},
        )
        with self.flat.as_group(name):
            self.items(block.layers.items, inner)

    def _arguments(self, block: Block, entry: Entry, scope: Scope) -> Arguments | None:
        """The values of a block's parameters in a call; None when the call is wrong."""
        before = len(self.problems)
        node = entry.value
        given: dict[str, Entry] = {}
        if isinstance(node, Mapping) and not (block.params and are_layers(node, self.blocks)):
            given = {argument.key: argument for argument in node.entries if argument.key not in OURS}
        elif not (isinstance(node, Scalar) and node.value is None):
            if not block.params:
                place = from_call(node.place, scope.caller)
                self.flat.wrong(f"block `{block.name}` has no parameters, got {described(plain(node))}", place)
                return None
            given = {block.params[0]: Entry(block.params[0], node.place, node)}
        defaults = {default.key: default for default in block.defaults.entries} if block.defaults else {}
        known = [*block.params, *defaults]
        for argument in given.values():
            if argument.key not in known:
                hint = did_you_mean(argument.key, known) or f"its parameters: {listed(known, 20) or 'none'}"
                place = from_call(argument.key_place, scope.caller)
                self.flat.wrong(f"block `{block.name}` has no parameter `{shortened(argument.key)}`", place, hint)
        missing = [param for param in block.params if param not in given and param not in defaults]
        if missing and len(self.problems) == before:
            needs = " and ".join(f"`{name}`" for name in missing)
            self.flat.wrong(f"block `{block.name}` needs {needs}", entry.key_place)
        if len(self.problems) > before:
            return None
        values = Arguments(self.flat.value, self.blocks)
        for key, argument in given.items():
            values.give(key, Given(argument.value, scope))
        for key, default in defaults.items():
            if key not in given:
                names = ChainMap(values, self._outermost.names)  # type: ignore[arg-type]  # a Mapping below will do
                around = {**self._outermost.given, **values.given}
                values.give(key, Given(default.value, Scope(names, caller=entry.key_place, given=around)))
        return values if len(self.problems) == before else None

    def _repeat(self, entry: Entry, scope: Scope) -> None:
        parts = self._parts(entry, scope, (*rounds.KEYS, "layers"), needed=("layers",))
        if parts is None:
            return
        layers = self._list("layers", parts["layers"], scope)
        found = rounds.read(self.flat, entry, parts, scope)
        if found is None or layers is None:
            return
        with self._named(entry, scope):
            for inner in self._scopes(found, entry, layers[1], "round"):
                self.items(layers[0].items, inner)

    def _scopes(self, found: list[dict[str, Any]], entry: Entry, scope: Scope, within: str) -> Iterator[Scope]:
        """The scope of each round."""
        for index, values in enumerate(found):
            suffix = f"{scope.suffix}_{index}"
            self.substitution.count(_OF_A_ROUND, entry.key_place, PATH)
            yield self._inside(scope, within)._replace(
                names=_over(values, scope.names),
                suffix=suffix,
                searched=((scope.prefix, suffix), *scope.searched),
                given={name: given for name, given in scope.given.items() if name not in values},
            )

    def _named(self, entry: Entry, scope: Scope) -> AbstractContextManager[None]:
        """The layers that are written out within, as a group where the item has a name."""
        name = self.flat.given_name(entry, scope)
        return self.flat.as_group(name) if name else nullcontext()

    def _list(self, key: str, node: Node, scope: Scope, hint: str = "") -> tuple[Sequence, Scope] | None:
        """A list of layers, and the scope to write it out in; None where it is something else."""
        found, around = self._layers_of(node, scope)
        if isinstance(found, Sequence):
            return found, around
        if found is not node and not (isinstance(found, Scalar) and isinstance(found.value, (Deferred, int, float))):
            is_nothing = isinstance(found, Scalar) and found.value is None
            return Sequence(() if is_nothing else (found,), found.place), around  # `inner: ReLU` is a list of one
        place = from_call(node.place, scope.caller)
        self.flat.wrong(f"`{key}` is a list of layers, got {kind_of(found)}", place, hint)
        return None

    def _branches(self, entry: Entry, scope: Scope) -> None:
        keys = ("merge", "paths", "path", *rounds.KEYS)
        parts = self._parts(entry, scope, keys, needed=("merge",))
        if parts is None or (paths := self._paths(entry, parts, scope)) is None:
            return
        start = self.flat.current
        ends: list[str | None] = []
        # A single path is not merged: the name means what leaves it.
        with self._named(entry, scope) if len(paths) == 1 else nullcontext():
            for layers, around in paths:
                self.flat.current = start
                self.items(layers.items, around)
                ends.append(self.flat.current)
        if len(ends) > 1:
            self._merge(parts["merge"], ends, entry, scope)

    def _paths(self, entry: Entry, parts: dict[str, Node], scope: Scope) -> list[tuple[Sequence, Scope]] | None:
        """The lists of layers side by side, each with its scope; None where something is wrong."""
        before = len(self.problems)
        if ("path" in parts) == ("paths" in parts):
            self.flat.wrong("`branches` needs `paths`, or `path` with `over`: one of them", entry.key_place)
            return None
        if "path" in parts:
            found = self._rounds_of_a_path(entry, parts, scope)
        else:
            hint = "[] is a path that changes nothing"
            if (written := self._list("paths", parts["paths"], scope, hint)) is None:
                return None
            found = []
            for item in written[0].items:
                found += self._path(entry, item, written[1])
            is_single = len(found) < 2 and not any(isinstance(item, Mapping) for item in written[0].items)
            if is_single and len(self.problems) == before:
                place = from_call(parts["paths"].place, scope.caller)
                self.flat.wrong("`paths` is a list of at least two lists of layers", place, hint)
        if not found and len(self.problems) == before:
            self.flat.wrong("`branches` has no path left", entry.key_place, "at least one `if` has to hold")
        return found if len(self.problems) == before else None

    def _path(self, entry: Entry, item: Node, scope: Scope) -> list[tuple[Sequence, Scope]]:
        """An item of `paths`: a list of layers, `{if, layers}`, or `{over, path}`; none where it is wrong or left out."""
        inner = self._inside(scope, "path")
        if not isinstance(item, Mapping):
            found = self._list("paths", item, inner, "a path is a list of layers: `- [ReLU]`")
            return [found] if found else []
        known = ("if", "layers", "path", *rounds.KEYS)
        within = Entry("paths", from_call(item.place, scope.caller), item)
        parts = {part.key: part.value for part in item.entries}
        if wrong := next((part for part in item.entries if part.key not in known), None):
            place, hint = from_call(wrong.key_place, scope.caller), "a path is a list of layers: `- [ReLU]`"
            hint = did_you_mean(wrong.key, known) or hint
            self.flat.wrong(f"a path has no `{shortened(wrong.key)}`", place, hint)
            return []
        if ("layers" in parts) == ("path" in parts):
            hint = "`{if: …, layers: […]}` is one path, `{over: {…}, path: […]}` is one for each round"
            self.flat.wrong("a path needs `layers` or `path`, one of them", within.key_place, hint)
            return []
        if not self.flat.is_kept(item, scope):
            return []
        if "path" in parts:
            return self._rounds_of_a_path(within, parts, scope) or []
        found = self._list("layers", parts["layers"], inner)
        return [found] if found else []

    def _rounds_of_a_path(self, entry: Entry, parts: dict[str, Node], scope: Scope) -> list[tuple[Sequence, Scope]]:
        """One path for each round of `over` or `times`."""
        found = rounds.read(self.flat, entry, parts, scope)
        layers = self._list("path", parts["path"], scope)
        if found is None or layers is None:
            return []
        return [(layers[0], around) for around in self._scopes(found, entry, layers[1], "path")]

    def _merge(self, node: Node, sources: list[str | None], entry: Entry, scope: Scope) -> None:
        """The layer that brings paths together."""
        node, around = self._layers_of(node, scope)
        head, body = _head_and_body(node)
        if head is None or head.value[:1].islower():
            place = from_call(node.place, scope.caller)
            hint = "Add, Average, Concatenate, Maximum, Minimum, Multiply, Subtract or Dot"
            self.flat.wrong(f"`merge` is a Keras merging layer, got {described(plain(node))}", place, hint)
            return
        place = from_call(head.place, around.caller)
        name = self.flat.given_name(entry, scope)
        merging = Entry(head.value, place, body if body is not None else Scalar(None, place))
        self.flat.layer(merging, around, sources, name)

    def _residual(self, entry: Entry, scope: Scope) -> None:
        parts = self._parts(entry, scope, ("body", "shortcut", "skip"), needed=("body",))
        if parts is None or (body := self._list("body", parts["body"], scope)) is None:
            return
        if not body[0].items:
            place = from_call(parts["body"].place, scope.caller)
            self.flat.wrong("`body` is a list of at least one layer", place)
            return
        start = self.flat.current
        adds = "skip" not in parts or self.flat.condition("skip", parts["skip"], scope)
        with nullcontext() if adds else self._named(entry, scope):
            self.items(body[0].items, self._inside(body[1], "residual body")._replace(here=start))
        if not adds:
            return
        end = self.flat.current
        shortcut, around = self._layers_of(parts["shortcut"], scope) if "shortcut" in parts else (None, scope)
        if isinstance(shortcut, (Sequence, Mapping)):
            self.flat.current = start
            layers = shortcut.items if isinstance(shortcut, Sequence) else (shortcut,)
            self.items(layers, self._inside(around, "residual body")._replace(here=start))
            side = self.flat.current
        else:
            kind = self.flat.value(shortcut, around) if shortcut else "identity"
            self.flat.note_if_deferred(kind, shortcut)
            if kind not in ("identity", "auto"):
                assert shortcut is not None
                place = from_call(shortcut.place, around.caller)
                message = f"`shortcut`: expected identity, auto or a list of layers, got {described(kind)}"
                self.flat.wrong(message, place, did_you_mean(str(kind), ["identity", "auto"]))
                return
            side = start if kind == "identity" else self.flat.shortcut(entry, start, end, scope)
        place = entry.key_place
        name = self.flat.given_name(entry, scope)
        self.flat.layer(Entry("Add", place, Scalar(None, place)), scope, [end, side], name)

    def _group(self, entry: Entry, scope: Scope) -> None:
        parts = self._parts(entry, scope, ("layers",), needed=("layers",))
        if parts is None or (layers := self._list("layers", parts["layers"], scope)) is None:
            return
        before = len(self.problems)
        written = self.flat.written_name(entry, scope)
        if written is None:
            if len(self.problems) == before:
                self.flat.wrong("`group` needs a `name`", entry.key_place)
            return
        with self.flat.as_group(self.flat.name_of(written, scope)):
            # Without a word on `input`: what a resolved recipe lists as a group took its inputs as it was written.
            self.items(layers[0].items, self._inside(layers[1], ""))

    def _is_too_deep(self, entry: Entry, scope: Scope) -> bool:
        if scope.depth >= MOST_NESTED:
            message = f"structures and blocks are nested too deeply (max {MOST_NESTED})"
            self.flat.wrong(message, entry.key_place)
        return scope.depth >= MOST_NESTED

    def _inside(self, scope: Scope, within: str) -> Scope:
        """The scope within a structure that begins here."""
        return scope._replace(depth=scope.depth + 1, here=self.flat.current, within=within)

    def _parts(
        self, entry: Entry, scope: Scope, known: tuple[str, ...], *, needed: tuple[str, ...]
    ) -> dict[str, Node] | None:
        """The parts of a structure by key; None when some are wrong."""
        what, before = entry.key, len(self.problems)
        if self._is_too_deep(entry, scope):
            return None
        if not isinstance(entry.value, Mapping):
            self.flat.wrong(
                f"`{what}`: expected a mapping with {', '.join(known)}, got {kind_of(entry.value)}", entry.key_place
            )
            return None
        parts = {part.key: part.value for part in entry.value.entries if part.key not in OURS}
        for part in entry.value.entries:
            if part.key not in known and part.key not in OURS:
                place = from_call(part.key_place, scope.caller)
                self.flat.wrong(f"`{what}` has no `{shortened(part.key)}`", place, did_you_mean(part.key, known))
        for key in needed:
            if key not in parts and len(self.problems) == before:
                self.flat.wrong(f"`{what}` needs `{key}`", entry.key_place)
        return None if len(self.problems) > before else parts


def _over(own: dict[str, Any], names: Names[str, Any]) -> Names[str, Any]:
    """The names with others before them, those of a round for example, in one flat chain."""
    maps = names.maps if isinstance(names, ChainMap) else [names]
    return ChainMap(own, *maps)  # type: ignore[arg-type]  # a Mapping below will do


def _head_and_body(item: Node) -> tuple[Scalar | None, Node | None]:
    """`Conv2D` and its arguments of `- Conv2D: {…}`; the head of `- Flatten` has no body."""
    if isinstance(item, Scalar) and isinstance(item.value, str) and item.value:
        return item, None
    if isinstance(item, Mapping) and len(item.entries) == 1:
        [entry] = item.entries
        return Scalar(entry.key, entry.key_place), entry.value
    return None, None
