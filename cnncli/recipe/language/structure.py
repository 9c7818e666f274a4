"""Structure of networks: `blocks`, `repeat`, `branches`, `residual` and `group` become a flat list of layers.

In the flat list every layer has a name, and says with `from` what it takes where that is not the layer before it.
"""

from __future__ import annotations

from collections import ChainMap, Counter, defaultdict
from collections.abc import Callable, Iterator
from collections.abc import Mapping as Names
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

from cnncli.errors import Place, Problem
from cnncli.messages import described, did_you_mean, listed, shortened
from cnncli.recipe.growth import Stopped
from cnncli.recipe.keras_objects import catalogue
from cnncli.recipe.keras_objects.objects import NAMING_KEYS, SHORTCUT, Broken, Deferred, as_integers
from cnncli.recipe.language.substitution import Substitution, as_node, from_call, kind_of
from cnncli.recipe.layers import Group, snake_case
from cnncli.recipe.yaml.nodes import Entry, Mapping, Node, Path, Scalar, Sequence, plain

INPUT = "input"  # the network's input, as `from` names it
HERE = "."  # the input of the block, residual body, group, round or path in which it stands
STRUCTURES = ("repeat", "branches", "residual", "group")
MOST_LAYERS = 5000
_OF_A_CALL = 25  # values of the recipe that a structure or a call of a block counts as: it takes as much time
_OF_A_ROUND = 2  # and one of its rounds
MOST_TIMES = 1000
MOST_NESTED = 20  # structures and calls of blocks within each other
_PATH: Path = ("model", "layers")
# Python keywords, so no Keras argument can have these names.
_OURS = ("if", "from", "name")


@dataclass(frozen=True, slots=True)
class Block:
    """One of the recipe's own `blocks`."""

    name: str
    params: tuple[str, ...]
    defaults: Mapping | None
    layers: Sequence
    place: Place


class Blocks(dict[str, Block]):
    """The recipe's `blocks` by name."""

    @classmethod
    def read(cls, node: Node | None, problems: list[Problem]) -> Blocks:
        """Read the section; what is wrong in it goes to `problems`."""
        blocks = cls()
        if node is None:
            return blocks
        if not isinstance(node, Mapping):
            problems.append(Problem(f"`blocks` is a mapping of names to blocks, got {kind_of(node)}", place=node.place))
            return blocks
        for entry in node.entries:
            if block := _read_block(entry, problems):
                blocks[entry.key] = block
        return blocks


def _read_block(entry: Entry, problems: list[Problem]) -> Block | None:
    name, node, path = entry.key, entry.value, ("blocks", entry.key)

    def wrong(message: str, place: Place, hint: str = "") -> None:
        problems.append(Problem(message, hint, place, path))

    if not name.isidentifier() or not name[0].islower() or name in STRUCTURES:
        hint = "a block's name has lower-case letters, digits and _; CapWords are Keras"
        wrong(f"`{shortened(name)}` cannot name a block", entry.key_place, hint)
        return None
    if not isinstance(node, Mapping):
        wrong(f"block `{name}`: expected a mapping with `layers`, got {kind_of(node)}", node.place)
        return None
    for part in node.entries:
        if part.key not in ("params", "defaults", "layers"):
            hint = did_you_mean(part.key, ["params", "defaults", "layers"])
            wrong(f"unknown key `{shortened(part.key)}` in block `{name}`", part.key_place, hint)
    params, defaults, layers = node.get("params"), node.get("defaults"), node.get("layers")
    if not isinstance(layers, Sequence):
        place = layers.place if layers else entry.key_place
        wrong(f"block `{name}`: expected a list of `layers`, got {kind_of(layers) if layers else 'none'}", place)
        return None
    if defaults is not None and not isinstance(defaults, Mapping):
        wrong(f"block `{name}`: `defaults` is a mapping of names to values, got {kind_of(defaults)}", defaults.place)
        return None
    required = plain(params) if params else []
    if not isinstance(required, list) or not all(isinstance(p, str) and p.isidentifier() for p in required):
        assert params is not None
        wrong(f"block `{name}`: `params` is a list of names, got {described(plain(params))}", params.place)
        return None
    return Block(name, tuple(required), defaults, layers, entry.key_place)


