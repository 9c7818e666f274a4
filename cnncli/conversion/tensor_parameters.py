"""Parameters of blocks that name a layer: `from: $skip`. In Python they take the tensor itself."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from cnncli.recipe.language.blocks import Block
from cnncli.recipe.language.writer import head_and_body
from cnncli.recipe.yaml.nodes import Mapping as NodeMapping
from cnncli.recipe.yaml.nodes import Node, Scalar, Sequence

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
    for node in source.items if isinstance(source, Sequence) else [source]:
        yield whole_name(node)
    if head.value in ("repeat", "branches", "residual", "group"):
        for entry in body.entries:
            for inner in _items_of(entry.value):
                yield from _named_in(inner, blocks, depth + 1)


def _items_of(node: Node) -> Iterator[Node]:
    """The layers that a part of a structure may hold."""
    if not isinstance(node, Sequence):
        return
    for item in node.items:
        if isinstance(item, Sequence):
            yield from item.items
        elif isinstance(item, NodeMapping) and ("layers" in item.keys() or "path" in item.keys()):  # noqa: SIM118
            for key in ("layers", "path"):
                inner = item.get(key)
                yield from inner.items if isinstance(inner, Sequence) else ()
        else:
            yield item
