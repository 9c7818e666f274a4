"""Shared weights: `is` in a layer or in a block's call names the one that is called once more."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Sequence as Items
from dataclasses import dataclass, replace
from typing import Any, Protocol

from cnncli.errors import Place
from cnncli.messages import described, did_you_mean, shortened
from cnncli.recipe.deferred import Deferred
from cnncli.recipe.keras_objects import structure_entries
from cnncli.recipe.keras_objects.integer_values import as_integers
from cnncli.recipe.language.substitution import Substitution, as_node, from_call
from cnncli.recipe.yaml.nodes import Entry, Node, plain

NO_ARGUMENTS = ("name", "from", "is")
NAMES_LAYERS = ("from", "like")


class _Flat(Protocol):
    """What is needed of the flat list."""

    substitution: Substitution
    written: set[str]
    known: dict[str, str]

    def wrong(self, message: str, place: Place, hint: str = "") -> None: ...

    def value(self, node: Node, scope: Any) -> Any: ...


class _Scope(Protocol):
    """What is needed of the place of a layer."""

    @property
    def searched(self) -> tuple[tuple[str, str], ...]: ...

    @property
    def caller(self) -> Place | None: ...


@dataclass(frozen=True, slots=True)
class SharedLayer:
    """A layer of the flat list that `is` can name.

    Attributes:
        name: in the flat list; of a layer that itself says `is` that of the first one.
        kind: its key, `Conv2D`.
        arguments: as they were written, without its name and what it takes.
    """

    name: str
    kind: str
    arguments: tuple[Entry, ...]

    def arguments_at(self, place: Place, own: Items[Entry]) -> list[Entry]:
        """Its arguments for another layer, at that layer's place; of those that name layers that one has its own."""
        shared = [each for each in self.arguments if each.key not in NAMES_LAYERS]
        kept = [each for each in own if each.key in NAMES_LAYERS]
        return [*kept, *(Entry(each.key, place, as_node(plain(each.value), place)) for each in shared)]


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a block.

    Attributes:
        name: its own.
        block: the block's.
        values: of the block's parameters, `given_layers.Arguments`.
        here: what comes in; None is the network's input.
        start, end: its layers in the flat list.
        groups_start, groups_end: its groups, itself first.
        names_start, names_end: the names in it, among those that `from` may use.
    """

    name: str
    block: str
    values: Any
    here: str | None
    start: int
    groups_start: int
    names_start: int
    end: int = 0
    groups_end: int = 0
    names_end: int = 0

    def check(self, given: Iterable[Entry], written: Mapping[str, Node], flat: _Flat, scope: _Scope) -> None:
        """Report the arguments of another call that are not those of this one.

        Args:
            given: of the other call, as written in `scope`.
            written: the arguments of this one, as written.
        """
        for entry in given:
            known = written.get(entry.key)
            if known is None or plain(known) != plain(entry.value):
                value = as_node(flat.value(entry.value, scope), from_call(entry.value.place, scope.caller))
                _check_same(Entry(entry.key, entry.key_place, value), self.values.get(entry.key), self.name, flat)


class SharedLayers:
    """The layers and the calls of blocks that are written out so far, by name."""

    def __init__(self) -> None:
        self._layers: dict[str, SharedLayer] = {}
        self._calls: dict[str, Call] = {}
        self._hints: dict[tuple[Place, str], str] = {}  # a mistake in many rounds is searched for once

    def add(self, name: str, kind: str, arguments: Items[Entry], root: SharedLayer | None = None) -> None:
        own = tuple(each for each in arguments if each.key not in NO_ARGUMENTS)
        self._layers.setdefault(name, root or SharedLayer(name, kind, own))

    def root(self, name: str) -> SharedLayer | None:
        """The layer that has the weights."""
        return self._layers.get(name)

    def add_call(self, call: Call, *, end: int, groups_end: int, names_end: int) -> None:
        self._calls.setdefault(call.name, replace(call, end=end, groups_end=groups_end, names_end=names_end))

    def layer(self, kind: str, written: Entry, given: Items[Entry], flat: _Flat, scope: _Scope) -> SharedLayer | None:
        """The layer that `is` names, of the same kind and with the same arguments; None where that is reported as wrong."""
        found: SharedLayer | None = self._find(written, self._layers, flat, scope)
        if found is None:
            return None
        if _canonical(found.kind) != _canonical(kind):
            place = from_call(written.value.place, scope.caller)
            flat.wrong(
                f"`is`: `{found.name}` is a {found.kind}, not a {kind}",
                place,
                "a layer shares the weights of one of its kind",
            )
            return None
        before = len(flat.substitution.problems)
        known = {each.key: plain(each.value) for each in found.arguments}
        entry = structure_entries.find(kind)
        defaults = {name: argument.default for name, argument in ((entry and entry.arguments) or {}).items()}
        for argument in given:
            if argument.key in NAMES_LAYERS:
                continue
            _check_same(argument, known.get(argument.key, defaults.get(argument.key)), found.name, flat)
        return found if len(flat.substitution.problems) == before else None

    def call(self, block: str, written: Entry, flat: _Flat, scope: _Scope) -> Call | None:
        """The call of a block that `is` names; None where that is reported as wrong."""
        found: Call | None = self._find(written, self._calls, flat, scope)
        if found is not None and found.block != block:
            place = from_call(written.value.place, scope.caller)
            flat.wrong(f"`is`: `{found.name}` is a call of the block `{found.block}`, not of `{block}`", place)
            return None
        return found

    def _find(self, written: Entry, known: dict[str, Any], flat: _Flat, scope: _Scope) -> Any:
        place = from_call(written.value.place, scope.caller)
        name = flat.value(written.value, scope)
        if not isinstance(name, str):
            flat.wrong(f"`is`: expected the name of a layer or of a block's call, got {described(name)}", place)
            return None
        shown = shortened(name)
        name = name.stand_in if isinstance(name, Deferred) else name  # layers have names of stand-ins, too
        for prefix, suffix in scope.searched:
            if (found := known.get(f"{prefix}{name}{suffix}")) is not None:
                return found
        if any(f"{prefix}{name}{suffix}" in (self._layers | self._calls) for prefix, suffix in scope.searched):
            other = "a call of a block" if known is self._layers else "a single layer"
            own = "a single layer" if known is self._layers else "a call of a block"
            flat.wrong(f"`is`: `{shown}` is {other}, and this is {own}", place)
        elif any(f"{prefix}{name}{suffix}" in flat.known for prefix, suffix in scope.searched):
            hint = "it is a structure or an input, or `model.change` leaves it out"
            flat.wrong(f"`is`: `{shown}` is not a layer, and not a call of a block", place, hint)
        elif name in flat.written:
            flat.wrong(
                f"`is`: `{shown}` comes after this", place, "the first one has no `is`, and stands before the others"
            )
        else:
            if (place, name) not in self._hints:
                self._hints[place, name] = did_you_mean(name, known)
            flat.wrong(f"`is`: nothing is named `{shown}`", place, self._hints[place, name])
        return None


def _check_same(given: Entry, known: Any, name: str, flat: _Flat) -> None:
    value = plain(given.value)
    if as_integers(value) != as_integers(known):
        message = f"`{given.key}` is {described(value)}, and `{shortened(name)}` has {described(known)}"
        flat.wrong(message, given.value.place, f"`is` takes the arguments of `{shortened(name)}`: leave it out")


def _canonical(kind: str) -> str:
    found = structure_entries.find(kind)
    return found.canonical if found else kind