class _Scope(NamedTuple):
    """Where the layers that are being written out stand.

    Attributes:
        names: the values that `$name` reads.
        prefix: of the names of layers, inside a block's call.
        suffix: of names that are written the same in every round of a `repeat`.
        searched: prefix and suffix of the names that `from` sees, from the inside out: those of the own round, of the
            rounds around it, and of what is around the block's call.
        caller: the place of the block's call.
        depth: how many calls and structures lead here.
        here: the layer that the innermost structure begins with, as `from: .` names it; None is the network's input.
        within: that structure, for a message; empty outside of any.
    """

    names: Names[str, Any]
    prefix: str = ""
    suffix: str = ""
    searched: tuple[tuple[str, str], ...] = (("", ""),)
    caller: Place | None = None
    depth: int = 0
    here: str | None = None
    within: str = ""
    blocks_open: tuple[str, ...] = ()


class Flattener:
    """Writes a list of layers with structure out as a flat one.

    Args:
        blocks: what may be called.
        substitution: collects what is wrong, and counts what is written out.
        warnings: collects what is not wrong, but probably not meant.

    Attributes:
        groups: the runs of layers that have a name.
    """

    def __init__(self, blocks: Blocks, substitution: Substitution, warnings: list[Problem]) -> None:
        self.blocks = blocks
        self.substitution = substitution
        self.warnings = warnings
        self.problems = substitution.problems
        self.groups: list[Group] = []
        self._layers: list[Node] = []
        self._known: dict[str, str] = {INPUT: INPUT}  # name of a layer or group -> the layer that `from` means by it
        self._counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._globals: Names[str, Any] = {}
        self._written: set[str] = set()
        self._current: str | None = None  # what the next layer takes; None is the network's input
        self._previous: str | None = None  # the layer before it in the list

    def flatten(self, layers: Sequence, names: Names[str, Any]) -> Sequence:
        """Write out the layers of `model.layers`.

        Args:
            layers: as written.
            names: the values that `$name` reads.
        """
        self._globals = names  # what a block's body sees beside its parameters: not the loops around its call
        self._written = set(_written_names(layers))
        self._items(layers.items, _Scope(names))
        return Sequence(tuple(self._layers), layers.place)

    def _wrong(self, message: str, place: Place, hint: str = "") -> None:
        self.problems.append(Problem(message, hint, place, _PATH))

    def _items(self, items: tuple[Node, ...], scope: _Scope) -> None:
        for item in items:
            self._item(item, scope)

    def _item(self, item: Node, scope: _Scope) -> None:
        self.substitution.count(1, item.place, _PATH)
        head, body = _head_and_body(item)
        if head is None:
            self._append(self._replaced(item, scope))  # not an item of a list of layers; its reader says so
            return
        key_place = from_call(head.place, scope.caller)
        kept, source = self._if_and_from(body, scope)
        if not kept:
            return
        if source is not None:
            self._current = source
        name: str = head.value
        structures: dict[str, Callable[[Entry, _Scope], None]] = {
            "repeat": self._repeat,
            "branches": self._branches,
            "residual": self._residual,
            "group": self._group,
        }
        entry = Entry(name, key_place, body if body is not None else Scalar(None, key_place))
        if name in structures or name in self.blocks:
            self.substitution.count(_OF_A_CALL, item.place, _PATH)
            self._check_single_source(entry, scope)
        if name in structures:
            structures[name](entry, scope)
        elif name in self.blocks:
            self._call(self.blocks[name], entry, scope)
        elif name[:1].islower() and name.isidentifier() and name != SHORTCUT:
            hint = did_you_mean(name, [*self.blocks, *STRUCTURES, *catalogue.names("layers")])
            if name in NAMING_KEYS and isinstance(body, Scalar) and isinstance(body.value, str):
                hint = f"the name is the key: `- {shortened(body.value)}`, or `- {shortened(body.value)}: {{…}}`"
            self._wrong(
                f"unknown block `{shortened(name)}`", key_place, hint or "define it in `blocks`; CapWords are Keras"
            )
        else:
            self._layer(entry, scope)

    # ---- layers --------------------------------------------------------------------------------------------------------

    def _layer(self, entry: Entry, scope: _Scope, sources: list[str | None] | None = None, name: str = "") -> None:
        """One Keras layer.

        Args:
            entry: its name and, as written, its arguments.
            sources: what it takes; left out: what flows here, or what its own `from` says.
            name: a name that the structure around it gives.
        """
        found = catalogue.find("layers", entry.key) or catalogue.find("applications", entry.key)
        body = self._replaced(entry.value, scope)
        if isinstance(body, Mapping):
            arguments = [argument for argument in body.entries if argument.key not in _OURS]
        elif isinstance(body, Scalar) and body.value is None:
            arguments = []
        else:
            first = next(iter(found.arguments or {}), "") if found else ""
            arguments = [Entry(first, body.place, body)]
            if not first:
                self._append(Mapping((Entry(entry.key, entry.key_place, body),), entry.key_place))
                return
        own, place = self._layer_name(entry, found, scope, name)
        arguments.append(Entry("name", place, Scalar(own, place)))
        taken = self._sources(entry, body, scope, sources)
        if taken is not None:
            arguments.append(Entry("from", entry.key_place, as_node(taken, self._from_place(body, entry))))
        arguments_node = Mapping(tuple(arguments), body.place)
        self._append(Mapping((Entry(entry.key, entry.key_place, arguments_node),), entry.key_place))
        self._known.setdefault(own, own)
        self._current = self._previous = own

    def _append(self, node: Node) -> None:
        if len(self._layers) >= MOST_LAYERS:
            self._wrong(f"the network has more than {MOST_LAYERS:,} layers", node.place)
            raise Stopped
        self._layers.append(node)

    def _layer_name(self, entry: Entry, found: catalogue.Entry | None, scope: _Scope, given: str) -> tuple[str, Place]:
        """The layer's name in the flat list, and where it was written."""
        if given:
            return given, entry.key_place
        if (written := self._written_name(entry, scope)) is not None:
            return self._name_of(written, scope), from_call(written.place, scope.caller)
        if found and found.kind == "applications":
            argument = (found.arguments or {}).get("name")
            base = (
                str(argument.default) if argument and not argument.required and argument.default else found.name.lower()
            )
            return self._counted(base, scope), entry.key_place
        return self._counted(snake_case(found.canonical if found else entry.key), scope), entry.key_place

    def _written_name(self, entry: Entry, scope: _Scope) -> Scalar | None:
        """What `name` says; None when it says nothing."""
        written = entry.value.get("name") if isinstance(entry.value, Mapping) else None
        if written is None or (isinstance(written, Scalar) and written.value is None):
            return None
        if isinstance(written, Scalar) and isinstance(written.value, str):
            return written
        place = from_call(written.place, scope.caller)
        hint = f'quote it: name: "{written.value}"' if isinstance(written, Scalar) else ""
        self._wrong(f"`name`: expected a text, got {described(plain(written))}", place, hint)
        return None

    def _name_of(self, written: Scalar, scope: _Scope) -> str:
        """A written name within its scope. One that uses a variable tells its rounds apart by itself."""
        node = self._replaced(written, scope)
        value = node.value if isinstance(node, Scalar) else ""
        self._note_if_deferred(value, written)
        text = str(value.stand_in if isinstance(value, Deferred) else value)
        return f"{scope.prefix}{text}{'' if '$' in written.value else scope.suffix}"

    def _counted(self, base: str, scope: _Scope) -> str:
        """The name that Keras would give: `conv2d`, `conv2d_1`, …, counted within its block."""
        counts = self._counts[scope.prefix]
        while True:
            name = scope.prefix + (f"{base}_{counts[base]}" if counts[base] else base)
            counts[base] += 1
            if name not in self._written and name not in self._known:
                return name

    def _sources(
        self, entry: Entry, body: Node, scope: _Scope, given: list[str | None] | None
    ) -> list[str] | str | None:
        """What `from` has to say in the flat list; None when the layer takes the one before it."""
        written = body.get("from") if isinstance(body, Mapping) else None
        if given is None and written is not None:
            value = plain(written)
            names = [value] if isinstance(value, str) else value
            if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
                return value  # type: ignore[no-any-return]  # its reader tells what is wrong
            place = from_call(written.place, scope.caller)
            resolved: list[str | None] = [self._resolve(name, scope, place) for name in names]
        else:
            resolved = given if given is not None else [self._current]
        if resolved == [self._previous]:
            return None
        named = [name if name is not None else INPUT for name in resolved]
        return named[0] if len(named) == 1 else named

    def _from_place(self, body: Node, entry: Entry) -> Place:
        written = body.get("from") if isinstance(body, Mapping) else None
        return written.place if written else entry.key_place

    def _resolve(self, name: str, scope: _Scope, place: Place) -> str | None:
        """The layer that a name in `from` means: the nearest of that name, from the inside out; None is the input."""
        if name == HERE:
            return scope.here
        for prefix, suffix in scope.searched:
            if (found := self._known.get(f"{prefix}{name}{suffix}")) is not None:
                if found == INPUT and name == INPUT:
                    self._note_network_input(scope, place)
                return found
        return name

    def _note_network_input(self, scope: _Scope, place: Place) -> None:
        """`input` means the network's, also where something else comes into the structure around it."""
        if scope.within and scope.here not in (None, INPUT):
            message = f"`input` is the input of the network, not that of this {scope.within}"
            self.warnings.append(
                Problem(message, f"`from: {HERE}` names what comes into the {scope.within}", place, _PATH)
            )

    def _note_if_deferred(self, value: Any, node: Node | None) -> None:
        """Remember that the list of layers itself depends on what is not known yet."""
        if isinstance(value, Deferred) and not isinstance(value, Broken) and node is not None:
            self.substitution.open_places.append(node.place)

    def _if_and_from(self, body: Node | None, scope: _Scope) -> tuple[bool, str | None]:
        """Whether an item stays, and what a single `from` name means."""
        if not isinstance(body, Mapping):
            return True, None
        condition = body.get("if")
        if condition is not None:
            value = self._value(condition, scope)
            if not isinstance(value, (bool, int)):
                self._wrong(f"`if`: expected true or false, got {described(value)}", condition.place)
                return True, None
            self._note_if_deferred(value, condition)
            if not value and not isinstance(value, Deferred):
                return False, None
        source = body.get("from")
        if isinstance(source, Scalar) and isinstance(source.value, str):
            name = self._value(source, scope)
            if not isinstance(name, str):
                return True, None
            return True, self._resolve(name, scope, from_call(source.place, scope.caller)) or INPUT
        return True, None

    def _check_single_source(self, entry: Entry, scope: _Scope) -> None:
        """Only a layer can take several others: what is written out begins with one."""
        source = entry.value.get("from") if isinstance(entry.value, Mapping) else None
        if source is not None and not (isinstance(source, Scalar) and isinstance(source.value, str)):
            place, got = from_call(source.place, scope.caller), described(plain(source))
            hint = "merge them first: `- Concatenate: {from: [a, b]}`" if isinstance(source, Sequence) else ""
            self._wrong(f"`from`: expected the name of one layer, got {got}", place, hint)

    def _replaced(self, node: Node, scope: _Scope) -> Node:
        return self.substitution.replace(node, scope.names, _PATH, caller=scope.caller)

    def _value(self, node: Node, scope: _Scope) -> Any:
        return self.substitution.value(node, scope.names, _PATH, caller=scope.caller)

    # ---- structure -----------------------------------------------------------------------------------------------------

    def _call(self, block: Block, entry: Entry, scope: _Scope) -> None:
        """The body of a block with the values of a call."""
        if block.name in scope.blocks_open:
            self._wrong(f"block `{block.name}` calls itself", entry.key_place, f"it is defined at {block.place}")
            return
        if self._is_too_deep(entry, scope):
            return
        values = self._arguments(block, entry, scope)
        if values is None:
            return
        if (written := self._written_name(entry, scope)) is not None:
            name = self._name_of(written, scope)
            if name in self._known:
                place = from_call(written.place, scope.caller)
                self._wrong(f"two layers or blocks are named `{name}`", place, "give one of them another name")
        else:
            name = self._counted(block.name, scope)
        inner = _Scope(
            names=ChainMap(values, self._globals),  # type: ignore[arg-type]  # a Mapping below will do
            prefix=f"{name}_",
            searched=((f"{name}_", ""), *scope.searched),
            caller=entry.key_place,
            depth=scope.depth + 1,
            here=self._current,
            within="block",
            blocks_open=(*scope.blocks_open, block.name),
        )
        with self._as_group(name):
            self._items(block.layers.items, inner)

    def _arguments(self, block: Block, entry: Entry, scope: _Scope) -> dict[str, Any] | None:
        """The values of a block's parameters in a call; None when the call is wrong."""
        before = len(self.problems)
        node = self._replaced(entry.value, scope)
        given: dict[str, Entry] = {}
        if isinstance(node, Mapping):
            given = {argument.key: argument for argument in node.entries if argument.key not in _OURS}
        elif not (isinstance(node, Scalar) and node.value is None):
            if not block.params:
                self._wrong(f"block `{block.name}` has no parameters, got {described(plain(node))}", node.place)
                return None
            given = {block.params[0]: Entry(block.params[0], node.place, node)}
        defaults = {default.key: default for default in block.defaults.entries} if block.defaults else {}
        known = [*block.params, *defaults]
        for argument in given.values():
            if argument.key not in known:
                hint = did_you_mean(argument.key, known) or f"its parameters: {listed(known, 20) or 'none'}"
                self._wrong(
                    f"block `{block.name}` has no parameter `{shortened(argument.key)}`", argument.key_place, hint
                )
        missing = [param for param in block.params if param not in given and param not in defaults]
        if missing and len(self.problems) == before:
            needs = " and ".join(f"`{name}`" for name in missing)
            self._wrong(f"block `{block.name}` needs {needs}", entry.key_place)
        if len(self.problems) > before:
            return None
        values = {key: plain(argument.value) for key, argument in given.items()}
        for key, default in defaults.items():
            if key not in values:
                seen = ChainMap(values, self._globals)  # type: ignore[arg-type]
                values[key] = self.substitution.value(default.value, seen, _PATH, caller=entry.key_place)
        return values

    def _repeat(self, entry: Entry, scope: _Scope) -> None:
        parts = self._parts(entry, scope, ("times", "over", "as", "layers"), needed=("layers",))
        if parts is None:
            return
        rounds = self._rounds(entry, parts, scope)
        layers = parts["layers"]
        index_name = plain(parts["as"]) if "as" in parts else None
        if rounds is None or not isinstance(layers, Sequence):
            return
        if index_name is not None and not (isinstance(index_name, str) and index_name.isidentifier()):
            self._wrong(f"`as`: expected a name, got {described(index_name)}", parts["as"].place)
            return
        for index, values in enumerate(rounds):
            own = {**values, index_name: index} if index_name else values
            suffix = f"{scope.suffix}_{index}"
            inner = self._inside(scope, "round")._replace(
                names=_over(own, scope.names),
                suffix=suffix,
                searched=((scope.prefix, suffix), *scope.searched),
            )
            self.substitution.count(_OF_A_ROUND, entry.key_place, _PATH)
            self._items(layers.items, inner)

    def _rounds(self, entry: Entry, parts: dict[str, Node], scope: _Scope) -> list[dict[str, Any]] | None:
        """What each round of a `repeat` sets."""
        if ("times" in parts) == ("over" in parts):
            self._wrong("`repeat` needs `times` or `over`, one of them", entry.key_place)
            return None
        if "times" in parts:
            times = as_integers(self._value(parts["times"], scope))
            self._note_if_deferred(times, parts["times"])
            if isinstance(times, Broken):
                return None
            if not isinstance(times, int) or isinstance(times, bool) or not 0 <= times <= MOST_TIMES:
                place = from_call(parts["times"].place, scope.caller)
                self._wrong(f"`times`: expected an integer from 0 to {MOST_TIMES}, got {described(times)}", place)
                return None
            return [{} for _ in range(times)]
        lists = self._value(parts["over"], scope)
        place = from_call(parts["over"].place, scope.caller)
        if not isinstance(lists, dict) or not lists or not all(isinstance(values, list) for values in lists.values()):
            hint = "as in `over: {filters: [16, 32, 64]}`"
            self._wrong(f"`over` is a mapping of names to lists, got {described(lists)}", place, hint)
            return None
        lengths = {name: len(values) for name, values in lists.items()}
        if len(set(lengths.values())) > 1:
            got = ", ".join(f"{name} has {length}" for name, length in lengths.items())
            self._wrong(f"the lists of `over` are not of one length: {got}", place)
            return None
        if max(lengths.values()) > MOST_TIMES:
            self._wrong(f"`over`: at most {MOST_TIMES} rounds", place)
            return None
        return [dict(zip(lists, values, strict=True)) for values in zip(*lists.values(), strict=True)]

    def _branches(self, entry: Entry, scope: _Scope) -> None:
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
            self._wrong("`paths` is a list of at least two lists of layers", place, "[] is a path that changes nothing")
            return
        start = self._current
        inner = self._inside(scope, "path")
        ends: list[str | None] = []
        for path in paths.items:
            assert isinstance(path, Sequence)
            self._current = start
            self._items(path.items, inner)
            ends.append(self._current)
        self._merge(parts["merge"], ends, entry, scope)

    def _merge(self, node: Node, sources: list[str | None], entry: Entry, scope: _Scope) -> None:
        """The layer that brings paths together."""
        head, body = _head_and_body(node)
        if head is None or head.value[:1].islower():
            place = from_call(node.place, scope.caller)
            hint = "Add, Average, Concatenate, Maximum, Minimum, Multiply, Subtract or Dot"
            self._wrong(f"`merge` is a Keras merging layer, got {described(plain(node))}", place, hint)
            return
        place = from_call(head.place, scope.caller)
        written = self._written_name(entry, scope)
        name = self._name_of(written, scope) if written else ""
        merging = Entry(head.value, place, body if body is not None else Scalar(None, place))
        self._layer(merging, scope, sources, name)

    def _residual(self, entry: Entry, scope: _Scope) -> None:
        parts = self._parts(entry, scope, ("body", "shortcut"), needed=("body",))
        if parts is None:
            return
        body, shortcut = parts["body"], parts.get("shortcut")
        if not isinstance(body, Sequence) or not body.items:
            self._wrong("`body` is a list of at least one layer", from_call(body.place, scope.caller))
            return
        start = self._current
        inner = self._inside(scope, "residual body")
        self._items(body.items, inner)
        end = self._current
        if isinstance(shortcut, Sequence):
            self._current = start
            self._items(shortcut.items, inner)
            side = self._current
        else:
            kind = self._value(shortcut, scope) if shortcut else "identity"
            self._note_if_deferred(kind, shortcut)
            if kind not in ("identity", "auto"):
                assert shortcut is not None
                place = from_call(shortcut.place, scope.caller)
                message = f"`shortcut`: expected identity, auto or a list of layers, got {described(kind)}"
                self._wrong(message, place, did_you_mean(str(kind), ["identity", "auto"]))
                return
            side = start if kind == "identity" else self._shortcut(entry, start, end, scope)
        place = entry.key_place
        written = self._written_name(entry, scope)
        name = self._name_of(written, scope) if written else ""
        self._layer(Entry("Add", place, Scalar(None, place)), scope, [end, side], name)

    def _shortcut(self, entry: Entry, start: str | None, end: str | None, scope: _Scope) -> str:
        """The item that becomes an identity or a projection once shapes are known."""
        place, name = entry.key_place, self._counted(SHORTCUT, scope)
        arguments = {"like": end or INPUT, "name": name, "from": start or INPUT}
        self._append(Mapping((Entry(SHORTCUT, place, as_node(arguments, place)),), place))
        self._known[name] = self._previous = name
        return name

    def _group(self, entry: Entry, scope: _Scope) -> None:
        parts = self._parts(entry, scope, ("layers",), needed=("layers",))
        if parts is None or not isinstance(parts["layers"], Sequence):
            return
        before = len(self.problems)
        written = self._written_name(entry, scope)
        if written is None:
            if len(self.problems) == before:
                self._wrong("`group` needs a `name`", entry.key_place)
            return
        with self._as_group(self._name_of(written, scope)):
            # Without a word on `input`: what a resolved recipe lists as a group took its inputs as it was written.
            self._items(parts["layers"].items, self._inside(scope, ""))

    def _is_too_deep(self, entry: Entry, scope: _Scope) -> bool:
        if scope.depth >= MOST_NESTED:
            message = f"structures and blocks are nested too deeply (max {MOST_NESTED})"
            self._wrong(message, entry.key_place)
        return scope.depth >= MOST_NESTED

    def _inside(self, scope: _Scope, within: str) -> _Scope:
        """The scope within a structure that begins here."""
        return scope._replace(depth=scope.depth + 1, here=self._current, within=within)

    @contextmanager
    def _as_group(self, name: str) -> Iterator[None]:
        """Remember the layers that are written out within as a group."""
        start, place = len(self._layers), len(self.groups)
        yield
        if len(self._layers) > start:
            self.groups.insert(place, Group(name, start, len(self._layers)))
            self._known[name] = self._current or INPUT

    def _parts(
        self, entry: Entry, scope: _Scope, known: tuple[str, ...], *, needed: tuple[str, ...]
    ) -> dict[str, Node] | None:
        """The parts of a structure by key; None when some are wrong."""
        what, before = entry.key, len(self.problems)
        if self._is_too_deep(entry, scope):
            return None
        if not isinstance(entry.value, Mapping):
            self._wrong(
                f"`{what}`: expected a mapping with {', '.join(known)}, got {kind_of(entry.value)}", entry.key_place
            )
            return None
        parts = {part.key: part.value for part in entry.value.entries if part.key not in _OURS}
        for part in entry.value.entries:
            if part.key not in known and part.key not in _OURS:
                place = from_call(part.key_place, scope.caller)
                self._wrong(f"`{what}` has no `{shortened(part.key)}`", place, did_you_mean(part.key, known))
        for key in needed:
            if key not in parts and len(self.problems) == before:
                self._wrong(f"`{what}` needs `{key}`", entry.key_place)
        layers = parts.get("layers")
        if layers is not None and not isinstance(layers, Sequence):
            self._wrong(f"`layers` is a list, got {kind_of(layers)}", from_call(layers.place, scope.caller))
        return None if len(self.problems) > before else parts


def _over(own: dict[str, Any], names: Names[str, Any]) -> Names[str, Any]:
    """The names with those of a round before them, in one flat chain."""
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


def _written_names(node: Node) -> Iterator[str]:
    """Every name that the list of layers gives, so that no counted name takes one of them."""
    if isinstance(node, Mapping):
        for entry in node.entries:
            if entry.key == "name" and isinstance(entry.value, Scalar):
                yield str(entry.value.value)
            yield from _written_names(entry.value)
    elif isinstance(node, Sequence):
        for item in node.items:
            yield from _written_names(item)
