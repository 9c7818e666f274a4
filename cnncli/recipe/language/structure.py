"""Structure of networks: `blocks`, `repeat`, `branches`, `residual` and `group` become a flat list of layers.

In the flat list every layer has a name, and says with `from` what it takes where that is not the layer before it.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable
from collections.abc import Mapping as Names
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from cnncli.errors import Problem
from cnncli.messages import described, did_you_mean, listed, shortened
from cnncli.recipe.deferred import Broken
from cnncli.recipe.keras_objects import catalogue
from cnncli.recipe.keras_objects.foreign_names import NAMING_KEYS
from cnncli.recipe.keras_objects.integer_values import as_integers
from cnncli.recipe.keras_objects.objects import SHORTCUT
from cnncli.recipe.language.blocks import STRUCTURES, Block, Blocks
from cnncli.recipe.language.flat_layers import OURS, PATH, FlatLayers, Scope
from cnncli.recipe.language.substitution import Substitution, from_call, kind_of
from cnncli.recipe.layers import Group
from cnncli.recipe.yaml.nodes import Entry, Mapping, Node, Scalar, Sequence, plain

_OF_A_CALL = 25  # values of the recipe that a structure or a call of a block counts as: it takes as much time
_OF_A_ROUND = 2  # and one of its rounds
MOST_TIMES = 1000
MOST_NESTED = 20  # structures and calls of blocks within each other


# Called around every item that is written out, with the scope in which it stands.
Watch = Callable[[Node, Scope, FlatLayers], AbstractContextManager[None]]


def flatten(
    layers: Sequence,
    names: Names[str, Any],
    blocks: Blocks,
    substitution: Substitution,
    warnings: list[Problem],
    watch: Watch | None = None,
) -> tuple[Sequence, tuple[Group, ...]]:
    """Write a list of layers with structure out as a flat one.

    Args:
        layers: `model.layers` as written.
        names: the values that `$name` reads.
        blocks: what may be called.
        substitution: collects what is wrong, and counts what is written out.
        warnings: collects what is not wrong, but probably not meant.
        watch: sees how items become layers.

    Returns:
        The flat list, and the runs of layers that have a name.
    """
    flat = FlatLayers(layers, substitution, warnings)
    _Flattener(flat, names, blocks, substitution, watch).items(layers.items, Scope(names))
    return Sequence(tuple(flat.nodes), layers.place), tuple(flat.groups)


class _Flattener:
    """Writes out what a list of layers holds, one item after the other."""

    def __init__(
        self,
        flat: FlatLayers,
        names: Names[str, Any],
        blocks: Blocks,
        substitution: Substitution,
        watch: Watch | None,
    ) -> None:
        self.flat = flat
        self._watch = watch
        self._globals = names  # what a block's body sees beside its parameters: not the loops around its call
        self.blocks = blocks
        self.substitution = substitution
        self.problems = substitution.problems

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
        key_place = from_call(head.place, scope.caller)
        kept, source = self.flat.if_and_from(body, scope)
        if not kept:
            return
        if source is not None:
            self.flat.current = source
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
            self._check_single_source(entry, scope)
        if name in structures:
            structures[name](entry, scope)
        elif name in self.blocks:
            self._call(self.blocks[name], entry, scope)
        elif name[:1].islower() and name.isidentifier() and name != SHORTCUT:
            hint = did_you_mean(name, [*self.blocks, *STRUCTURES, *catalogue.names("layers")])
            if name in NAMING_KEYS and isinstance(body, Scalar) and isinstance(body.value, str):
                hint = f"the name is the key: `- {shortened(body.value)}`, or `- {shortened(body.value)}: {{…}}`"
            self.flat.wrong(
                f"unknown block `{shortened(name)}`", key_place, hint or "define it in `blocks`; CapWords are Keras"
            )
        else:
            self.flat.layer(entry, scope)

    def _check_single_source(self, entry: Entry, scope: Scope) -> None:
        """Only a layer can take several others: what is written out begins with one."""
        source = entry.value.get("from") if isinstance(entry.value, Mapping) else None
        if source is not None and not (isinstance(source, Scalar) and isinstance(source.value, str)):
            place, got = from_call(source.place, scope.caller), described(plain(source))
            hint = "merge them first: `- Concatenate: {from: [a, b]}`" if isinstance(source, Sequence) else ""
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
            names=ChainMap(values, self._globals),  # type: ignore[arg-type]  # a Mapping below will do
            prefix=f"{name}_",
            searched=((f"{name}_", ""), *scope.searched),
            caller=entry.key_place,
            depth=scope.depth + 1,
            here=self.flat.current,
            within="block",
            blocks_open=(*scope.blocks_open, block.name),
        )
        with self.flat.as_group(name):
            self.items(block.layers.items, inner)

    def _arguments(self, block: Block, entry: Entry, scope: Scope) -> dict[str, Any] | None:
        """The values of a block's parameters in a call; None when the call is wrong."""
        before = len(self.problems)
        node = self.flat.replaced(entry.value, scope)
        given: dict[str, Entry] = {}
        if isinstance(node, Mapping):
            given = {argument.key: argument for argument in node.entries if argument.key not in OURS}
        elif not (isinstance(node, Scalar) and node.value is None):
            if not block.params:
                self.flat.wrong(f"block `{block.name}` has no parameters, got {described(plain(node))}", node.place)
                return None
            given = {block.params[0]: Entry(block.params[0], node.place, node)}
        defaults = {default.key: default for default in block.defaults.entries} if block.defaults else {}
        known = [*block.params, *defaults]
        for argument in given.values():
            if argument.key not in known:
                hint = did_you_mean(argument.key, known) or f"its parameters: {listed(known, 20) or 'none'}"
                self.flat.wrong(
                    f"block `{block.name}` has no parameter `{shortened(argument.key)}`", argument.key_place, hint
                )
        missing = [param for param in block.params if param not in given and param not in defaults]
        if missing and len(self.problems) == before:
            needs = " and ".join(f"`{name}`" for name in missing)
            self.flat.wrong(f"block `{block.name}` needs {needs}", entry.key_place)
        if len(self.problems) > before:
            return None
        values = {key: plain(argument.value) for key, argument in given.items()}
        for key, default in defaults.items():
            if key not in values:
                seen = ChainMap(values, self._globals)  # type: ignore[arg-type]
                values[key] = self.substitution.value(default.value, seen, PATH, caller=entry.key_place)
        return values

    def _repeat(self, entry: Entry, scope: Scope) -> None:
        parts = self._parts(entry, scope, ("times", "over", "as", "layers"), needed=("layers",))
        if parts is None:
            return
        rounds = self._rounds(entry, parts, scope)
        layers = parts["layers"]
        index_name = plain(parts["as"]) if "as" in parts else None
        if rounds is None or not isinstance(layers, Sequence):
            return
        if index_name is not None and not (isinstance(index_name, str) and index_name.isidentifier()):
            self.flat.wrong(f"`as`: expected a name, got {described(index_name)}", parts["as"].place)
            return
        for index, values in enumerate(rounds):
            own = {**values, index_name: index} if index_name else values
            suffix = f"{scope.suffix}_{index}"
            inner = self._inside(scope, "round")._replace(
                names=_over(own, scope.names),
                suffix=suffix,
                searched=((scope.prefix, suffix), *scope.searched),
            )
            self.substitution.count(_OF_A_ROUND, entry.key_place, PATH)
            self.items(layers.items, inner)

    def _rounds(self, entry: Entry, parts: dict[str, Node], scope: Scope) -> list[dict[str, Any]] | None:
        """What each round of a `repeat` sets."""
        if ("times" in parts) == ("over" in parts):
            self.flat.wrong("`repeat` needs `times` or `over`, one of them", entry.key_place)
            return None
        if "times" in parts:
            times = as_integers(self.flat.value(parts["times"], scope))
            self.flat.note_if_deferred(times, parts["times"])
            if isinstance(times, Broken):
                return None
            if not isinstance(times, int) or isinstance(times, bool) or not 0 <= times <= MOST_TIMES:
                place = from_call(parts["times"].place, scope.caller)
                self.flat.wrong(f"`times`: expected an integer from 0 to {MOST_TIMES}, got {described(times)}", place)
                return None
            return [{} for _ in range(times)]
        lists = self.flat.value(parts["over"], scope)
        place = from_call(parts["over"].place, scope.caller)
        if not isinstance(lists, dict) or not lists or not all(isinstance(values, list) for values in lists.values()):
            hint = "as in `over: {filters: [16, 32, 64]}`"
            self.flat.wrong(f"`over` is a mapping of names to lists, got {described(lists)}", place, hint)
            return None
        lengths = {name: len(values) for name, values in lists.items()}
        if len(set(lengths.values())) > 1:
            got = ", ".join(f"{name} has {length}" for name, length in lengths.items())
            self.flat.wrong(f"the lists of `over` are not of one length: {got}", place)
            return None
        if max(lengths.values()) > MOST_TIMES:
            self.flat.wrong(f"`over`: at most {MOST_TIMES} rounds", place)
            return None
        return [dict(zip(lists, values, strict=True)) for values in zip(*lists.values(), strict=True)]

    def _branches(self, entry: Entry, scope: Scope) -> None:
        parts = self._parts(entry, scope, ("merge", "paths"), needed=("merge", "paths"))
        if parts is None:
            return
        paths = parts["paths"]
        if (
            not isinstance(paths, Sequence)
            or len(paths.items) < 2
            or not all(isinstance(p, Sequence) for p in paths.items)
        ):
            place = from_call(paths.place, scope.caller)
            self.flat.wrong(
                "`paths` is a list of at least two lists of layers", place, "[] is a path that changes nothing"
            )
            return
        start = self.flat.current
        inner = self._inside(scope, "path")
        ends: list[str | None] = []
        for path in paths.items:
            assert isinstance(path, Sequence)
            self.flat.current = start
            self.items(path.items, inner)
            ends.append(self.flat.current)
        self._merge(parts["merge"], ends, entry, scope)

    def _merge(self, node: Node, sources: list[str | None], entry: Entry, scope: Scope) -> None:
        """The layer that brings paths together."""
        head, body = head_and_body(node)
        if head is None or head.value[:1].islower():
            place = from_call(node.place, scope.caller)
            hint = "Add, Average, Concatenate, Maximum, Minimum, Multiply, Subtract or Dot"
            self.flat.wrong(f"`merge` is a Keras merging layer, got {described(plain(node))}", place, hint)
            return
        place = from_call(head.place, scope.caller)
        name = self.flat.given_name(entry, scope)
        merging = Entry(head.value, place, body if body is not None else Scalar(None, place))
        self.flat.layer(merging, scope, sources, name)

    def _residual(self, entry: Entry, scope: Scope) -> None:
        parts = self._parts(entry, scope, ("body", "shortcut"), needed=("body",))
        if parts is None:
            return
        body, shortcut = parts["body"], parts.get("shortcut")
        if not isinstance(body, Sequence) or not body.items:
            self.flat.wrong("`body` is a list of at least one layer", from_call(body.place, scope.caller))
            return
        start = self.flat.current
        inner = self._inside(scope, "residual body")
        self.items(body.items, inner)
        end = self.flat.current
        if isinstance(shortcut, Sequence):
            self.flat.current = start
            self.items(shortcut.items, inner)
            side = self.flat.current
        else:
            kind = self.flat.value(shortcut, scope) if shortcut else "identity"
            self.flat.note_if_deferred(kind, shortcut)
            if kind not in ("identity", "auto"):
                assert shortcut is not None
                place = from_call(shortcut.place, scope.caller)
                message = f"`shortcut`: expected identity, auto or a list of layers, got {described(kind)}"
                self.flat.wrong(message, place, did_you_mean(str(kind), ["identity", "auto"]))
                return
            side = start if kind == "identity" else self.flat.shortcut(entry, start, end, scope)
        place = entry.key_place
        name = self.flat.given_name(entry, scope)
        self.flat.layer(Entry("Add", place, Scalar(None, place)), scope, [end, side], name)

    def _group(self, entry: Entry, scope: Scope) -> None:
        parts = self._parts(entry, scope, ("layers",), needed=("layers",))
        if parts is None or not isinstance(parts["layers"], Sequence):
            return
        before = len(self.problems)
        written = self.flat.written_name(entry, scope)
        if written is None:
            if len(self.problems) == before:
                self.flat.wrong("`group` needs a `name`", entry.key_place)
            return
        with self.flat.as_group(self.flat.name_of(written, scope)):
            # Without a word on `input`: what a resolved recipe lists as a group took its inputs as it was written.
            self.items(parts["layers"].items, self._inside(scope, ""))

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
        layers = parts.get("layers")
        if layers is not None and not isinstance(layers, Sequence):
            self.flat.wrong(f"`layers` is a list, got {kind_of(layers)}", from_call(layers.place, scope.caller))
        return None if len(self.problems) > before else parts


def _over(own: dict[str, Any], names: Names[str, Any]) -> Names[str, Any]:
    """The names with those of a round before them, in one flat chain."""
    maps = names.maps if isinstance(names, ChainMap) else [names]
    return ChainMap(own, *maps)  # type: ignore[arg-type]  # a Mapping below will do


def head_and_body(item: Node) -> tuple[Scalar | None, Node | None]:
    """`Conv2D` and its arguments of `- Conv2D: {…}`; the head of `- Flatten` has no body."""
    if isinstance(item, Scalar) and isinstance(item.value, str) and item.value:
        return item, None
    if isinstance(item, Mapping) and len(item.entries) == 1:
        [entry] = item.entries
        return Scalar(entry.key, entry.key_place), entry.value
    return None, None
