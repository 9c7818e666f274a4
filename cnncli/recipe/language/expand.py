"""Expand a recipe: variables, blocks and structure become values and one flat list of layers.

Each value keeps the place where it was written, and inside a block also the place of the call that led there, so that a
mistake in it can still be told at its line.
"""

from __future__ import annotations

from collections.abc import Mapping as Names
from dataclasses import dataclass
from typing import Any

from cnncli.errors import Place, Problem
from cnncli.messages import shortened
from cnncli.recipe import targets
from cnncli.recipe.deferred import Broken, Unknown
from cnncli.recipe.growth import Problems, Stopped, TooLarge, size_of
from cnncli.recipe.language.blocks import Blocks
from cnncli.recipe.language.expressions import Absent
from cnncli.recipe.language.structure import Watch, flatten
from cnncli.recipe.language.substitution import Substitution, kind_of
from cnncli.recipe.layers import Group
from cnncli.recipe.yaml.nodes import Entry, Mapping, Node, Scalar, Sequence

# Free text, in which a dollar sign is a dollar sign.
_VERBATIM = {"about"}
_RESOLVED_HERE = {"vars", "blocks"}


@dataclass(frozen=True)
class Expansion:
    """A recipe without `vars`, `blocks` and structure.

    Attributes:
        root: the recipe; `model.layers` is one flat list, in which what a layer takes is said by `from` where it is not the
            layer before.
        groups: what a name of a block or group stands for in that list.
        problems: what was wrong on the way.
        warnings: what is not wrong, but probably not meant.
        is_whole: false where there was so much wrong, or so much to write out, that the rest was left out.
        open_places: where layers or values cannot be written out before the number of classes is known.
    """

    root: Mapping
    groups: tuple[Group, ...]
    problems: list[Problem]
    warnings: list[Problem]
    is_whole: bool
    open_places: tuple[Place, ...]


def expand(root: Mapping, *, classes: int | None = None, watch: Watch | None = None) -> Expansion:
    """Replace what stands for a value by the value, and write structure out as layers.

    Args:
        root: the recipe as written, after `extends` and `--set`.
        classes: the value of `$classes`; None while the data has not been read, or where there are none.
        watch: sees how the items of `model.layers` become layers.
    """
    problems, warnings = Problems(), list[Problem]()
    substitution = Substitution(problems)
    try:
        entries, groups = _expanded(root, classes, substitution, warnings, watch)
    except Stopped:
        return Expansion(root, (), list(problems), [], False, ())
    whole = Mapping(tuple(entries), root.place)
    return Expansion(whole, groups, list(problems), warnings, True, tuple(substitution.open_places))


def _expanded(
    root: Mapping,
    classes: int | None,
    substitution: Substitution,
    warnings: list[Problem],
    watch: Watch | None,
) -> tuple[list[Entry], tuple[Group, ...]]:
    """The sections of the recipe, and its groups."""
    known = next((n for n in (classes, _declared_classes(root)) if n is not None), Unknown(2))
    why_none = _why_no_classes(root)
    names: dict[str, Any] = {"classes": Absent(why_none) if why_none else known}
    if (entry := root.entry("vars")) is not None:
        names |= _read_vars(entry, names, substitution)
    blocks = Blocks.read(root.get("blocks"), substitution.problems)
    groups: tuple[Group, ...] = ()
    entries: list[Entry] = []
    for entry in root.entries:
        if entry.key in _RESOLVED_HERE:
            continue
        value = entry.value
        if entry.key == "model" and isinstance(value, Mapping):
            value, groups = _expand_model(value, names, blocks, substitution, warnings, watch)
        elif entry.key not in _VERBATIM:
            value = substitution.replace(value, names, (entry.key,))
        entries.append(Entry(entry.key, entry.key_place, value))
    return entries, groups


def _expand_model(
    model: Mapping,
    names: Names[str, Any],
    blocks: Blocks,
    substitution: Substitution,
    warnings: list[Problem],
    watch: Watch | None,
) -> tuple[Mapping, tuple[Group, ...]]:
    groups: tuple[Group, ...] = ()
    entries: list[Entry] = []
    value: Node
    for entry in model.entries:
        if entry.key == "layers" and isinstance(entry.value, Sequence):
            value, groups = flatten(entry.value, names, blocks, substitution, warnings, watch)
        else:
            value = substitution.replace(entry.value, names, ("model", entry.key))
        entries.append(Entry(entry.key, entry.key_place, value))
    return Mapping(tuple(entries), model.place), groups


def _declared_classes(root: Mapping) -> int | None:
    """`data.classes`, where the recipe says it as a plain number."""
    data = root.get("data")
    node = data.get("classes") if isinstance(data, Mapping) else None
    value = node.value if isinstance(node, Scalar) else None
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


def _why_no_classes(root: Mapping) -> str:
    """Why `data.targets` has no classes; empty where it has."""
    data = root.get("data")
    node = data.get("targets") if isinstance(data, Mapping) else None
    word = node.value if isinstance(node, Scalar) else None
    return targets.of(word).NO_CLASSES if isinstance(word, str) and word in targets.TASKS else ""


def _read_vars(entry: Entry, names: Names[str, Any], substitution: Substitution) -> dict[str, Any]:
    """The values of `vars`, each of which may use those before it."""
    problems = substitution.problems
    if not isinstance(entry.value, Mapping):
        message = f"`vars` is a mapping of names to values, got {kind_of(entry.value)}"
        problems.append(Problem(message, place=entry.value.place, path=("vars",)))
        return {}
    values: dict[str, Any] = {}
    seen = dict(names)
    for row in entry.value.entries:
        path = ("vars", row.key)
        if not row.key.isidentifier():
            message, hint = (
                f"`{shortened(row.key)}` cannot be a name",
                "a name has letters, digits and _, and begins with a letter",
            )
            problems.append(Problem(message, hint, row.key_place, path))
        elif row.key == "classes":
            hint = "declare the number with `data.classes`"
            problems.append(Problem("`$classes` comes from the data", hint, row.key_place, path))
        else:
            value = substitution.value(row.value, seen, path)
            try:
                size_of(value)
            except TooLarge as error:
                problems.append(Problem(f"`{row.key}`: {error}", "", row.value.place, path))
                value = Broken(2)
            values[row.key] = seen[row.key] = value
    return values
