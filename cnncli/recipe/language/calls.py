"""Calls of the recipe's own blocks."""

from __future__ import annotations

from collections import ChainMap

from cnncli.messages import described, did_you_mean, listed, shortened
from cnncli.recipe.language.blocks import Block
from cnncli.recipe.language.flat_layers import OURS, Given, Scope
from cnncli.recipe.language.given_layers import Arguments, are_layers
from cnncli.recipe.language.shared_calls import write_again
from cnncli.recipe.language.shared_layers import Call
from cnncli.recipe.language.substitution import from_call
from cnncli.recipe.language.writer import Writer
from cnncli.recipe.yaml.nodes import Entry, Mapping, Scalar, plain


def call(writer: Writer, block: Block, entry: Entry, scope: Scope) -> None:
    """The body of a block with the values of a call."""
    if block.name in scope.blocks_open:
        writer.flat.keep_name(entry, scope)
        if not writer.substitution.open_places:  # else what ends it may not be known yet
            hint = f"it is defined at {block.place}; a call of itself needs an `if` that ends it: `if: $(n > 1)`"
            writer.flat.wrong(f"block `{block.name}` calls itself", entry.key_place, hint)
        return
    if writer.is_too_deep(entry, scope):
        return
    written_is = entry.value.entry("is") if isinstance(entry.value, Mapping) else None
    shared = writer.flat.shared.call(block.name, written_is, writer.flat, scope) if written_is else None
    if written_is and shared is None:
        return
    values = _arguments(writer, block, entry, scope, shared)
    if values is None:
        return
    name = writer.new_name(entry, scope) or writer.flat.counted(block.name, scope)
    inner = Scope(
        names=ChainMap(values, writer.outermost.names),  # type: ignore[arg-type]  # a Mapping below will do
        prefix=f"{name}_",
        searched=((f"{name}_", ""), *scope.searched),
        caller=entry.key_place,
        depth=scope.depth + 1,
        here=writer.flat.current,
        within="block",
        blocks_open=(*scope.blocks_open, block.name),
        given={**writer.outermost.given, **values.given},
    )
    flat = writer.flat
    call = Call(name, block.name, values, inner.here, len(flat.nodes), len(flat.groups), len(flat.known))
    flat.block_inputs[inner.prefix] = inner.here or flat.inputs[0]
    with flat.as_group(name):
        if shared is not None:
            write_again(flat, shared, call, entry)
        else:
            writer.items(block.layers.items, inner)
    flat.shared.add_call(call, end=len(flat.nodes), groups_end=len(flat.groups), names_end=len(flat.known))


def _arguments(
    writer: Writer, block: Block, entry: Entry, scope: Scope, shared: Call | None = None
) -> Arguments | None:
    """The values of a block's parameters in a call, or in the call that it shares; None when the call is wrong."""
    before = len(writer.problems)
    node = entry.value
    given: dict[str, Entry] = {}
    if isinstance(node, Mapping) and not (block.params and are_layers(node, writer.blocks)):
        given = {argument.key: argument for argument in node.entries if argument.key not in OURS}
    elif not (isinstance(node, Scalar) and node.value is None):
        if not block.params:
            place = from_call(node.place, scope.caller)
            writer.flat.wrong(f"block `{block.name}` has no parameters, got {described(plain(node))}", place)
            return None
        given = {block.params[0]: Entry(block.params[0], node.place, node)}
    defaults = {default.key: default for default in block.defaults.entries} if block.defaults else {}
    known = [*block.params, *defaults]
    for argument in given.values():
        if argument.key not in known:
            hint = did_you_mean(argument.key, known) or f"its parameters: {listed(known, 20) or 'none'}"
            place = from_call(argument.key_place, scope.caller)
            writer.flat.wrong(f"block `{block.name}` has no parameter `{shortened(argument.key)}`", place, hint)
    if shared is not None and len(writer.problems) == before:
        shared.check(given.values(), {key: each.node for key, each in shared.values.given.items()}, writer.flat, scope)
        return shared.values if len(writer.problems) == before else None
    missing = [param for param in block.params if param not in given and param not in defaults]
    if missing and len(writer.problems) == before:
        needs = " and ".join(f"`{name}`" for name in missing)
        writer.flat.wrong(f"block `{block.name}` needs {needs}", entry.key_place)
    if len(writer.problems) > before:
        return None
    values = Arguments(writer.flat.value, writer.blocks)
    for key, argument in given.items():
        values.give(key, Given(argument.value, scope))
    for key, default in defaults.items():
        if key not in given:
            names = ChainMap(values, writer.outermost.names)  # type: ignore[arg-type]  # a Mapping below will do
            around = {**writer.outermost.given, **values.given}
            values.give(key, Given(default.value, Scope(names, caller=entry.key_place, given=around)))
    return values if len(writer.problems) == before else None
