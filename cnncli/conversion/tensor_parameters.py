"""Parameters of blocks that name a layer, as `from: $skip`, or are layers, as `- $inner`.

In Python the first take the tensor itself, and the second are written out where they stand.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from cnncli.conversion.python_expressions import NotTranslated
from cnncli.conversion.trace import Execution
from cnncli.conversion.values_in_code import has_dollar
from cnncli.recipe.language.blocks import Block
from cnncli.recipe.language.given_layers import are_layers
from cnncli.recipe.language.given_layers import given_node as language_given_node
from cnncli.recipe.language.writer import head_and_body
from cnncli.recipe.yaml.nodes import Mapping as NodeMapping
from cnncli.recipe.yaml.nodes import Node, Scalar, plain
from cnncli.recipe.yaml.nodes import Sequence as NodeList

_WHOLE_NAME = re.compile(r"\$(?:([A-Za-z_]\w*)|\(\s*([A-Za-z_]\w*)\s*\))")


def whole_name(node: Node | None) -> str:
    """The variable that a node is, as a whole; empty where it is something else."""
    if isinstance(node, Scalar) and isinstance(node.value, str) and (match := _WHOLE_NAME.fullmatch(node.value)):
        return match[1] or match[2]
    return ""


def tensor_parameters(block: Block, blocks: Mapping[str, Block]) -> set[str]:
    """The parameters of a block that name a layer."""
    own = {*block.params, *(block.defaults.keys() if block.defaults else ())}
    return {name for item in block.layers.items for name in _named_in(item, blocks, 0)} & own


def layer_parameters(block: Block, blocks: Mapping[str, Block], calls: Iterable[Execution]) -> set[str]:
    """The parameters of a block that are layers in some call."""
    own = (*block.params, *(block.defaults.keys() if block.defaults else ()))
    nodes = [(name, _given(name, call)) for call in calls for name in own]
    return {name for name, node in nodes if node is not None and are_layers(node, blocks)}


def layers_given(parameters: Iterable[str], call: Execution) -> tuple[tuple[str, int], ...]:
    """The identity of what a call of a block gives for each of some parameters."""
    return tuple((name, id(_given(name, call))) for name in sorted(parameters))


def _given(name: str, call: Execution) -> Node | None:
    """What a call gives for a parameter, as it was written; None where it has no such parameter."""
    given = call.children[0].scope.given.get(name) if call.children else None
    if given is None or not isinstance(given.node, Scalar):
        return given.node if given else None
    behind = language_given_node(given.node, given.scope)
    return given.node if behind is None else behind.node


def given_layers(node: Node, runs: Sequence[Execution]) -> tuple[Node, ...]:
    """The layers that a parameter or variable stands for, the same each time.

    Raises:
        NotTranslated: they differ from call to call, or use variables of the place where they were written.
    """
    found = [language_given_node(node, run.scope) for run in runs] if isinstance(node, Scalar) else [None]
    first = found[0].node if found and found[0] is not None else None
    if first is None or any(each is None or each.node is not first for each in found) or has_dollar(first):
        raise NotTranslated(str(plain(node)))
    return first.items if isinstance(first, NodeList) else (first,)


def given_node(item: Node, block: Block, parameter: str) -> Node | None:
    """What the call of a block gives for a parameter."""
    _, body = head_and_body(item)
    if isinstance(body, NodeMapping):
        return body.get(parameter)
    return body if block.params[:1] == (parameter,) else None


def _named_in(item: Node, blocks: Mapping[str, Block], depth: int) -> Iterator[str]:
    """The variables that `from` names within an item, and those that are handed on to blocks that do so."""
    head, body = head_and_body(item)
    if depth > 50 or head is None:
        return
    if head.value in blocks:
        called = blocks[head.value]
        for parameter in tensor_parameters(called, {k: v for k, v in blocks.items() if k != head.value}):
            yield whole_name(given_node(item, called, parameter))
    if not isinstance(body, NodeMapping):
        return
    source = body.get("from")
    for node in source.items if isinstance(source, NodeList) else [source]:
        yield whole_name(node)
    if head.value in ("repeat", "branches", "residual", "group"):
        for entry in body.entries:
            for inner in _items_of(entry.value):
                yield from _named_in(inner, blocks, depth + 1)


def _items_of(node: Node) -> Iterator[Node]:
    """The layers that a part of a structure may hold."""
    if not isinstance(node, NodeList):
        return
    for item in node.items:
        if isinstance(item, NodeList):
            yield from item.items
        elif isinstance(item, NodeMapping) and ("layers" in item.keys() or "path" in item.keys()):  # noqa: SIM118
            for key in ("layers", "path"):
                inner = item.get(key)
                yield from inner.items if isinstance(inner, NodeList) else ()
        else:
            yield item
