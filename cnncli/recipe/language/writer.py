"""What structures, calls of blocks and paths have in common while they are written out as a flat list."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterator
from collections.abc import Mapping as Names
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from cnncli.messages import did_you_mean, shortened
from cnncli.recipe.deferred import Deferred
from cnncli.recipe.language.blocks import Blocks
from cnncli.recipe.language.expressions import HERE
from cnncli.recipe.language.flat_layers import OURS, PATH, FlatLayers, Scope
from cnncli.recipe.language.given_layers import given_node
from cnncli.recipe.language.substitution import Substitution, as_node, from_call, kind_of
from cnncli.recipe.yaml.nodes import Entry, Mapping, Node, Scalar, Sequence

_OF_A_ROUND = 2  # values of the recipe that a round counts as: it takes as much time
MOST_NESTED = 20  # structures and calls of blocks within each other


class Writer:
    """Writes lists of layers out.

    Args:
        flat: the layers so far.
        outermost: what a block's body sees beside its parameters: not the loops around its call.
        blocks: what may be called.
        substitution: collects what is wrong, and counts what is written out.
    """

    def __init__(self, flat: FlatLayers, outermost: Scope, blocks: Blocks, substitution: Substitution) -> None:
        self.flat = flat
        self.outermost = outermost
        self.blocks = blocks
        self.substitution = substitution
        self.problems = substitution.problems

    def items(self, items: tuple[Node, ...], scope: Scope) -> None:
        """Write out what a list of layers holds, one item after the other."""
        raise NotImplementedError

    def layers_of(self, node: Node, scope: Scope) -> tuple[Node, Scope]:
        """What stands for layers, and the scope to write it out in: a `$name` is looked up, all else stays.

        The variables of given layers are those of where they were written; names, `$here` and `from: .` are those of
        where they land.
        """
        if not isinstance(node, Scalar) or not isinstance(node.value, str) or "$" not in node.value:
            return node, scope
        if found := given_node(node, scope):
            written = found.scope
            inner = self.inside(scope, scope.within)._replace(
                names=over_names({HERE: self.outermost.names[HERE]}, written.names),
                given=written.given,
                caller=written.caller,
                blocks_open=written.blocks_open,
                here=scope.here,
            )
            return found.node, inner
        value, place = self.flat.value(node, scope), from_call(node.place, scope.caller)
        self.flat.note_if_deferred(value, node)
        return as_node(value, place), scope

    def scopes(self, found: list[dict[str, Any]], entry: Entry, scope: Scope, within: str) -> Iterator[Scope]:
        """The scope of each round."""
        for index, values in enumerate(found):
            suffix = f"{scope.suffix}_{index}"
            self.substitution.count(_OF_A_ROUND, entry.key_place, PATH)
            yield self.inside(scope, within)._replace(
                names=over_names(values, scope.names),
                suffix=suffix,
                searched=((scope.prefix, suffix), *scope.searched),
                given={name: given for name, given in scope.given.items() if name not in values},
            )

    def named(self, entry: Entry, scope: Scope) -> AbstractContextManager[None]:
        """The layers that are written out within, as a group where the item has a name."""
        name = self.new_name(entry, scope)
        return self.flat.as_group(name) if name else nullcontext()

    def new_name(self, entry: Entry, scope: Scope) -> str:
        """The written name of a structure or of a call, empty where it has none; reports one that is taken."""
        if (written := self.flat.written_name(entry, scope)) is None:
            return ""
        name = self.flat.name_of(written, scope)
        if name in self.flat.known:
            place = from_call(written.place, scope.caller)
            self.flat.wrong(f"two layers or blocks are named `{name}`", place, "give one of them another name")
        return name

    def list_of(self, key: str, node: Node, scope: Scope, hint: str = "") -> tuple[Sequence, Scope] | None:
        """A list of layers, and the scope to write it out in; None where it is something else."""
        found, around = self.layers_of(node, scope)
        if isinstance(found, Sequence):
            return found, around
        if found is not node and not (isinstance(found, Scalar) and isinstance(found.value, (Deferred, int, float))):
            is_nothing = isinstance(found, Scalar) and found.value is None
            return Sequence(() if is_nothing else (found,), found.place), around  # `inner: ReLU` is a list of one
        place = from_call(node.place, scope.caller)
        self.flat.wrong(f"`{key}` is a list of layers, got {kind_of(found)}", place, hint)
        return None

    def kept(self, body: Node | None, scope: Scope) -> Scope | None:
        """The scope of an item or path with an `if` that holds, in which a block may call itself; None where it fails."""
        open_before = len(self.substitution.open_places)
        if not self.flat.is_kept(body, scope):
            return None
        is_sure = (
            isinstance(body, Mapping)
            and body.get("if") is not None
            and len(self.substitution.open_places) == open_before
        )
        return scope._replace(blocks_open=()) if is_sure else scope

    def is_too_deep(self, entry: Entry, scope: Scope) -> bool:
        if scope.depth >= MOST_NESTED:
            message = f"structures and blocks are nested too deeply (max {MOST_NESTED})"
            self.flat.wrong(message, entry.key_place, "a block that calls itself needs an `if` that ends it")
        return scope.depth >= MOST_NESTED

    def inside(self, scope: Scope, within: str) -> Scope:
        """The scope within a structure that begins here."""
        return scope._replace(depth=scope.depth + 1, here=self.flat.current, within=within)

    def parts_of(
        self, entry: Entry, scope: Scope, known: tuple[str, ...], *, needed: tuple[str, ...]
    ) -> dict[str, Node] | None:
        """The parts of a structure by key; None when some are wrong."""
        what, before = entry.key, len(self.problems)
        if self.is_too_deep(entry, scope):
            return None
        if isinstance(entry.value, Mapping) and (written := entry.value.entry("is")) is not None:
            place = from_call(written.key_place, scope.caller)
            self.flat.wrong(f"`{what}` takes no `is`", place, "`is` is for single layers and for calls of blocks")
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


def over_names(own: dict[str, Any], names: Names[str, Any]) -> Names[str, Any]:
    """The names with others before them, those of a round for example, in one flat chain."""
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
