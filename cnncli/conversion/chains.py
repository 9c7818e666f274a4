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
from cnncli.recipe.schema import Recipe
from cnncli.recipe.yaml.nodes import Mapping, Scalar, Sequence

_RAW = "raw"  # the input of the augmentation


def chain_code(
    recipe: Recipe, root: Mapping, section: str, values: Names[str, Any], names: Names[str, str]
) -> Iterator[str]:
    """The calls that make the layers of a section.

    Args:
        root: the recipe as written.
        section: `prepare` or `augment`.
        values: of the recipe's names.
        names: the recipe's names -> Python.
    """
    data = root.get("data")
    written = data.get(section) if isinstance(data, Mapping) else None
    items = written.items if isinstance(written, Sequence) else ()
    chain = getattr(recipe.data, section)
    for layer, name, item in zip(chain, _names_of_chain(recipe, section), items, strict=True):
        more = [] if "name" in layer.args else [f"name={quoted(name)}"]
        head, body = head_and_body(item)
        try:
            if head is None:
                raise NotTranslated
            node = body if body is not None else Scalar(None, head.place)
            yield made_code(layer.entry, node, names, [values], [layer], more)
        except NotTranslated:
            yield object_code(layer, more)


def _names_of_chain(recipe: Recipe, section: str) -> list[str]:
    """The name of each layer of a section.

    Keras counts them as in a new process, by no name that a layer of the network has (`network.instantiate`).
    """
    counts: defaultdict[str, int] = defaultdict(int)
    model = recipe.name.replace("-", "_").replace(".", "_")
    for name in [INPUT, _RAW, model, *map(name_of, recipe.model.layers)]:
        base, _, number = name.rpartition("_")
        counts[name] = max(counts[name], 1)
        if number.isdecimal():
            counts[base] = max(counts[base], int(number) + 1)
    names = []
    for layer in [*recipe.data.prepare, *(recipe.data.augment if section == "augment" else ())]:
        name = layer.args.get("name")
        if name is None:
            base = snake_case(layer.entry.canonical)
            name = f"{base}_{counts[base]}" if counts[base] else base
            counts[base] += 1
        names.append(str(name))
    return names[-len(recipe.data.augment) :] if section == "augment" and recipe.data.augment else names
