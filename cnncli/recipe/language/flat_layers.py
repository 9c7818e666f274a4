"""The flat list of layers, as structure is written out: their names, and what each takes."""

from __future__ import annotations

import fnmatch
import glob
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from collections.abc import Mapping as Names
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any, NamedTuple

from cnncli.errors import Place, Problem
from cnncli.messages import described
from cnncli.recipe.deferred import Broken, Deferred
from cnncli.recipe.growth import Stopped
from cnncli.recipe.keras_objects import catalogue, structure_entries
from cnncli.recipe.keras_objects.structure_entries import SHORTCUT
from cnncli.recipe.language.changes import Changes, by_name
from cnncli.recipe.language.here import Shape, Shapes
from cnncli.recipe.language.shared_layers import SharedLayers
from cnncli.recipe.language.substitution import Substitution, as_node, from_call
from cnncli.recipe.layers import Group, application_name, snake_case
from cnncli.recipe.yaml.nodes import Entry, Mapping, Node, Path, Scalar, Sequence, plain

INPUT = "input"  # the network's input, as `from` names it
HERE = "."  # the input of the block, residual body, group, round or path in which it stands
MOST_LAYERS = 5000
_NAMES_OF_A_VALUE = 20  # so many names that are compared with a glob take as much time as one value of the recipe
PATH: Path = ("model", "layers")
# Python keywords, so no Keras argument can have these names.
OURS = ("if", "from", "is", "name")


class Scope(NamedTuple):
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
        blocks_open: the blocks whose bodies are around this place in the recipe.
        given: what may stand for layers: parameters of the block, and `vars`.
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
    given: Names[str, Given] = MappingProxyType({})


class Given(NamedTuple):
    """A value as it was written, with the scope in which it was: layers are written out where they are named.

    Attributes:
        node: the value of a block's parameter, or of one of `vars`.
        scope: of the block's call.
    """

    node: Node
    scope: Scope


