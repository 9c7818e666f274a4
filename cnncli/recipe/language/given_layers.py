"""Layers as values: parameters of blocks and variables that stand for a layer or a list of layers."""

from __future__ import annotations

import re
from collections.abc import Callable, Container
from typing import Any

from cnncli.recipe.growth import size_of
from cnncli.recipe.keras_objects import catalogue, structure_entries
from cnncli.recipe.language.blocks import STRUCTURES
from cnncli.recipe.language.flat_layers import Given, Scope
from cnncli.recipe.yaml.nodes import Mapping, Node, Scalar, Sequence

_WHOLE_NAME = re.compile(r"\$(?:([A-Za-z_]\w*)|\(\s*([A-Za-z_]\w*)\s*\))")


def given_node(node: Scalar, scope: Scope) -> Given | None:
    """What a `$name` stands for as it was written; None where it is something computed.

    A parameter that is itself given as a `$name` leads on to what that one stands for.
    """
    found: Given | None = None
    while isinstance(node, Scalar) and isinstance(node.value, str) and (name := _WHOLE_NAME.fullmatch(node.value)):
        if (given := scope.given.get(name[1] or name[2])) is None:
            # A round's variable, for example: the last thing that was written is evaluated.
            return None if found is None else found
        found = given
        node, scope = given.node, given.scope  # type: ignore[assignment]  # the loop asks for a Scalar
    return found


def are_layers(node: Node, blocks: Container[str]) -> bool:
    """Whether a value is a layer, or a list with one: it is written out where it is named, not evaluated before."""
    if isinstance(node, Sequence):
        return any(isinstance(item, (Mapping, Sequence)) and are_layers(item, blocks) for item in node.items)
    if not isinstance(node, Mapping) or len(node.entries) != 1:
        return False
    key = node.entries[0].key
    is_ours = key in blocks or key in STRUCTURES or key in structure_entries.ENTRIES or key.startswith("$")
    return is_ours or (key[:1].isupper() and catalogue.find_in_places("layers", key) is not None)


class Arguments(dict[str, Any]):
    """The values of a block's parameters, or of `vars`.

    Those that are layers are evaluated only when an expression reads them.

    Args:
        evaluate: gives the value of a node within a scope.
        blocks: the names of blocks, which are layers too.

    Attributes:
        given: all of them as they were written.
    """

    def __init__(self, evaluate: Callable[[Node, Scope], Any], blocks: Container[str]) -> None:
        super().__init__()
        self.given: dict[str, Given] = {}
        self._evaluate = evaluate
        self._blocks = blocks

    def give(self, name: str, given: Given) -> None:
        """Add a value.

        Raises:
            TooLarge: the value has too many items.
        """
        self.given[name] = given
        self[name] = given if are_layers(given.node, self._blocks) else self._evaluate(given.node, given.scope)
        size_of(super().__getitem__(name))

    def so_far(self) -> Arguments:
        """A copy, which values that are added later do not change."""
        found = Arguments(self._evaluate, self._blocks)
        found.update(self)  # as they are: layers are not evaluated
        found.given.update(self.given)
        return found

    def __getitem__(self, name: str) -> Any:
        value = super().__getitem__(name)
        if isinstance(value, Given):
            value = self[name] = self._evaluate(value.node, value.scope)
        return value
