"""Substitute `$name` and `$(expression)` in a tree of nodes."""

from __future__ import annotations

from collections.abc import Mapping as Values
from typing import Any

from cnncli.errors import Place, Problem
from cnncli.recipe.deferred import Broken
from cnncli.recipe.growth import MOST_VALUES, Problems, Stopped, TooLarge, size_of
from cnncli.recipe.language.expressions import ExpressionError, Names
from cnncli.recipe.language.texts import substitute
from cnncli.recipe.yaml.nodes import Entry, Mapping, Node, Path, Scalar, Sequence


class Substitution:
    """Replaces texts in a tree.

    Args:
        problems: where mistakes are collected.
        most_values: how many values the recipe may have when it is written out.

    Attributes:
        open_places: where something depends on what is not known yet in a way that a value cannot tell.
        uses_sizes: a size of `$here` was asked for.
    """

    def __init__(self, problems: Problems, most_values: int = MOST_VALUES) -> None:
        self.problems = problems
        self.most_values = most_values
        self.open_places: list[Place] = []
        self.uses_sizes = False
        self._values = 0

    def count(self, values: int, place: Place, path: Path = ()) -> None:
        """Add to the number of values that the recipe has when it is written out.

        Raises:
            Stopped: they are more than `most_values`; reported at `place`.
        """
        self._values += values
        if self._values > self.most_values:
            message = f"written out, the recipe has more than {self.most_values:,} values"
            self.problems.append(Problem(message, "use smaller lists, or fewer rounds and calls", place, path))
            raise Stopped

    def replace(self, node: Node, names: Values[str, Any], path: Path = (), *, caller: Place | None = None) -> Node:
        """The node with every text in it substituted.

        Args:
            node: a part of the recipe.
            names: the values that may be named.
            path: where it stands, for the problems.
            caller: the place of the call, when the node is part of a block's body.
        """
        place = from_call(node.place, caller)
        self.count(1, place, path)
        if isinstance(node, Mapping):
            entries = (
                Entry(
                    entry.key,
                    from_call(entry.key_place, caller),
                    self.replace(entry.value, names, (*path, entry.key), caller=caller),
                )
                for entry in node.entries
            )
            return Mapping(tuple(entries), place)
        if isinstance(node, Sequence):
            items = (self.replace(item, names, (*path, index), caller=caller) for index, item in enumerate(node.items))
            return Sequence(tuple(items), place)
        return as_node(self._substituted(node, names, path, place), place, quoted=node.quoted)

    def value(self, node: Node, names: Values[str, Any], path: Path = (), *, caller: Place | None = None) -> Any:
        """The node with every text in it substituted, as dicts, lists and values; arguments as for `replace`."""
        place = from_call(node.place, caller)
        self.count(1, place, path)
        if isinstance(node, Mapping):
            return {
                entry.key: self.value(entry.value, names, (*path, entry.key), caller=caller) for entry in node.entries
            }
        if isinstance(node, Sequence):
            return [self.value(item, names, (*path, index), caller=caller) for index, item in enumerate(node.items)]
        return self._substituted(node, names, path, place)

    def _substituted(self, scalar: Scalar, names: Values[str, Any], path: Path, place: Place) -> Any:
        """The value that a single value stands for; `Broken` where it is wrong."""
        text = scalar.value
        if not isinstance(text, str):
            return text
        if "$" not in text:
            self.count(len(text) // 100, place, path)
            return text
        watched = Names(names)
        try:
            value = substitute(text, watched)
            size = size_of(value)
        except TooLarge as error:
            self.problems.append(Problem(str(error), "", place, path))
            value, size = Broken(2), 1
        except ExpressionError as error:
            self.problems.append(Problem(str(error), error.hint, place, path))
            value, size = Broken(2), 1
        # A long expression and large values take time, also where the result is small or a mistake.
        self.count(size + (len(text) + watched.work) // 10, place, path)
        if watched.is_open:
            self.open_places.append(place)
        return value


def from_call(place: Place, caller: Place | None) -> Place:
    """A place inside a block's body, with the call that led there."""
    return place if caller is None else Place(place.file, place.line, place.column, called_from=caller)


def as_node(value: Any, place: Place, *, quoted: bool = False) -> Node:
    """A computed value as a node; all of it stands at one place."""
    if not isinstance(value, (dict, list, tuple)):
        return Scalar(value, place, quoted)
    if isinstance(value, dict):
        return Mapping(tuple([Entry(key, place, as_node(item, place)) for key, item in value.items()]), place)
    return Sequence(tuple([as_node(item, place) for item in value]), place)


def kind_of(node: Node) -> str:
    """What a node is, for a message."""
    return {Mapping: "a mapping", Sequence: "a list"}.get(type(node), "a single value")
