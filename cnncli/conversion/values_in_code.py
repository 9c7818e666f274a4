"""Values of a recipe as Python: literals, or what computes them from the recipe's variables."""

from __future__ import annotations

import re
from collections.abc import Mapping as Names
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cnncli.conversion.keras_code import call_code, is_sizes, literal
from cnncli.conversion.python_expressions import NotTranslated, is_same, names_in, translated
from cnncli.conversion.trace import Execution, values_at
from cnncli.recipe.keras_objects import catalogue
from cnncli.recipe.keras_objects.catalogue import Argument, Entry
from cnncli.recipe.keras_objects.objects import KerasObject
from cnncli.recipe.language.flat_layers import OURS
from cnncli.recipe.language.texts import substitute
from cnncli.recipe.yaml.nodes import Mapping, Node, Scalar, plain
from cnncli.recipe.yaml.nodes import Sequence as NodeList


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A value of a recipe, one time that it is needed.

    Attributes:
        names: the values of the recipe's names.
        value: what it is then.
    """

    names: Names[str, Any]
    value: Any


def evaluated(node: Node, run: Execution) -> Any:
    """What a node is when an item is written out."""
    return _evaluated(node, values_at(run))


def _evaluated(node: Node, names: Names[str, Any]) -> Any:
    if isinstance(node, Mapping):
        return {entry.key: _evaluated(entry.value, names) for entry in node.entries}
    if isinstance(node, NodeList):
        return [_evaluated(item, names) for item in node.items]
    return substitute(node.value, names) if isinstance(node.value, str) else node.value


def occurrences(node: Node, runs: Sequence[Execution]) -> list[Occurrence]:
    """What a node is each time."""
    found = [values_at(run) for run in runs]
    return [Occurrence(values, _evaluated(node, values)) for values in found]


def value_code(node: Node, names: Names[str, str], found: Sequence[Occurrence], *, as_text: bool = False) -> str:
    """A value as Python.

    Args:
        node: as written.
        names: the recipe's names -> Python.
        found: what it is, each time.
        as_text: it is made a text.

    Raises:
        NotTranslated: it cannot be computed from the names.
    """
    if not has_dollar(node):
        return literal(plain(node))
    if isinstance(node, Mapping):
        parts = [
            f"{literal(entry.key)}: {value_code(entry.value, names, _part(found, entry.key))}" for entry in node.entries
        ]
        return "{" + ", ".join(parts) + "}"
    if isinstance(node, NodeList):
        items = [value_code(item, names, _part(found, index)) for index, item in enumerate(node.items)]
        return f"[{', '.join(items)}]"
    return translated(node.value, names, [(each.names, each.value) for each in found], as_text=as_text)


def _part(found: Sequence[Occurrence], key: Any) -> list[Occurrence]:
    return [Occurrence(each.names, each.value[key]) for each in found]


def has_dollar(node: Node) -> bool:
    """Whether a value reads variables."""
    if isinstance(node, Mapping):
        return any(has_dollar(entry.value) for entry in node.entries)
    if isinstance(node, NodeList):
        return any(map(has_dollar, node.items))
    return isinstance(node.value, str) and "$" in node.value


def layer_code(
    entry: Entry, body: Node, names: Names[str, str], runs: Sequence[Execution], made: Sequence[KerasObject], name: str
) -> str:
    """The call that makes a layer.

    Args:
        entry: of the catalogue.
        body: its arguments as written.
        runs: the times that it is written out.
        made: what the recipe has, each time.
        name: its name, as Python.
    """
    return made_code(entry, body, names, [values_at(run) for run in runs], made, [f"name={name}"])


def made_code(
    entry: Entry,
    body: Node,
    names: Names[str, str],
    values: Sequence[Names[str, Any]],
    made: Sequence[KerasObject],
    more: Sequence[str],
) -> str:
    """The same for values of the recipe's names.

    Args:
        more: further arguments.
    """
    given, bare = object_arguments(entry, body, names, values, made)
    code = call_code(entry, given, more, bare=bare)
    # Keras takes it for a cycle, as it names its input as its output.
    return f"layers.Pipeline([{code}], {', '.join(more)})" if entry.canonical == "Equalization" else code


def object_arguments(
    entry: Entry, body: Node, names: Names[str, str], values: Sequence[Names[str, Any]], made: Sequence[KerasObject]
) -> tuple[dict[str, str], str]:
    """The arguments of a Keras object as Python, and the one that stands without its name."""
    known = entry.arguments or {}
    bare = ""
    written: dict[str, Node] = {}
    if isinstance(body, Mapping):
        # The name of a layer is written by itself.
        written = {part.key: part.value for part in body.entries if part.key not in OURS}
    elif not (isinstance(body, Scalar) and body.value is None):
        bare = next(iter(known))
        written = {bare: body}
    given = {}
    for key, node in written.items():
        found = [Occurrence(v, each.args[key]) for v, each in zip(values, made, strict=True)]
        given[key] = argument_code(known[key], node, names, found)
    return given, bare


def argument_code(argument: Argument, node: Node, names: Names[str, str], found: Sequence[Occurrence]) -> str:
    """An argument of a Keras object as Python."""
    values = [each.value for each in found]
    if not has_dollar(node):
        return literal(values[0], as_tuple=is_sizes(argument))
    try:
        if argument.kind:
            return _object_code(argument, node, names, found)
        if isinstance(node, NodeList):
            items = [argument_code(argument, item, names, _part(found, i)) for i, item in enumerate(node.items)]
            opening, closing = ("(", ")") if is_sizes(argument) else ("[", "]")
            return f"{opening}{', '.join(items)}{',' if len(items) == 1 and is_sizes(argument) else ''}{closing}"
        return value_code(node, names, found)
    except NotTranslated:
        depends = any("classes" in re.findall(r"\w+", names.get(name, "")) for name in _names_of(node))
        if depends or not all(is_same(_plain(value), _plain(values[0])) for value in values):
            raise
        return literal(values[0], as_tuple=is_sizes(argument))


def _object_code(argument: Argument, node: Node, names: Names[str, str], found: Sequence[Occurrence]) -> str:
    """An argument that takes a Keras object."""
    values = [each.value for each in found]
    if isinstance(node, Mapping) and len(node.entries) == 1 and all(isinstance(v, KerasObject) for v in values):
        [part] = node.entries
        entry = catalogue.find(values[0].kind, part.key)
        if entry is None:
            raise NotTranslated(part.key)
        given, bare = object_arguments(entry, part.value, names, [each.names for each in found], values)
        return call_code(entry, given, bare=bare)
    if isinstance(node, NodeList):
        items = [_object_code(argument, item, names, _part(found, index)) for index, item in enumerate(node.items)]
        return f"[{', '.join(items)}]"
    if any(isinstance(value, KerasObject) and not value.is_identifier for value in values):
        raise NotTranslated(argument.name)
    texts = [value.name if isinstance(value, KerasObject) else value for value in values]
    return value_code(node, names, [Occurrence(e.names, t) for e, t in zip(found, texts, strict=True)])


def _names_of(node: Node) -> set[str]:
    if isinstance(node, Scalar):
        return names_in(node.value) if isinstance(node.value, str) else set()
    parts = [entry.value for entry in node.entries] if isinstance(node, Mapping) else list(node.items)
    return set().union(*(_names_of(part) for part in parts))


def _plain(value: Any) -> Any:
    return value.as_data() if isinstance(value, KerasObject) else value
