"""A call of a block with `is`: its layers are written out once more, each with the weights of the first call's."""

from __future__ import annotations

from collections.abc import Collection
from itertools import islice
from typing import Any

from cnncli.errors import Place
from cnncli.recipe.keras_objects.structure_entries import SHORTCUT
from cnncli.recipe.language.flat_layers import HERE, OURS, FlatLayers
from cnncli.recipe.language.shared_layers import NAMES_LAYERS, NO_ARGUMENTS, Call
from cnncli.recipe.language.substitution import as_node
from cnncli.recipe.layers import Group
from cnncli.recipe.yaml.nodes import Entry, Mapping, Node, Scalar, count, plain


def write_again(flat: FlatLayers, shared: Call, call: Call, entry: Entry) -> None:
    """Write the layers of a call out once more, for another input, each with `is`.

    Args:
        shared: the call that was written out.
        call: the one that is written out now.
        entry: of this call in the recipe.
    """
    if named := flat.named_inputs.get(f"{shared.name}_"):
        name, place = named
        message = f"`{name}` is also what comes into `{shared.name}`: it is not clear what `{call.name}` takes here"
        hint = f"`from: {HERE}` is what comes into the block; if `{name}` is meant, let `{shared.name}` take an Identity of it"
        flat.wrong(message, place, hint)
    nodes = flat.nodes[shared.start : shared.end]
    names = [_name_of(node) for node in nodes]
    inside = set(names)
    before = _name_of(flat.nodes[shared.start - 1]) if shared.start else flat.inputs[0]
    came_in, comes_in = shared.here or flat.inputs[0], flat.named(call.here, entry)

    def renamed(name: str) -> str:
        return comes_in if name == came_in else _moved(name, shared, call, inside)

    for node, previous in zip(nodes, [before, *names], strict=False):
        item = _item_of(node)
        if item is None:
            continue
        place = Place(item.key_place.file, item.key_place.line, item.key_place.column, called_from=entry.key_place)
        written = plain(item.value)
        own = {key: value for key, value in written.items() if key not in (*NO_ARGUMENTS, *NAMES_LAYERS)}
        taken = written.get("from", previous)
        sources = [renamed(name) for name in ([taken] if isinstance(taken, str) else taken)]
        arguments = {
            **own,
            **({"like": renamed(written["like"])} if "like" in written else {}),
            "name": renamed(written["name"]),
            **({"from": sources[0] if len(sources) == 1 else sources} if sources != [flat.previous] else {}),
            "is": written.get("is", written["name"]),
        }
        _check_unchanged(flat, item, own, arguments, place)
        again = Mapping((Entry(item.key, place, as_node(arguments, place)),), place)
        flat.substitution.count(count(again), place)
        flat.add(arguments["name"], again)
        flat.shared.add(arguments["name"], item.key, [], flat.shared.root(arguments["is"]))
    names_count = shared.names_end - shared.names_start
    flat.substitution.count(names_count + shared.groups_end - shared.groups_start, entry.key_place)
    for group in flat.groups[shared.groups_start : shared.groups_end]:
        if group.name != shared.name:
            moved = _moved(group.name, shared, call, {group.name})
            offset = call.start - shared.start
            flat.groups.append(Group(moved, group.start + offset, group.end + offset))
    for name, layer in list(islice(flat.known.items(), shared.names_start, shared.names_end)):
        if name.startswith(f"{shared.name}_"):
            flat.known.setdefault(_moved(name, shared, call, {name}), renamed(layer))
    flat.current = renamed(flat.known[shared.name]) if shared.name in flat.known else flat.current


def _check_unchanged(
    flat: FlatLayers, item: Entry, own: dict[str, Any], arguments: dict[str, Any], place: Place
) -> None:
    """Report what `model.change` says of this call alone."""
    if item.key == SHORTCUT:
        return
    name, root = arguments["name"], arguments["is"]
    changed = flat.changes.of(name, Entry(item.key, place, as_node(own, place)), OURS)
    if changed is None or changed.key != item.key or plain(changed.value) != own:
        message = f"`{name}` has the weights of `{root}`, so it cannot be changed by itself"
        flat.changes.wrong(name, message, f"change `{root}`")


def _moved(name: str, shared: Call, call: Call, inside: Collection[str]) -> str:
    """The name of a layer of one call in the other; others stay as they are."""
    prefix = f"{shared.name}_"
    return f"{call.name}_{name[len(prefix) :]}" if name in inside and name.startswith(prefix) else name


def _item_of(node: Node) -> Entry | None:
    """The layer of an item of the flat list; None where it is no layer."""
    if isinstance(node, Mapping) and len(node.entries) == 1 and isinstance(node.entries[0].value, Mapping):
        name = node.entries[0].value.get("name")
        return node.entries[0] if isinstance(name, Scalar) else None
    return None


def _name_of(node: Node) -> str:
    item = _item_of(node)
    return plain(item.value)["name"] if item else ""
