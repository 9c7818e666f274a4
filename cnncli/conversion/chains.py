"""The layers of `data.prepare` and `data.augment` as Python, with the names that cnncli lets Keras give them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from collections.abc import Mapping as Names
from typing import Any

from cnncli.conversion.keras_code import object_code
from cnncli.conversion.python_expressions import NotTranslated
from cnncli.conversion.python_layout import quoted
from cnncli.conversion.values_in_code import made_code
from cnncli.recipe.language.flat_layers import INPUT
from cnncli.recipe.language.writer import head_and_body
from cnncli.recipe.layers import name_of, snake_case
from cnncli.recipe.named_inputs import Input, inputs_of
from cnncli.recipe.schema import Recipe
from cnncli.recipe.yaml.nodes import Mapping, Node, Scalar, Sequence

Counts = defaultdict[str, int]

_RAW = "raw"  # the input of the augmentation


def chain_code(
    recipe: Recipe,
    root: Mapping,
    section: str,
    values: Names[str, Any],
    names: Names[str, str],
    own: Input | None = None,
) -> Iterator[str]:
    """The calls that make the layers of a section.

    Args:
        root: the recipe as written.
        section: `prepare` or `augment`.
        values: of the recipe's names.
        names: the recipe's names -> Python.
        own: the input whose section it is; None is the only one.
    """
    own = own or inputs_of(recipe.data)[0]
    written: Node | None = root
    for key in (*own.path, section):
        written = written.get(str(key)) if isinstance(written, Mapping) else None
    items = written.items if isinstance(written, Sequence) else ()
    chain = getattr(own, section)
    for layer, name, item in zip(chain, names_of_chains(recipe)[own.name, section], items, strict=True):
        more = [] if "name" in layer.args else [f"name={quoted(name)}"]
        head, body = head_and_body(item)
        try:
            if head is None:
                raise NotTranslated
            node = body if body is not None else Scalar(None, head.place)
            yield made_code(layer.entry, node, names, [values], [layer], more)
        except NotTranslated:
            yield object_code(layer, more)


def names_of_chains(recipe: Recipe) -> dict[tuple[str, str], list[str]]:
    """The names of the layers of each input's sections: first those of `prepare` are counted, then those of `augment`."""
    counts, names = taken_names(recipe), dict[tuple[str, str], list[str]]()
    for section in ("prepare", "augment"):
        names |= _names_of_section(recipe, section, counts)
    return names


def taken_names(recipe: Recipe, *, prepared: bool = False) -> Counts:
    """How many names of each kind Keras passes over when it counts as in a new process (`network.build`): those of the
    inputs, of the network and of its layers.

    Args:
        prepared: those of the layers of `prepare`, too.
    """
    counts: Counts = defaultdict(int)
    model = recipe.name.replace("-", "_").replace(".", "_")
    inputs = inputs_of(recipe.data)
    raw = [_RAW if own.name == INPUT else f"{_RAW}_{own.name}" for own in inputs]
    for name in [*(own.name for own in inputs), *raw, model, *map(name_of, recipe.model.layers)]:
        base, _, number = name.rpartition("_")
        counts[name] = max(counts[name], 1)
        if number.isdecimal():
            counts[base] = max(counts[base], int(number) + 1)
    if prepared:
        _names_of_section(recipe, "prepare", counts)
    return counts


def _names_of_section(recipe: Recipe, section: str, counts: Counts) -> dict[tuple[str, str], list[str]]:
    """The names of the layers of `prepare` or `augment`; `counts` goes on with them."""
    names: dict[tuple[str, str], list[str]] = {}
    for own in inputs_of(recipe.data):
        names[own.name, section] = []
        for layer in getattr(own, section):
            name = layer.args.get("name")
            if name is None:
                base = snake_case(layer.entry.canonical)
                name = f"{base}_{counts[base]}" if counts[base] else base
                counts[base] += 1
            names[own.name, section].append(str(name))
    return names
