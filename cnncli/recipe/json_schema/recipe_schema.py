"""The JSON Schema of a recipe, for completion and checks in editors.

The sections come from their typed models, Keras objects from the catalogue; `language_schemas.py` describes what
`structure.py` writes out. It is of draft-07, which every release of yaml-language-server and every other editor knows;
the newer drafts add nothing that is needed. Beside a `$ref` stand annotations alone: draft-07 ignores them there,
yaml-language-server shows them.

A recipe that loads keeps to the schema, but for what an editor may well underline: a choice in capitals
(`padding: SAME`), an unused key written out as null (`source: {npz: …, idx: null}`), and a child of `extends` that says
only some of the required arguments of its parent's object. A recipe that keeps to the schema may still be wrong;
`cnncli validate` knows more.
"""

from __future__ import annotations

import json

from pydantic import BaseModel

from cnncli.recipe.json_schema.language_schemas import SECTIONS_OF_THE_LANGUAGE, STRUCTURE
from cnncli.recipe.json_schema.modeline import DRAFT, TITLE
from cnncli.recipe.json_schema.object_schemas import item, of_kind, of_structures
from cnncli.recipe.json_schema.schema_parts import (
    HAS_VALUE,
    NULL,
    STANDS_FOR_VALUE,
    Schema,
    line,
    ref,
    types_of,
    unobtrusive,
)
from cnncli.recipe.json_schema.shared_definitions import share
from cnncli.recipe.keras_objects import catalogue
from cnncli.recipe.keras_objects.objects import as_data
from cnncli.recipe.schema import Recipe
from cnncli.recipe.schema_fields import KIND_OF_OBJECT, Section, sections_below

_MODELS: dict[str, type[BaseModel]] = {model.__name__: model for model in sections_below(Section)}


def recipe_schema() -> Schema:
    """Everything that a recipe may hold, as a JSON Schema."""
    whole = Recipe.model_json_schema(ref_template="#/definitions/{model}")
    sections = {name: _section(section, _MODELS[name]) for name, section in whole.pop("$defs").items()}
    sections["Model"]["properties"]["layers"]["items"] = ref("item")
    sections["Model"]["properties"]["change"]["additionalProperties"] = ref("change")
    root = _section(whole, Recipe)
    root["type"] = "object"
    del root["pattern"]
    root["properties"] |= SECTIONS_OF_THE_LANGUAGE
    definitions: Schema = {"item": item(), **STRUCTURE, **of_structures()}
    for kind in catalogue.kinds():
        if kind != "applications":  # they stand where layers stand
            definitions |= of_kind(kind)
    share(definitions)
    sections["recipe"] = root
    definitions |= sections | _incomplete("recipe", sections)
    return {
        "$schema": DRAFT,
        "title": TITLE,
        "if": {"required": ["extends"]},
        "then": ref("recipe.incomplete"),
        "else": ref("recipe"),
        "definitions": definitions,
    }


def as_text(schema: Schema) -> str:
    """The schema as JSON, one definition a line, so that a change reads well in a diff."""
    rows = [f"{json.dumps(key)}: {line(value)}" for key, value in schema.items() if key != "definitions"]
    definitions = [f"{json.dumps(key)}: {line(value)}" for key, value in schema["definitions"].items()]
    return "{\n" + ",\n".join(rows) + ',\n"definitions": {\n' + ",\n".join(definitions) + "\n}\n}\n"


def _section(schema: Schema, model: type[BaseModel]) -> Schema:
    """A section as pydantic describes it, made fit for a recipe as written."""
    properties = schema.get("properties", {})
    for name, field in model.model_fields.items():
        default = field.get_default(call_default_factory=True) if field.default_factory else None
        if name in properties and default is not None and not isinstance(default, BaseModel):
            properties[name]["default"] = as_data(default)
    return _opened(schema)


def _opened(schema: Schema) -> Schema:
    """A schema with `$name` and `$(expression)` allowed wherever a value stands, and without what helps nobody."""
    schema = {key: value for key, value in schema.items() if key != "title"}
    if schema.get("default", ()) in (None, [], {}, ()) or not schema.get("description", "."):
        schema.pop("default", None)
    if KIND_OF_OBJECT in schema:
        return {**ref(schema.pop(KIND_OF_OBJECT)), **schema}
    if "$ref" in schema:
        return schema
    if "$ref" in schema.get("anyOf", [{}])[0] and schema["anyOf"][1:] == [NULL]:
        [section, _] = schema.pop("anyOf")  # a section or null, said so that its keys are offered
        return {"type": ["object", "string", "null"], "if": {"not": NULL}, "then": section, **schema}
    if "oneOf" in schema:  # of types that a reader tells apart by their form
        schema["anyOf"] = schema.pop("oneOf")
    if "anyOf" in schema:
        return {**_any_of([_opened(choice) for choice in schema.pop("anyOf")]), **schema}
    if "const" in schema or "enum" in schema:
        choices = schema.pop("enum", None) or [schema.pop("const")]
        schema.pop("type", None)
        return {"anyOf": [{"enum": choices}, {"type": "string", "pattern": HAS_VALUE}], **schema}
    for key in ("properties", "patternProperties"):
        if key in schema:
            schema[key] = {name: _opened(value) for name, value in schema[key].items()}
    for key in ("items", "additionalProperties", "then"):
        if isinstance(schema.get(key), dict):
            schema[key] = _opened(schema[key])
    if schema.get("type") == "string" and "pattern" in schema:
        schema["pattern"] = f"{schema['pattern']}|{HAS_VALUE}"
    elif isinstance(schema.get("type"), str) and schema["type"] not in ("string", "null"):
        schema = {**schema, "type": [schema["type"], "string"], "pattern": STANDS_FOR_VALUE}
    return unobtrusive(schema) if "default" in schema else schema


def _any_of(choices: list[Schema]) -> Schema:
    """One of several; `null` becomes one more type where that says the same."""
    flat = [inner for choice in choices for inner in (choice["anyOf"] if choice.keys() == {"anyOf"} else [choice])]
    flat = [choice for index, choice in enumerate(flat) if choice not in flat[:index]]
    if len(flat) == 2 and flat[1] == NULL and "type" in flat[0]:
        return {**flat[0], "type": [*types_of(flat[0]), "null"]}
    return {"anyOf": flat}


def _incomplete(name: str, sections: dict[str, Schema]) -> Schema:
    """A section, and those in it, as a child of `extends` may write them: what they need may stand in the parent.

    Sections in lists stay as they are: a child's list takes the place of its parent's.
    """
    section = {key: value for key, value in sections[name].items() if key != "required"}
    properties = dict(section["properties"])
    definitions: Schema = {}
    for key, value in properties.items():
        for choice in value.get("anyOf", [value.get("then", value)]):
            inner = choice.get("$ref", "").removeprefix("#/definitions/")
            if inner in sections and (found := _incomplete(inner, sections)):
                definitions |= found
                properties[key] = _referring(value, inner, f"{inner}.incomplete")
    if not definitions and "required" not in sections[name]:
        return {}
    return {**definitions, f"{name}.incomplete": {**section, "properties": properties}}


def _referring(schema: Schema, old: str, new: str) -> Schema:
    """A schema that refers to another definition than before."""
    if "anyOf" in schema:
        return {**schema, "anyOf": [ref(new) if choice == ref(old) else choice for choice in schema["anyOf"]]}
    return {**schema, "then": ref(new)} if "then" in schema else {**schema, **ref(new)}
