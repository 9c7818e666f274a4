"""Generate the tables of `docs/recipe-reference.md` from the schema.

Run it after a change of the language: `python -m cnncli.recipe.reference`. A test fails while the page is stale.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from cnncli.errors import RecipeError
from cnncli.recipe import schema_fields
from cnncli.recipe.growth import LARGEST_VALUE, LONGEST_TEXT, MOST_VALUES
from cnncli.recipe.json_schema.language_schemas import structure
from cnncli.recipe.keras_objects import browse, catalogue, structure_entries
from cnncli.recipe.keras_objects.objects import NOUNS, article, as_data
from cnncli.recipe.language import functions
from cnncli.recipe.language.blocks import STRUCTURES
from cnncli.recipe.language.flat_layers import MOST_LAYERS
from cnncli.recipe.language.rounds import MOST_TIMES
from cnncli.recipe.language.writer import MOST_NESTED
from cnncli.recipe.load import load_bytes
from cnncli.recipe.schema import Recipe
from cnncli.recipe.schema_fields import KIND_OF_OBJECT, Section, sections_below
from cnncli.recipe.yaml import recipe_file, tree

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "recipe-reference.md"

# <!-- table: section Train --> … <!-- end of table -->
_TABLE = re.compile(r"(<!-- table: (\S+)(?: (\S+))? -->\n)(.*?)(<!-- end of table -->)", re.DOTALL)


def updated(page: str) -> str:
    """The page with every table between its markers made anew.

    Raises:
        KeyError: a marker names no table.
    """
    return _TABLE.sub(lambda found: found[1] + _TABLES[found[2]](found[3] or "").strip() + "\n" + found[5], page)


def table_names(page: str) -> list[str]:
    """The tables that a page has, such as `section Train`."""
    return [" ".join(filter(None, (found[2], found[3]))) for found in _TABLE.finditer(page)]


# ---- sections ----------------------------------------------------------------------------------------------------------


def _section(name: str) -> str:
    """The keys of a section: type, default, meaning."""
    model = sections()[name]
    described = _described_sections()
    properties: dict[str, Any] = described[name]["properties"]
    required = described[name].get("required", [])
    rows = [
        (f"`{key}`", _type(value), _default(model, key, required), _meaning(value, described))
        for key, value in properties.items()
    ]
    return _table(("key", "type", "default", "meaning"), rows)


def sections() -> dict[str, type[BaseModel]]:
    """The sections that a recipe can have, by the names of their models."""
    described = _described_sections()
    return {model.__name__: model for model in sections_below(Section) if model.__name__ in described}


@functools.cache
def _described_sections() -> dict[str, Any]:
    whole = Recipe.model_json_schema(ref_template="{model}")
    return {**whole.pop("$defs"), "Recipe": whole}


def _type(value: dict[str, Any]) -> str:
    """What a key takes, in words."""
    if KIND_OF_OBJECT in value:
        return article(NOUNS[value[KIND_OF_OBJECT]])
    if "$ref" in value:
        return f"[{value['$ref']}](#{value['$ref'].lower()})"
    if "anyOf" in value or "oneOf" in value:
        choices = value.get("anyOf") or value["oneOf"]
        kinds = [_type(choice) for choice in choices if choice.get("type") != "null"]
        return " or ".join(dict.fromkeys(kinds))
    if "enum" in value or "const" in value:
        choices = value.get("enum", [value.get("const")])
        return ", ".join(f"`{str(one).lower() if isinstance(one, bool) else one}`" for one in choices)
    if "examples" in value:
        return "time: " + ", ".join(f"`{example}`" for example in value["examples"])
    kind = value.get("type", "")
    if kind == "array":
        length = value.get("minItems") if value.get("minItems") == value.get("maxItems") else None
        return f"list of {f'{length} ' if length else ''}{_plural(value['items'])}"
    if kind == "object" and isinstance(value.get("additionalProperties"), dict):
        return f"mapping of names to {_plural(value['additionalProperties'])}"
    words = {
        "integer": "integer",
        "number": "number",
        "boolean": "true or false",
        "string": "text",
        "object": "mapping",
        "": "value",
    }
    return words[kind] + _limits(value)


def _plural(value: dict[str, Any]) -> str:
    if KIND_OF_OBJECT in value:
        noun = NOUNS[value[KIND_OF_OBJECT]]
        return f"{noun}es" if noun.endswith("s") else f"{noun}s"
    words = _type(value)
    return re.sub(r"^(integer|number|text|list|value)", r"\1s", words)


def _limits(value: dict[str, Any]) -> str:
    signs = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
    limits = [f"{sign} {value[key]:,}" for key, sign in signs.items() if key in value]
    return f" {' and '.join(limits)}" if limits else ""


def _default(model: type[BaseModel], key: str, required: list[str]) -> str:
    if key in required:
        return "required"
    default = model.model_fields[key].get_default(call_default_factory=True)
    if default is None or isinstance(default, BaseModel) or default in ("", [], {}):
        return ""
    return f"`{browse.inline(as_data(default))}`"


def _meaning(value: dict[str, Any], described: dict[str, Any]) -> str:
    """A key's description, or that of the section that stands there."""
    if "description" in value:
        return str(value["description"])
    for choice in value.get("anyOf", [value]):
        if "$ref" in choice:
            return str(described[choice["$ref"]].get("description", ""))
    return ""