class FlatLayers:
    """The layers that are written out so far.

    Args:
        layers: with structure.
        changes: of single layers, by their names.
        substitution: collects what is wrong, and counts what is written out.
        warnings: collects what is not wrong, but probably not meant.
        shapes: tells the sizes of `$here`; None while they are not known.
        inputs: the names of the network's inputs.

    Attributes:
        nodes: the layers.
        groups: the runs of layers that have a name.
        shared: what `is` can name.
        known: the name of a layer or group -> the layer that `from` means by it.
        current: what the next layer takes; None is the network's input.
        previous: the layer before the next one in the list.
        written: every name that the list gives.
    """

    def __init__(
        self,
        layers: Sequence,
        changes: Changes,
        substitution: Substitution,
        warnings: list[Problem],
        shapes: Shapes | None,
        inputs: tuple[str, ...] = (INPUT,),
    ) -> None:
        self.changes = changes
        self.substitution = substitution
        self.warnings = warnings
        self._shapes = shapes
        self.inputs = inputs
        self.nodes: list[Node] = []
        self.groups: list[Group] = []
        self.shared = SharedLayers()
        self.known: dict[str, str] = {name: name for name in inputs}
        self.current: str | None = None
        self.previous: str | None = None
        self.block_inputs: dict[str, str] = {}  # prefix of a block's call -> what comes into it
        self.named_inputs: dict[
            str, tuple[str, Place]
        ] = {}  # the same prefix -> where a layer in it names that by its name
        self._unknown: dict[str, Place] = {}  # names in `from` that nothing before has, and where they were written
        self._indexes: dict[str, int] = {}  # of the layers by name
        self.written = set(_written_names(layers))
        self._counts: defaultdict[str, Counter[str]] = defaultdict(Counter)

    def wrong(self, message: str, place: Place, hint: str = "") -> None:
        self.substitution.problems.append(Problem(message, hint, place, PATH))

    def here(self) -> Shape | None:
        """The shape that comes in now; None while it is not known."""
        self.substitution.uses_sizes = True
        return self._shapes.shape_of(self.nodes, self.current) if self._shapes else None

    def keep_name(self, entry: Entry, scope: Scope) -> None:
        """Let others name an item that is wrong, so that its mistake is reported once."""
        if name := self.given_name(entry, scope):
            self.known.setdefault(name, self.current or INPUT)

    def layer(self, entry: Entry, scope: Scope, sources: list[str | None] | None = None, name: str = "") -> None:
        """One Keras layer.

        Args:
            entry: its name and, as written, its arguments.
            sources: what it takes; left out: what flows here.
            name: a name that the structure around it gives.
        """
        if sources:
            self.current = sources[0]
        body = self.replaced(entry.value, scope)
        given = by_name(Entry(entry.key, entry.key_place, body))
        if given is None:
            self.append(Mapping((Entry(entry.key, entry.key_place, body),), entry.key_place))
            return
        found = structure_entries.find(entry.key)
        own, place = self._layer_name(entry, found, scope, name)
        taken = self._sources(entry, body, scope, sources)
        arguments = [argument for argument in given.entries if argument.key not in OURS]
        root = None
        if isinstance(body, Mapping) and (written := body.entry("is")) is not None:
            if (root := self.shared.layer(entry.key, written, arguments, self, scope)) is None:
                return
            arguments = root.arguments_at(entry.key_place, arguments)
        unchanged = Entry(entry.key, entry.key_place, Mapping(tuple(arguments), body.place))
        layer = self.changes.of(own, unchanged, OURS)
        if layer is None:
            self._leave_out(own, taken)
            return
        if isinstance(layer.value, Mapping):
            arguments = [*layer.value.entries, Entry("name", place, Scalar(own, place))]
            if taken is not None:
                arguments.append(Entry("from", entry.key_place, as_node(taken, self._from_place(body, entry, taken))))
            if root is not None:
                arguments.append(Entry("is", entry.key_place, Scalar(root.name, entry.key_place)))
                if plain(layer.value) != plain(unchanged.value) or layer.key != entry.key:
                    message = f"`{own}` has the weights of `{root.name}`, so it cannot be changed by itself"
                    self.changes.wrong(own, message, f"change `{root.name}`")
            self.shared.add(own, layer.key, arguments, root)
            layer = Entry(layer.key, layer.key_place, Mapping(tuple(arguments), layer.value.place))
        self.add(own, Mapping((layer,), layer.key_place))
        self.known.setdefault(own, own)
        self.current = own

    def _leave_out(self, name: str, taken: list[str] | str | None) -> None:
        """What comes into a layer that is left out is what leaves it."""
        if isinstance(taken, list):
            hint = "put another layer in its place, as in `{Concatenate: {}}`"
            self.changes.wrong(name, f"`{name}` takes {len(taken)} layers, so it cannot be left out", hint)
            return
        self.current = taken if isinstance(taken, str) else self.previous
        self.known.setdefault(name, self.current or self.inputs[0])

    def append(self, node: Node) -> None:
        if len(self.nodes) >= MOST_LAYERS:
            self.wrong(f"the network has more than {MOST_LAYERS:,} layers", node.place)
            raise Stopped
        self.nodes.append(node)

    def _layer_name(self, entry: Entry, found: catalogue.Entry | None, scope: Scope, given: str) -> tuple[str, Place]:
        """The layer's name in the flat list, and where it was written."""
        if given:
            return given, entry.key_place
        if (written := self.written_name(entry, scope)) is not None:
            return self.name_of(written, scope), from_call(written.place, scope.caller)
        if found and found.kind == "applications":
            return self.counted(application_name(found), scope), entry.key_place
        return self.counted(snake_case(found.canonical if found else entry.key), scope), entry.key_place

    def written_name(self, entry: Entry, scope: Scope) -> Scalar | None:
        """What `name` says; None when it says nothing, or something wrong."""
        written = entry.value.get("name") if isinstance(entry.value, Mapping) else None
        if written is None or (isinstance(written, Scalar) and written.value is None):
            return None
        if isinstance(written, Scalar) and isinstance(written.value, str):
            is_wrong = "$" in written.value and isinstance(self.value(written, scope), Broken)
            return None if is_wrong else written
        place = from_call(written.place, scope.caller)
        hint = f'quote it: name: "{written.value}"' if isinstance(written, Scalar) else ""
        self.wrong(f"`name`: expected a text, got {described(plain(written))}", place, hint)
        return None

    def given_name(self, entry: Entry, scope: Scope) -> str:
        """The written name of a layer within its scope; empty where it has none."""
        written = self.written_name(entry, scope)
        return self.name_of(written, scope) if written else ""

    def name_of(self, written: Scalar, scope: Scope) -> str:
        """A written name within its scope. One that uses a variable tells its rounds apart by itself."""
        node = self.replaced(written, scope)
        value = node.value if isinstance(node, Scalar) else ""
        self.note_if_deferred(value, written)
        text = str(value.stand_in if isinstance(value, Deferred) else value)
        return f"{scope.prefix}{text}{'' if '$' in written.value else scope.suffix}"

    def counted(self, base: str, scope: Scope) -> str:
        """The name that Keras would give: `conv2d`, `conv2d_1`, …, counted within its block."""
        counts = self._counts[scope.prefix]
        while True:
            name = scope.prefix + (f"{base}_{counts[base]}" if counts[base] else base)
            counts[base] += 1
            if name not in self.written and name not in self.known:
                return name

    def _sources(
        self, entry: Entry, body: Node, scope: Scope, given: list[str | None] | None
    ) -> list[str] | str | None:
        """What `from` has to say in the flat list; None when the layer takes the one before it."""
        written = body.get("from") if isinstance(body, Mapping) else None
        if given is None and written is not None:
            return plain(written)  # type: ignore[no-any-return]  # neither a name nor names: its reader says so
        resolved = given if given is not None else [self.current]
        if resolved == [self.previous] and (self.previous is not None or len(self.inputs) == 1):
            return None
        named = [self.named(name, entry) for name in resolved]
        return named[0] if len(named) == 1 else named

    def named(self, name: str | None, entry: Entry) -> str:
        """The name of what a layer or structure takes; None is the network's input, where there is only one."""
        if name is None and len(self.inputs) > 1:
            choices = " or ".join(f"`from: {each}`" for each in self.inputs)
            self.wrong(f"{entry.key} takes which input?", entry.key_place, choices)
        return name if name is not None else self.inputs[0]

    def taken(self, body: Node | None, scope: Scope) -> list[str | None] | None:
        """The layers that `from` of an item names; None where there is none, or not a name or list of names."""
        written = body.get("from") if isinstance(body, Mapping) else None
        value = self.value(written, scope) if written is not None else None
        names = [value] if isinstance(value, str) else value
        if written is None or not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            return None
        if any(isinstance(name, Deferred) for name in names):  # a name that depends on sizes
            self.note_if_deferred(next(name for name in names if isinstance(name, Deferred)), written)
            return [self.current]
        place = from_call(written.place, scope.caller)
        return [layer for name in names for layer in self.resolve(name, scope, place)]

    def _from_place(self, body: Node, entry: Entry, taken: list[str] | str) -> Place:
        written = body.get("from") if isinstance(body, Mapping) else None
        if written is not None:
            return written.place
        # The structure or block around this layer may name it.
        names = taken if isinstance(taken, list) else [taken]
        return next((self._unknown[name] for name in names if name in self._unknown), entry.key_place)

    def resolve(self, name: str, scope: Scope, place: Place) -> list[str | None]:
        """The layers that a name or glob in `from` means: the nearest, from the inside out; None is the input."""
        if name == HERE:
            return [scope.here]
        for prefix, suffix in scope.searched:
            if glob.has_magic(name):
                if matching := self._matching(f"{glob.escape(prefix)}{name}{glob.escape(suffix)}", place):
                    return matching
            elif (found := self.known.get(f"{prefix}{name}{suffix}")) is not None:
                if found == INPUT and name == INPUT:
                    self._note_network_input(scope, place)
                for block, _ in scope.searched:
                    if found == self.block_inputs.get(block):
                        self.named_inputs.setdefault(block, (name, place))
                return [found]
        self._unknown[name] = place
        return [name]

    def _matching(self, pattern: str, place: Place) -> list[str | None]:
        """The layers and groups of a glob, in their order; without what is inside of a group that is one of them."""
        self.substitution.count(len(self.known) // _NAMES_OF_A_VALUE, place, PATH)
        names = dict.fromkeys(filter(re.compile(fnmatch.translate(pattern)).match, self.known))
        inside: set[int] = set()  # layers of the groups that match
        nested: set[str] = set()  # groups that match, in another one
        for group in self.groups:  # from the outside in
            if group.name in names:
                if group.start in inside:
                    nested.add(group.name)
                inside.update(range(group.start, group.end))
        groups = {group.name for group in self.groups} - nested
        outer = [n for n in names if n in groups or (n not in nested and self._indexes.get(n, -1) not in inside)]
        layers = dict.fromkeys(self.known[name] for name in outer if name not in self.inputs)
        self.substitution.count(len(layers), place, PATH)
        return [*sorted(layers, key=lambda layer: self._indexes.get(layer, -1))]

    def _note_network_input(self, scope: Scope, place: Place) -> None:
        """`input` means the network's, also where something else comes into the structure around it."""
        if scope.within and scope.here not in (None, INPUT):
            message = f"`input` is the input of the network, not that of this {scope.within}"
            self.warnings.append(
                Problem(message, f"`from: {HERE}` names what comes into the {scope.within}", place, PATH)
            )

    def note_if_deferred(self, value: Any, node: Node | None) -> None:
        """Remember that the list of layers itself depends on what is not known yet."""
        if isinstance(value, Deferred) and not isinstance(value, Broken) and node is not None:
            self.substitution.open_places.append(node.place)

    def is_kept(self, body: Node | None, scope: Scope) -> bool:
        """What `if` of an item says; true where there is none."""
        condition = body.get("if") if isinstance(body, Mapping) else None
        return condition is None or self.condition("if", condition, scope)

    def condition(self, key: str, node: Node, scope: Scope) -> bool:
        """Whether a condition holds; true where it is wrong, or not known yet."""
        value = self.value(node, scope)
        if not isinstance(value, (bool, int)):
            self.wrong(f"`{key}`: expected true or false, got {described(value)}", from_call(node.place, scope.caller))
            return True
        self.note_if_deferred(value, node)
        return bool(value) or isinstance(value, Deferred)

    def shortcut(self, entry: Entry, start: str | None, end: str | None, scope: Scope) -> str:
        """The item that becomes an identity or a projection once shapes are known."""
        place, name = entry.key_place, self.counted(SHORTCUT, scope)
        arguments = {"like": self.named(end, entry), "name": name, "from": self.named(start, entry)}
        self.add(name, Mapping((Entry(SHORTCUT, place, as_node(arguments, place)),), place))
        self.known[name] = name
        return name

    def add(self, name: str, node: Node) -> None:
        """A layer that is written out."""
        self._indexes.setdefault(name, len(self.nodes))
        self.append(node)
        self.previous = name

    @contextmanager
    def as_group(self, name: str) -> Iterator[None]:
        """Remember the layers that are written out within as a group."""
        start, place = len(self.nodes), len(self.groups)
        yield
        if len(self.nodes) > start:
            self.groups.insert(place, Group(name, start, len(self.nodes)))
        if self.current or len(self.inputs) == 1:
            # Without layers, what comes in is what leaves it.
            self.known[name] = self.current or self.inputs[0]

    def replaced(self, node: Node, scope: Scope) -> Node:
        return self.substitution.replace(node, scope.names, PATH, caller=scope.caller)

    def value(self, node: Node, scope: Scope) -> Any:
        return self.substitution.value(node, scope.names, PATH, caller=scope.caller)


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
