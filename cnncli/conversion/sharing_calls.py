"""Which items of a recipe call the layers of another item again: those with `is`."""

from __future__ import annotations

from collections.abc import Mapping as Names
from collections.abc import Sequence

from cnncli.conversion.trace import Execution, Trace
from cnncli.recipe.keras_objects.objects import KerasObject
from cnncli.recipe.language.writer import head_and_body
from cnncli.recipe.yaml.nodes import Mapping

Roots = Names[Execution, Execution]


def roots_of(trace: Trace, layers: Sequence[KerasObject], own: Names[str, Execution]) -> dict[Execution, Execution]:
    """Each execution with `is`, and the one whose layers it calls again.

    Args:
        layers: the flat list.
        own: a layer's name -> the innermost execution that made it.
    """
    found = {}
    for run in trace.executions:
        _, body = head_and_body(run.item)
        if run.end > run.start and isinstance(body, Mapping) and body.get("is") is not None:
            root: Execution | None = own[layers[run.start].shares]
            while root is not None and not _has_layers_of(root, run):
                root = root.parent
            if root is not None:
                found[run] = root
    return found


def _has_layers_of(root: Execution, run: Execution) -> bool:
    """Whether a first execution is of the same layer, or a call of the same block."""
    is_same = root.is_call == run.is_call and root.end - root.start == run.end - run.start
    return is_same and (not run.is_call or root.head == run.head)


def with_their_roots(flat: set[Execution], roots: Roots) -> set[Execution]:
    """Items of `model.layers` that are written without structure, and all that share layers with them."""
    found = set(flat)
    while True:
        pairs = [{run.top, root.top} for run, root in roots.items()]
        more = {top for pair in pairs if pair & found for top in pair} - found
        if not more:
            return found
        found |= more
