"""`model.change`: other arguments, another layer or none, by the name that a layer has in the flat list."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Iterator
from collections.abc import Mapping as Names
from typing import Any

from cnncli.errors import Place, Problem
from cnncli.messages import described, did_you_mean, nearest, shortened
from cnncli.recipe.deferred import Broken
from cnncli.recipe.keras_objects import structure_entries
from cnncli.recipe.language.merge import merge
from cnncli.recipe.language.substitution import Substitution, kind_of
from cnncli.recipe.layers import Group
from cnncli.recipe.schema import Model
from cnncli.recipe.yaml.nodes import Entry, Mapping, Node, Path, Scalar, plain

CHANGE: Path = ("model", "change")
_GLOB = frozenset("*?[")
_GLOBS_OF_A_VALUE = 4  # so many comparisons with a name take as much time as one value of the recipe


class Changes:
    """What `model.change` says.

    Args:
        node: the section as written; None where there is none.
        names: the values that `$name` reads.
        substitution: collects what is wrong, and counts what is written out.
    """

    def __init__(self, node: Node | None, names: Names[str, Any], substitution: Substitution) -> None:
        self._names = names
        self._substitution = substitution
        self._globs: list[Entry] = []
        self._by_name: dict[str, Entry] = {}
        self._used: set[str] = set()
        if not (node is None or isinstance(node, Mapping) or (isinstance(node, Scalar) and node.value is None)):
            hint = "as in `change: {conv2d: {filters: 12}}`"
            self._wrong(f"`change` is a mapping of names of layers to arguments, got {kind_of(node)}", node.place, hint)
        for entry in node.entries if isinstance(node, Mapping) else ():
            if _GLOB & set(entry.key):
                self._globs.append(entry)
            else:
                self._by_name[entry.key] = entry

    def of(self, name: str, layer: Entry, ours: Iterable[str]) -> Entry | None:
        """A layer as it is changed.

        Globs come first, in the order in which they are written, and a name after them.

        Args:
            name: of the layer in the flat list.
            layer: what it is, with its arguments by name, and without `name` and `from`.
            ours: the keys that are no arguments.

        Returns:
            What it becomes; None where it is left out.
        """
        self._substitution.count(len(self._globs) // _GLOBS_OF_A_VALUE, layer.key_place, CHANGE)
        for change in self._changes_of(name):
            value = self._substitution.replace(change.value, self._names, (*CHANGE, change.key))
            changed = self._changed(layer, change, value, ours)
            if changed is None:
                return None
            layer = changed
        return layer

    def wrong(self, name: str, message: str, hint: str) -> None:
        """Report what is wrong with the last change of a layer."""
        [*_, change] = self._changes_of(name)
        self._wrong(message, change.key_place, hint)

    def report_unknown(self, known: Iterable[str], groups: Iterable[Group]) -> None:
        """Report the names that no layer had.

        Args:
            known: the names of all layers and groups.
            groups: what only stands for layers.
        """
        blocks = {group.name for group in groups}
        known = list(known)
        for entry in (*self._globs, *self._by_name.values()):
            name = entry.key
            if name in self._used:
                continue
            if name in blocks:
                hint = f"change its layers by their names, or all of them: `{name}_*`"
                self._wrong(f"`{shortened(name)}` is not a layer, but several", entry.key_place, hint)
            elif entry in self._globs:
                self._wrong(f"no layer's name matches `{shortened(name)}`", entry.key_place)
            elif name in known:
                self._wrong(f"`{shortened(name)}` has no arguments to change", entry.key_place)
            else:
                self._wrong(f"no layer is named `{shortened(name)}`", entry.key_place, _meant(entry, known))

    def _changes_of(self, name: str) -> Iterator[Entry]:
        for glob in self._globs:
            if fnmatch.fnmatchcase(name, glob.key):
                self._used.add(glob.key)
                yield glob
        if name in self._by_name:
            self._used.add(name)
            yield self._by_name[name]

    def _changed(self, layer: Entry, change: Entry, value: Node, ours: Iterable[str]) -> Entry | None:
        """A layer after one change; None where it is left out, and the layer itself where the change is wrong."""
        if isinstance(value, Scalar) and value.value is None:
            return None
        other = _other_layer(value)
        arguments = by_name(other) if other else value
        if not isinstance(arguments, Mapping):
            if other:
                return other
            if not (isinstance(value, Scalar) and isinstance(value.value, Broken)):
                hint = f"write `{shortened(change.key)}: {{argument: value}}`; null leaves the layer out"
                message = f"`{shortened(change.key)}`: expected arguments or a layer, got {described(plain(value))}"
                self._wrong(message, value.place, hint)
            return layer
        for argument in arguments.entries:
            if argument.key in ours:
                message = f"`{argument.key}` of `{shortened(change.key)}` cannot be changed"
                self._wrong(message, argument.key_place, "`change` changes arguments of Keras layers")
                return layer
        if other:
            return Entry(other.key, other.key_place, arguments)
        if not isinstance(layer.value, Mapping):
            return layer  # a value for a layer without arguments; its reader says so
        whole = merge(layer.value, arguments)
        return Entry(layer.key, layer.key_place, Mapping(whole.entries, layer.value.place))

    def _wrong(self, message: str, place: Place, hint: str = "") -> None:
        self._substitution.problems.append(Problem(message, hint, place, CHANGE))


def _meant(change: Entry, known: Iterable[str]) -> str:
    """A hint for a name that no layer has; `--set model.layer=…` may mean a key of `model`."""
    key = nearest(change.key, Model.model_fields) if not change.key_place.line else None
    return f"did you mean `model.{key}`?" if key and not nearest(change.key, known) else did_you_mean(change.key, known)


def by_name(layer: Entry) -> Mapping | None:
    """The arguments of a layer by name; a bare value is its first one. None where it has no arguments to take a value."""
    body = layer.value
    if isinstance(body, Mapping):
        return body
    if isinstance(body, Scalar) and body.value is None:
        return Mapping((), body.place)
    found = structure_entries.find(layer.key)
    first = next(iter(found.arguments or {}), "") if found else ""
    return Mapping((Entry(first, body.place, body),), body.place) if first else None


def _other_layer(value: Node) -> Entry | None:
    """The layer that replaces the old one: `{Dense: {units: 3}}` or `ReLU`."""
    if isinstance(value, Scalar) and isinstance(value.value, str) and value.value[:1].isupper():
        return Entry(value.value, value.place, Scalar(None, value.place))
    if isinstance(value, Mapping) and len(value.entries) == 1 and value.entries[0].key[:1].isupper():
        return value.entries[0]
    return None
