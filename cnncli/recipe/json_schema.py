"""The JSON Schema of a recipe, with which an editor completes and checks it.

The sections come from their typed models, Keras objects from the catalogue; what `structure.py` writes out is described
here. It is of draft-07, which every release of yaml-language-server and every other editor knows; what the newer drafts
add is of no use here. Keywords beside a `$ref` are annotations only: draft-07 ignores them, yaml-language-server shows
them.

A recipe that loads keeps to the schema, with three exceptions that an editor may well underline: a choice in capitals
(`padding: SAME`), an unused key written out as null (`source: {npz: …, idx: null}`), and a child of `extends` that says
only some of the required arguments of its parent's object. A recipe that keeps to the schema may still be wrong:
`cnncli validate` knows more.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from cnncli.recipe import catalogue
from cnncli.recipe.catalogue import Argument, Entry
from cnncli.recipe.objects import Limit, limit_of, may_be_null, takes_epochs
from cnncli.recipe.schema import KIND_OF_OBJECT, Recipe
from cnncli.recipe.structure import STRUCTURES

Schema = dict[str, Any]

_DRAFT = "http://json-schema.org/draft-07/schema#"
# A value that is one `$name` or `$(expression)`, and a text that has one somewhere.
_WHOLE = r"^\$([A-Za-z_]\w*|\([\s\S]*\))$"
_WITHIN = r"\$[A-Za-z_(]"
_EPOCHS = r"^\d+(\.\d+)?\s*epochs?$"
_NAME = r"^[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*$"
_BLOCK_NAME = rf"^(?!({'|'.join(STRUCTURES)})$)[a-z\u0080-\uffff][\w\u0080-\uffff]*$"
_KEYS_OF_TYPES = {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "items", "minItems", "maxItems", "pattern"}
_MANY = "$"  # stands for nothing: the name of no definition


def recipe_schema() -> Schema:
    """Everything that a recipe may hold.

    Returns:
        A JSON Schema of draft-07.
    """
    whole = Recipe.model_json_schema(ref_template="#/definitions/{model}")
    sections = {name: _section(section) for name, section in whole.pop("$defs").items()}
    root = _section(whole, is_root=True)
    root["properties"]["data"]
    required = _required_below(root, sections)
    sections["Model"]["properties"]["layers"]["items"] = _ref("item")
    root["properties"] |= _OWN_SECTIONS
    definitions: Schema = {"item": _item(), "list": _LIST, "block": _BLOCK, **_STRUCTURES}
    for kind in catalogue.kinds():
        definitions |= _objects(kind)
    definitions |= sections
    _share(definitions)
    return {
        "$schema": _DRAFT,
        "title": "cnncli recipe",
        **root,
        # A child of `extends` may leave to its parent what every other recipe has to say.
        "if": {"required": ["extends"]},
        "else": required,
        "definitions": definitions,
    }


def as_text(schema: Schema) -> str:
    """The schema as JSON: one definition a line, so that a change reads well in a diff."""
    rows = [f"{json.dumps(key)}: {_line(value)}" for key, value in schema.items() if key != "definitions"]
    definitions = [f"{json.dumps(key)}: {_line(value)}" for key, value in schema["definitions"].items()]
    return "{\n" + ",\n".join(rows) + ',\n"definitions": {\n' + ",\n".join(definitions) + "\n}\n}\n"


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _ref(name: str) -> Schema:
    return {"$ref": f"#/definitions/{name}"}


# ---- sections ----------------------------------------------------------------------------------------------------------


def _section(schema: Schema, *, is_root: bool = False) -> Schema:
    """A part of what pydantic generates, with `$name` allowed where a value stands."""
    ...
