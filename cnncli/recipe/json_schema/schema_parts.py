"""Parts of a JSON Schema: references, and values for which a variable or an expression may stand."""

from __future__ import annotations

import json
from typing import Any

from cnncli.recipe.keras_objects.structure_entries import WRITTEN
from cnncli.recipe.language.blocks import STRUCTURES

Schema = dict[str, Any]

# A text that is one `$name` or `$(expression)` and so stands for any value; and one that has such in it somewhere.
VALUE = r"\$([A-Za-z_]\w*(\.[a-z]+)?|\([\s\S]*\))$"
STANDS_FOR_VALUE = rf"^{VALUE}"
HAS_VALUE = r"\$[A-Za-z_(]"
_LETTER = r"A-Za-z_\u0080-\uffff"
NAME = rf"^[{_LETTER}][0-9{_LETTER}]*$"
BLOCK_NAME = rf"^(?!({'|'.join((*STRUCTURES, *WRITTEN))})$)[a-z\u0080-\uffff][0-9{_LETTER}]*$"
NULL = {"type": "null"}
ANNOTATIONS = ("description", "default")
LAYER_NAME = {"type": ["string", "null"], "pattern": "^[^/]+$"}


def line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def ref(name: str) -> Schema:
    return {"$ref": f"#/definitions/{name}"}


def unobtrusive(schema: Schema) -> Schema:
    """The same values under an `anyOf`.

    yaml-language-server writes every argument of a plain type that has a default into the text, as soon as the name of
    its layer is completed, and a list where an argument may be one. Under an `anyOf` it waits to be asked.
    """
    if not schema.keys() & {"type", "pattern"}:
        return dict(schema)
    annotations = {key: schema[key] for key in ANNOTATIONS if key in schema}
    return {"anyOf": [{key: value for key, value in schema.items() if key not in annotations}], **annotations}


def types_of(schema: Schema) -> list[str]:
    found = schema["type"]
    return list(found) if isinstance(found, list) else [found]
