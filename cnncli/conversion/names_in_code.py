"""Names of layers in generated code: written, or counted as the recipe counts them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from cnncli.conversion.python_expressions import NotTranslated
from cnncli.conversion.tensor_parameters import given_layers
from cnncli.conversion.trace import Execution
from cnncli.conversion.values_in_code import evaluated
from cnncli.recipe.keras_objects import catalogue
from cnncli.recipe.keras_objects.objects import KerasObject
from cnncli.recipe.keras_objects.structure_entries import SHORTCUT
from cnncli.recipe.language.writer import head_and_body
from cnncli.recipe.layers import name_of, snake_case
from cnncli.recipe.yaml.nodes import Mapping, Node, Scalar, Sequence

OWN = "own"  # the layer or call itself, or what merges a structure's paths


@dataclass(frozen=True, slots=True)
class Named:
    """Something that got a name when an item was written out.

    Attributes:
        role: which of the item's things: `OWN`, or `SHORTCUT`.
        written: the name as written; None where it was counted.
        base: what a counted name begins with.
        name: in the flat list, without the prefix of the block around it.
    """

    execution: Execution
    role: str
    written: Scalar | None
    base: str
    name: str

    @property
    def time(self) -> int:
        """When it is named: what merges paths after all that is in them."""
        is_merging = self.execution.head in ("branches", "residual")
        return self.execution.ended if is_merging else self.execution.began


def named(execution: Execution, layers: list[KerasObject]) -> Iterator[Named]:
    """What got a name when an item was written out, in the order of counting."""
    head, body = head_and_body(execution.item)
    if head is None or execution.end == execution.start or ("$" in head.value and body is None):
        return
    prefix = execution.scope.prefix

    def local(name: str) -> str:
        return name.removeprefix(prefix)

    if execution.is_call:
        yield Named(execution, OWN, written_name(body), execution.head, local(_name_of_call(execution, layers)))
    elif execution.head in ("branches", "residual"):
        if not merges(execution):
            return
        last = layers[execution.end - 1]
        if execution.head == "residual" and execution.end > execution.start + 1:
            before = layers[execution.end - 2]
            if before.name == SHORTCUT and before.args.get("name") and _is_auto(body):
                yield Named(execution, SHORTCUT, None, SHORTCUT, local(name_of(before)))
        written = written_name(body)
        if written is None and execution.head == "branches" and isinstance(body, Mapping):
            merge = body.get("merge")
            written = written_name(head_and_body(merge)[1]) if merge is not None else None
        yield Named(execution, OWN, written, snake_case(last.entry.canonical), local(name_of(last)))
    elif execution.head not in ("repeat", "group"):
        layer = layers[execution.start]
        base = snake_case(layer.entry.canonical)
        if layer.kind == "applications":
            argument = (layer.entry.arguments or {}).get("name")
            is_named = argument is not None and not argument.required and argument.default
            base = str(argument.default) if argument and is_named else layer.name.lower()
        yield Named(execution, OWN, written_name(body), base, local(name_of(layer)))


def _name_of_call(execution: Execution, layers: list[KerasObject]) -> str:
    """The name of a block's call; one with `is` has nothing inside of it, so its layers tell the name."""
    if execution.children:
        return execution.children[0].scope.prefix.removesuffix("_")
    head, body = head_and_body(execution.item)
    assert head is not None
    written = written_name(body)
    base = execution.head if written is None else ""
    found = re.match(rf"{re.escape(execution.scope.prefix + base)}(_\d+)?(?=_)", name_of(layers[execution.start]))
    return found[0] if found and base else ""


def merges(execution: Execution) -> bool:
    """Whether `branches` or `residual` ends with a layer that merges."""
    head, body = head_and_body(execution.item)
    if head is None or not isinstance(body, Mapping):
        return False
    if execution.head == "residual":
        skip = body.get("skip")
        return skip is None or bool(evaluated(skip, execution))
    return path_count(execution) > 1


def path_count(execution: Execution) -> int:
    """How many paths `branches` has."""
    _, body = head_and_body(execution.item)
    assert isinstance(body, Mapping)
    if body.get("path") is not None:
        return _round_count(body, execution)
    paths = body.get("paths")
    if paths is None:
        raise NotTranslated("paths")
    count = 0
    for path in paths.items if isinstance(paths, Sequence) else given_layers(paths, [execution]):
        if not isinstance(path, Mapping):
            count += 1
            continue
        condition = path.get("if")
        if condition is None or evaluated(condition, execution):
            count += _round_count(path, execution) if path.get("path") is not None else 1
    return count


def _round_count(body: Mapping, execution: Execution) -> int:
    over, times = body.get("over"), body.get("times")
    if over is not None:
        return len(next(iter(evaluated(over, execution).values())))
    return int(evaluated(times, execution)) if times is not None else 0


def _is_auto(body: Node | None) -> bool:
    shortcut = body.get("shortcut") if isinstance(body, Mapping) else None
    return isinstance(shortcut, Scalar)


def written_name(body: Node | None) -> Scalar | None:
    """What `name` says; None where it says nothing."""
    written = body.get("name") if isinstance(body, Mapping) else None
    return written if isinstance(written, Scalar) and isinstance(written.value, str) else None


@dataclass(frozen=True, slots=True)
class CountedNames:
    """How the counted names of a function are written.

    Attributes:
        constant: item and role -> a name that is the same each time.
        counted: what names begin with that are counted while the function runs.
        wrong: executions whose names cannot be counted so.
    """

    constant: dict[tuple[int, str], str]
    counted: frozenset[str]
    wrong: tuple[Execution, ...]


def counted_names(things: Iterable[Named]) -> CountedNames:
    """Decide how counted names are written.

    Args:
        things: all that is named in a function, in all its calls, in order.
    """
    names: defaultdict[tuple[int, str], set[str]] = defaultdict(set)
    bases: defaultdict[tuple[int, str], set[str]] = defaultdict(set)
    orders: defaultdict[tuple[int, str], list[Named]] = defaultdict(list)
    for thing in things:
        if thing.written is None:
            key = (id(thing.execution.item), thing.role)
            names[key].add(thing.name)
            bases[key].add(thing.base)
            orders[id(thing.execution.call), thing.base].append(thing)
    counted = frozenset(base for key, found in names.items() if len(found) > 1 for base in bases[key])
    constant = {key: next(iter(found)) for key, found in names.items() if not bases[key] & counted}
    wrong = [
        thing.execution
        for (_, base), found in orders.items()
        if base in counted
        for number, thing in enumerate(found)
        if thing.name != (f"{base}_{number}" if number else base)
    ]
    return CountedNames(constant, counted, tuple(wrong))


def is_application(name: str) -> bool:
    entry = catalogue.find_in_places("layers", name)
    return entry is not None and entry.kind == "applications"
