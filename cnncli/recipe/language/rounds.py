"""`times`, `over` and `as`: what each round of a `repeat`, or each of the paths of `branches`, sets."""

from __future__ import annotations

from typing import Any

from cnncli.messages import described, shortened
from cnncli.recipe.deferred import Broken
from cnncli.recipe.keras_objects.integer_values import as_integers
from cnncli.recipe.language.expressions import HERE
from cnncli.recipe.language.flat_layers import FlatLayers, Scope
from cnncli.recipe.language.substitution import from_call
from cnncli.recipe.yaml.nodes import Entry, Node, plain

MOST_TIMES = 1000
KEYS = ("times", "over", "as")


def read(flat: FlatLayers, entry: Entry, parts: dict[str, Node], scope: Scope) -> list[dict[str, Any]] | None:
    """The variables of each round.

    Args:
        flat: evaluates values, and collects what is wrong.
        entry: the structure, for messages.
        parts: what it says, by key.

    Returns:
        One dictionary for each round; None where something is wrong.
    """
    if ("times" in parts) == ("over" in parts):
        flat.wrong(f"`{entry.key}` needs `times` or `over`, one of them", entry.key_place)
        return None
    index_name = plain(parts["as"]) if "as" in parts else None
    if index_name is not None and not (isinstance(index_name, str) and index_name.isidentifier()):
        flat.wrong(f"`as`: expected a name, got {described(index_name)}", from_call(parts["as"].place, scope.caller))
        return None
    found = _times(flat, parts["times"], scope) if "times" in parts else _over(flat, parts["over"], scope)
    if found is None:
        return None
    for name in filter(None, [index_name, *(found[0] if found else ())]):
        if name == HERE:
            flat.wrong(f"`${HERE}` is what comes into a layer", entry.key_place, "give the variable another name")
            return None
    return [{**values, index_name: index} if index_name else values for index, values in enumerate(found)]


def _times(flat: FlatLayers, node: Node, scope: Scope) -> list[dict[str, Any]] | None:
    times = as_integers(flat.value(node, scope))
    flat.note_if_deferred(times, node)
    if isinstance(times, Broken):
        return None
    if not isinstance(times, int) or isinstance(times, bool) or not 0 <= times <= MOST_TIMES:
        place = from_call(node.place, scope.caller)
        flat.wrong(f"`times`: expected an integer from 0 to {MOST_TIMES}, got {described(times)}", place)
        return None
    return [{} for _ in range(times)]


def _over(flat: FlatLayers, node: Node, scope: Scope) -> list[dict[str, Any]] | None:
    lists = flat.value(node, scope)
    place = from_call(node.place, scope.caller)
    hint = "as in `over: {filters: [16, 32, 64]}`"
    if isinstance(lists, Broken):
        return None
    if not isinstance(lists, dict) or not lists:
        flat.wrong(f"`over` is a mapping of names to lists, got {described(lists)}", place, hint)
        return None
    if not_lists := {name: values for name, values in lists.items() if not isinstance(values, list)}:
        for name, values in not_lists.items():
            if not isinstance(values, Broken):
                got = f"got {described(values)} for `{shortened(name)}`"
                flat.wrong(f"`over` is a mapping of names to lists, {got}", place, hint)
        return None
    lengths = {name: len(values) for name, values in lists.items()}
    if len(set(lengths.values())) > 1:
        got = ", ".join(f"{name} has {length}" for name, length in lengths.items())
        flat.wrong(f"the lists of `over` are not of one length: {got}", place)
        return None
    if max(lengths.values()) > MOST_TIMES:
        flat.wrong(f"`over`: at most {MOST_TIMES} rounds", place)
        return None
    return [dict(zip(lists, values, strict=True)) for values in zip(*lists.values(), strict=True)]