# ---- structure, Keras, mistakes ----------------------------------------------------------------------------------------


def _structure(name: str) -> str:
    """The keys of `repeat`, `branches`, `residual`, `group` or of a block."""
    found = structure()[name]
    properties = {key: value for key, value in found["properties"].items() if key not in ("from", "is", "if")}
    shared = ("name",) if "name" not in found["required"] else ()
    rows = [
        (f"`{key}`", "required" if key in found["required"] else "", value["description"])
        for key, value in properties.items()
        if key not in shared
    ]
    return _table(("key", "", "meaning"), rows)


def _item(name: str) -> str:
    """The arguments of `learned` or `slice`."""
    rows = [
        (f"`{argument.name}`", "required" if argument.required else _shown(argument.default), argument.doc)
        for argument in (structure_entries.ENTRIES[name].arguments or {}).values()
    ]
    return _table(("argument", "default", "meaning"), rows)


def _shown(default: Any) -> str:
    return "" if default is None else f"`{browse.inline(default)}`"


def _functions(_: str) -> str:
    """The functions of expressions."""
    return _table(
        ("function", "result"), [(f"`{functions.usage(name)}`", functions.meaning(name)) for name in functions.NAMES]
    )


def _structures(_: str) -> str:
    """One row a structure."""
    found = structure()
    rows = [(f"`{name}`", found[name]["description"]) for name in STRUCTURES]
    rows += [(f"`{name}`", structure_entries.ENTRIES[name].doc) for name in structure_entries.WRITTEN]
    return _table(("item", "what it is"), rows)


def _kinds(_: str) -> str:
    """The kinds of Keras objects, how many there are, and where they stand."""
    rows = [
        (
            kind,
            _count(browse.class_count(kind)),
            _count(len(browse.identifiers(kind))),
            browse.place_of_kind(kind),
            example,
        )
        for kind in catalogue.kinds()
        for example in [f"`{browse.first_line(kind)}`"]
    ]
    return _table(("kind", "classes", "texts", "used in", "for example"), rows)


def _count(number: int) -> str:
    return str(number) if number else ""


def _refused(_: str) -> str:
    """The names of Keras that a recipe must not use, and why."""
    rows = [(kind, f"`{name}`", why) for kind, names in catalogue.REFUSED.items() for name, why in names.items()]
    return _table(("kind", "name", "why not"), rows)


def _units(_: str) -> str:
    """The units of a time."""
    seconds: dict[int, list[str]] = {}
    for unit, count in schema_fields.UNITS.items():
        seconds.setdefault(count, []).append(f"`{unit}`")
    return _table(("unit", "seconds"), [(", ".join(units), str(count)) for count, units in seconds.items()])


def _bounds(_: str) -> str:
    """What a recipe's file may be at most."""
    rows = [
        ("size of the file", f"{recipe_file.MAX_BYTES // 1024} KB"),
        ("keys and values", f"{tree.MAX_NODES:,}"),
        ("lists and mappings within each other", str(tree.MAX_DEPTH)),
        ("structures and calls of blocks within each other", str(MOST_NESTED)),
        ("values when the recipe is written out", f"{MOST_VALUES:,}"),
        ("items of one computed value", f"{LARGEST_VALUE:,}"),
        ("items of a list that an expression computes", f"{functions.LONGEST_LIST:,}"),
        ("characters of one computed text", f"{LONGEST_TEXT:,}"),
        ("rounds of a `repeat`", f"{MOST_TIMES:,}"),
        ("layers in the network", f"{MOST_LAYERS:,}"),
    ]
    return _table(("at most", ""), rows)


def _mistakes(name: str) -> str:
    """A recipe of tests/bad_inputs and what is reported of it."""
    content = (ROOT / "tests" / "bad_inputs" / f"{name}.yaml").read_bytes()
    try:
        load_bytes(content, "recipe.yaml")
    except RecipeError as error:
        return f"```yaml\n{content.decode()}```\n\n```\n{error}\n```"
    raise AssertionError(f"{name} has no mistakes")


_TABLES: dict[str, Callable[[str], str]] = {
    "section": _section,
    "structure": _structure,
    "structures": _structures,
    "item": _item,
    "functions": _functions,
    "kinds": _kinds,
    "refused": _refused,
    "units": _units,
    "bounds": _bounds,
    "mistakes": _mistakes,
}


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """A table in Markdown; a bar in a cell would end it."""
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def main() -> None:
    PAGE.write_text(updated(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
