"""Expand a recipe: variables, blocks and structure become values and one flat list of layers.

Each value keeps the place where it was written, and inside a block also the place of the call that led there, so that a
mistake in it can still be told at its line.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping as Names
from dataclasses import dataclass, replace
from typing import Any

from cnncli.errors import Place, Problem
from cnncli.messages import shortened
from cnncli.recipe import targets
from cnncli.recipe.deferred import Broken, Unknown
from cnncli.recipe.growth import AS_WRITTEN, Bounds, Problems, Stopped, TooLarge
from cnncli.recipe.language.blocks import Blocks
from cnncli.recipe.language.expressions import HERE, NO_INPUT, Absent
from cnncli.recipe.language.flat_layers import INPUT, Given, Scope
from cnncli.recipe.language.given_layers import Arguments
from cnncli.recipe.language.here import Shapes
from cnncli.recipe.language.structure import Watch, flatten
from cnncli.recipe.language.substitution import Substitution, kind_of
from cnncli.recipe.layers import Group
from cnncli.recipe.yaml.nodes import Entry, Mapping, Scalar, Sequence

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
        open_places: where layers or values cannot be written out before the number of classes, or a size, is known.
        uses_sizes: somewhere the recipe asks for a size of `$here`.
    """

    root: Mapping
    groups: tuple[Group, ...]
    problems: list[Problem]
    warnings: list[Problem]
    is_whole: bool
    open_places: tuple[Place, ...]
    uses_sizes: bool


def expand(
    root: Mapping,
    *,
    classes: int | None = None,
    shapes: Shapes | None = None,
    bounds: Bounds = AS_WRITTEN,
    watch: Watch | None = None,
) -> Expansion:
    """Replace what stands for a value by the value, and write structure out as layers.

    Args:
        root: the recipe as written, after `extends` and `--set`.
        classes: the value of `$classes`; None while the data has not been read, or where there are none.
        shapes: tells the sizes of `$here`; None while the shape of the input is not known.
        bounds: on what the recipe grows to.
        watch: sees how the items of `model.layers` become layers.
    """
    problems, warnings = Problems(), list[Problem]()
    substitution = Substitution(problems, bounds.values)
    try:
        entries, groups = _expanded(root, classes, shapes, substitution, warnings, watch)
    except Stopped:
        return Expansion(root, (), list(problems), [], False, (), False)
    whole = Mapping(tuple(entries), root.place)
    open_places, uses_sizes = tuple(substitution.open_places), substitution.uses_sizes
    return Expansion(whole, groups, list(problems), warnings, True, open_places, uses_sizes)


def _expanded(
    root: Mapping,
    classes: int | None,
    shapes: Shapes | None,
    substitution: Substitution,
    warnings: list[Problem],
    watch: Watch | None,
) -> tuple[list[Entry], tuple[Group, ...]]:
    """The sections of the recipe, and its groups."""
    known = next((n for n in (classes, _declared_classes(root)) if n is not None), Unknown(2))
    why_none = _why_no_classes(root)
    names: Names[str, Any] = {"classes": Absent(why_none) if why_none else known, HERE: Absent(NO_INPUT)}
    blocks = Blocks.read(root.get("blocks"), substitution.problems)
    variables = Arguments(lambda node, scope: substitution.value(node, scope.names, ("vars",)), blocks)
    if (entry := root.entry("vars")) is not None:
        _read_vars(entry, names, variables, substitution)
    names = ChainMap(variables, names)  # type: ignore[arg-type]  # a Mapping below will do
    groups: tuple[Group, ...] = ()
    entries: list[Entry] = []
    for entry in root.entries:
        if entry.key in _RESOLVED_HERE:
            continue
        value = entry.value
        if entry.key == "model" and isinstance(value, Mapping) and isinstance(value.get("layers"), Sequence):
            rest = Mapping(tuple(part for part in value.entries if part.key not in ("layers", "change")), value.place)
            model = substitution.replace(rest, names, (entry.key,))
            layers = value.entry("layers")
            assert isinstance(model, Mapping)
            assert layers
            assert isinstance(layers.value, Sequence)
            flat, groups = flatten(
                layers.value,
                value.get("change"),
                names,
                blocks,
                substitution,
                warnings,
                given=variables.given,
                shapes=shapes,
                inputs=_inputs(root),
                watch=watch,
            )
            value = replace(model, entries=(*model.entries, replace(layers, value=flat)))
        elif entry.key not in _VERBATIM:
            value = substitution.replace(value, names, (entry.key,))
        entries.append(Entry(entry.key, entry.key_place, value))
    return entries, groups


def _inputs(root: Mapping) -> tuple[str, ...]:
    """The names of `data.inputs`; of a recipe without them that of the only input."""
    data = root.get("data")
    inputs = data.get("inputs") if isinstance(data, Mapping) else None
    return tuple(inputs.keys()) if isinstance(inputs, Mapping) and inputs.entries else (INPUT,)


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


def _read_vars(entry: Entry, names: Names[str, Any], values: Arguments, substitution: Substitution) -> None:
    """Add the values of `vars`, each of which may use those before it."""
    problems = substitution.problems
    if not isinstance(entry.value, Mapping):
        message = f"`vars` is a mapping of names to values, got {kind_of(entry.value)}"
        problems.append(Problem(message, place=entry.value.place, path=("vars",)))
        return
    for row in entry.value.entries:
        path = ("vars", row.key)
        if not row.key.isidentifier():
            message, hint = (
                f"`{shortened(row.key)}` cannot be a name",
                "a name has letters, digits and _, and begins with a letter",
            )
            problems.append(Problem(message, hint, row.key_place, path))
        elif row.key in names:
            hint = (
                "declare the number with `data.classes`" if row.key == "classes" else "give the variable another name"
            )
            comes = "comes from the data" if row.key == "classes" else "is what comes into a layer"
            problems.append(Problem(f"`${row.key}` {comes}", hint, row.key_place, path))
        else:
            earlier = values.so_far()
            seen = ChainMap(earlier, names)  # type: ignore[arg-type]  # a Mapping below will do
            try:
                values.give(row.key, Given(row.value, Scope(seen, given=earlier.given)))
            except TooLarge as error:
                problems.append(Problem(f"`{row.key}`: {error}", "", row.value.place, path))
                values[row.key] = Broken(2)
