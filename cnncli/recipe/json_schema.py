"""The JSON Schema of a recipe, with which an editor completes and checks it.

The sections come from their typed models, Keras objects from the catalogue; what `structure.py` writes out is described
here. It is of draft-07, which every release of yaml-language-server and every other editor knows; the newer drafts add
nothing that is needed. Beside a `$ref` stand annotations alone: draft-07 ignores them there, yaml-language-server shows
them.

A recipe that loads keeps to the schema, but for what an editor may well underline: a choice in capitals
(`padding: SAME`), an unused key written out as null (`source: {npz: …, idx: null}`), and a child of `extends` that says
only some of the required arguments of its parent's object. A recipe that keeps to the schema may still be wrong;
`cnncli validate` knows more.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from cnncli.recipe import catalogue
from cnncli.recipe.catalogue import Argument, Entry
from cnncli.recipe.objects import NOUNS, Limit, as_data, limit_of, may_be_null, places_of, takes_epochs
from cnncli.recipe.schema import KIND_OF_OBJECT, Recipe, Section
from cnncli.recipe.structure import MOST_TIMES, STRUCTURES

Schema = dict[str, Any]

_DRAFT = "http://json-schema.org/draft-07/schema#"
# A text that is one `$name` or `$(expression)` and so stands for any value; and one that has such in it somewhere.
_VALUE = r"\$([A-Za-z_]\w*|\([\s\S]*\))$"
_STANDS_FOR_VALUE = rf"^{_VALUE}"
_HAS_VALUE = r"\$[A-Za-z_(]"
_EPOCHS = r"\d+(\.\d+)?\s*epochs?$"
_LETTER = r"A-Za-z_\u0080-\uffff"
_NAME = rf"^[{_LETTER}][0-9{_LETTER}]*$"
_BLOCK_NAME = rf"^(?!({'|'.join(STRUCTURES)})$)[a-z\u0080-\uffff][0-9{_LETTER}]*$"
_SHORTEST_SHARED = 60  # characters of JSON; a reference takes about as many


def recipe_schema() -> Schema:
    """Everything that a recipe may hold, as a JSON Schema."""
    whole = Recipe.model_json_schema(ref_template="#/definitions/{model}")
    sections = {name: _section(section, _MODELS[name]) for name, section in whole.pop("$defs").items()}
    sections["Model"]["properties"]["layers"]["items"] = _ref("item")
    root = _section(whole, Recipe)
    root["type"] = "object"
    del root["pattern"]
    root["properties"] |= _SECTIONS_OF_THE_LANGUAGE
    definitions: Schema = {"item": _item(), **_STRUCTURE}
    for kind in catalogue.kinds():
        if kind != "applications":  # they stand where layers stand
            definitions |= _of_kind(kind)
    required = _required_from_above(root, sections)
    definitions |= sections
    _share(definitions)
    return {
        "$schema": _DRAFT,
        "title": "A recipe of cnncli",
        **root,
        # A child of `extends` may leave to its parent what every other recipe has to say.
        "if": {"required": ["extends"]},
        "else": required,
        "definitions": definitions,
    }


def as_text(schema: Schema) -> str:
    """The schema as JSON, one definition a line, so that a change reads well in a diff."""
    rows = [f"{json.dumps(key)}: {_line(value)}" for key, value in schema.items() if key != "definitions"]
    definitions = [f"{json.dumps(key)}: {_line(value)}" for key, value in schema["definitions"].items()]
    return "{\n" + ",\n".join(rows) + ',\n"definitions": {\n' + ",\n".join(definitions) + "\n}\n}\n"


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _ref(name: str) -> Schema:
    return {"$ref": f"#/definitions/{name}"}


# ---- the sections ------------------------------------------------------------------------------------------------------

_MODELS: dict[str, type[BaseModel]] = {model.__name__: model for model in Section.__subclasses__()}


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
        return {**_ref(schema.pop(KIND_OF_OBJECT)), **schema}
    if "$ref" in schema:
        return schema
    if "anyOf" in schema:
        return {**_any_of([_opened(choice) for choice in schema.pop("anyOf")]), **schema}
    if "const" in schema or "enum" in schema:
        choices = schema.pop("enum", None) or [schema.pop("const")]
        schema.pop("type", None)
        return {"anyOf": [{"enum": choices}, {"type": "string", "pattern": _HAS_VALUE}], **schema}
    for key in ("properties", "patternProperties"):
        if key in schema:
            schema[key] = {name: _opened(value) for name, value in schema[key].items()}
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            schema[key] = _opened(schema[key])
    if schema.get("type") == "string" and "pattern" in schema:
        schema["pattern"] = f"{schema['pattern']}|{_HAS_VALUE}"
    elif schema.get("type") not in ("string", "null"):
        schema = {**schema, "type": [schema["type"], "string"], "pattern": _STANDS_FOR_VALUE}
    return schema


def _any_of(choices: list[Schema]) -> Schema:
    """One of several; `null` becomes one more type where that says the same."""
    nothing = {"type": "null"}
    flat = [inner for choice in choices for inner in (choice["anyOf"] if choice.keys() == {"anyOf"} else [choice])]
    flat = [choice for index, choice in enumerate(flat) if choice not in flat[:index]]
    if len(flat) == 2 and flat[1] == nothing and "type" in flat[0]:
        return {**flat[0], "type": [*_types(flat[0]), "null"]}
    return {"anyOf": flat}


def _types(schema: Schema) -> list[str]:
    found = schema["type"]
    return list(found) if isinstance(found, list) else [found]


def _required_from_above(schema: Schema, sections: dict[str, Schema]) -> Schema:
    """Take the required keys out of a section and of those in it, and give them as a schema of their own.

    Sections in lists keep theirs: a list of a child replaces its parent's, so it has to be complete.
    """
    found: Schema = {}
    if required := schema.pop("required", None):
        found["required"] = required
    below = {}
    for name, value in schema["properties"].items():
        for choice in value.get("anyOf", [value]):
            section = sections.get(choice.get("$ref", "").removeprefix("#/definitions/"))
            if section and "properties" in section and (inner := _required_from_above(section, sections)):
                below[name] = inner
    return {**found, "properties": below} if below else found


# ---- Keras objects -----------------------------------------------------------------------------------------------------


def _of_kind(kind: str) -> Schema:
    """The definitions of a kind: one for any object of it, and one for the arguments of each class."""
    entries = [entry for place in places_of(kind) for name in catalogue.names(place) if (entry := _find(place, name))]
    # The identifiers of a kind are not offered as keys, but `{adam: }` says the same as `adam`.
    identifiers = [entry.name for entry in entries if entry.identifier]
    mapping = _one_of_keys({entry.name: _arguments_of(entry) for entry in entries if not entry.identifier})
    if identifiers:
        mapping["patternProperties"] = {f"^({'|'.join(identifiers)})$": {"type": "null"}}
    if kind == "layers":
        alone = {"anyOf": [{"required": ["from"]}, {"required": ["if"]}]}
        mapping["allOf"] = [{"additionalProperties": {"not": {"type": "object", **alone}}}]
    choices = [{"enum": _bare_names(entries)}, mapping, {"type": "string", "pattern": _HAS_VALUE}]
    if kind == "schedules":  # a text could only mean a number there
        choices = [mapping]
    classes = {f"{e.kind}.{e.name}": _arguments(e) for e in entries if e.name == e.canonical and not e.identifier}
    return {kind: {"description": f"a Keras {NOUNS[kind]}", "anyOf": choices}, **classes}


def _item() -> Schema:
    """One item of the list of layers: a layer, structure, or a call of one of the recipe's own blocks."""
    entries = [e for place in places_of("layers") for name in catalogue.names(place) if (e := _find(place, name))]
    mapping = _one_of_keys({name: _ref(name) for name in STRUCTURES} | {e.name: _arguments_of(e) for e in entries})
    mapping["patternProperties"] = {_BLOCK_NAME: {"description": "one of the recipe's own blocks, with its arguments"}}
    block = {"type": "string", "pattern": _BLOCK_NAME}
    return {"anyOf": [{"enum": _bare_names(entries)}, mapping, block]}


def _find(kind: str, name: str) -> Entry | None:
    return catalogue.find(kind, name)


def _one_of_keys(properties: Schema) -> Schema:
    """A mapping with exactly one of these keys."""
    return {
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
        "minProperties": 1,
        "maxProperties": 1,
    }


def _arguments_of(entry: Entry) -> Schema:
    return _ref(f"{entry.kind}.{entry.canonical}")


def _bare_names(entries: list[Entry]) -> list[str]:
    """The names that can stand alone: those that need no arguments."""
    return [e.name for e in entries if not any(argument.required for argument in (e.arguments or {}).values())]


def _arguments(entry: Entry) -> Schema:
    """What may stand behind `Name:`: its arguments in a mapping, or a value for the first of them alone."""
    arguments = entry.arguments or {}
    properties = {name: _described(entry, argument) for name, argument in arguments.items()}
    if entry.kind in places_of("layers"):
        properties |= {"from": _ref("from"), "if": _ref("if")}
    required = [argument.name for argument in arguments.values() if argument.required]
    mapping: Schema = {"properties": properties, "additionalProperties": False}
    if required:
        mapping["required"] = required
    nothing = [] if required else ["null"]
    about = {"description": entry.doc} if entry.doc else {}
    first = next((_argument(entry, argument) for argument in arguments.values()), {"type": "object"})
    if first.keys() & {"anyOf", "$ref"}:
        bare = [{**first, "type": ["string", "array"]}] if "anyOf" in first else [{"type": "string", "allOf": [first]}]
        return {**about, "anyOf": [{"type": ["object", *nothing], **mapping}, *bare]}
    bare_types = [name for name in _types(first) if name not in ("object", "null")] if first else _ANY_BARE
    bare_value = {key: value for key, value in first.items() if key not in ("type", "properties")}
    return {**about, "type": ["object", *bare_types, *nothing], **mapping, **bare_value}


_ANY_BARE = ["string", "number", "boolean", "array"]
_LAYER_NAME = {"type": ["string", "null"], "pattern": "^[^/]+$"}


def _described(entry: Entry, argument: Argument) -> Schema:
    """The schema of an argument with its meaning and its default."""
    schema = dict(_argument(entry, argument))
    if argument.doc:
        schema["description"] = argument.doc
    if not argument.required and argument.default is not None:
        schema["default"] = argument.default
    return schema


def _argument(entry: Entry, argument: Argument) -> Schema:
    """The values that an argument takes."""
    nothing = [{"type": "null"}] if may_be_null(argument) else []
    if argument.name == "name" and entry.kind in places_of("layers"):
        return _LAYER_NAME
    if argument.kind == "schedules":
        number = _numbers("number", limit_of(entry, argument), lists=0)
        return {"anyOf": [number, _ref(argument.kind), *nothing]}
    if argument.kind == "layers":
        return {"anyOf": [_ref(argument.kind), {"type": "array", "items": _ref(argument.kind)}, *nothing]}
    if argument.kind:
        return {"anyOf": [_ref(argument.kind), *nothing]} if nothing else _ref(argument.kind)
    if argument.choices:
        return {"anyOf": [{"enum": list(argument.choices)}, {"type": "string", "pattern": _HAS_VALUE}, *nothing]}
    if not argument.type:
        return {}
    schema = _typed(entry, argument)
    return {**schema, "type": [*_types(schema), "null"]} if nothing else schema


def _typed(entry: Entry, argument: Argument) -> Schema:
    limit = limit_of(entry, argument)
    if argument.type == "boolean":
        return {"type": ["boolean", "string"], "pattern": _STANDS_FOR_VALUE}
    if argument.type == "integer":
        schema = _numbers("integer", limit, lists=1)
        schema["maxItems"] = 1  # Keras takes `[3]` for 3
    else:
        schema = _numbers(argument.type.removesuffix("s"), limit, lists=2)
    if takes_epochs(argument):
        schema["pattern"] = f"^({_EPOCHS}|{_VALUE})"
    return schema


def _numbers(kind: str, limit: Limit | None, *, lists: int) -> Schema:
    """A number, or lists of numbers as deep as `lists` says."""
    schema: Schema = {"type": [kind, "string"], "pattern": _STANDS_FOR_VALUE, **_limits(limit)}
    if lists:
        schema["type"].insert(1, "array")
        schema |= {"minItems": 1, "items": _numbers(kind, limit, lists=lists - 1)}
    return schema


def _limits(limit: Limit | None) -> Schema:
    if limit is None:
        return {}
    keys = (
        ("exclusiveMinimum" if limit.low_excluded else "minimum", limit.low),
        ("exclusiveMaximum" if limit.high_excluded else "maximum", limit.high),
    )
    return {key: int(value) if value == int(value) else value for key, value in keys if abs(value) != float("inf")}


# ---- what the language adds --------------------------------------------------------------------------------------------

_ANY_VALUE = {"type": "string", "pattern": _STANDS_FOR_VALUE}
_LIST = {"type": "array", "items": _ref("item")}
_FROM = {
    "description": "the layers that this one takes, by name; left out: the one before it; `input` is the network's",
    "type": ["string", "array"],
    "items": {"type": "string"},
    "minItems": 1,
}
_FROM_ONE = {"description": "the layer that this takes, by name; left out: the one before it", "type": "string"}
_IF = {
    "description": "leaves this out when it is false: `$(stage > 0)`",
    "type": ["boolean", "integer", "string"],
    "pattern": _STANDS_FOR_VALUE,
}
_OWN_NAME = {"description": "what `from`, `freeze` and `expect.shapes` call it", **_LAYER_NAME}


def _structure(description: str, properties: Schema, required: list[str]) -> Schema:
    own = {"name": _OWN_NAME, "from": _FROM_ONE, "if": _ref("if")}
    return {
        "description": description,
        "type": "object",
        "properties": {**properties, **{key: value for key, value in own.items() if key not in properties}},
        "required": required,
        "additionalProperties": False,
    }


_STRUCTURE: Schema = {
    "from": _FROM,
    "if": _IF,
    "repeat": {
        **_structure(
            "layers again and again",
            {
                "times": {
                    "description": "how often",
                    "type": ["integer", "string"],
                    "pattern": _STANDS_FOR_VALUE,
                    "minimum": 0,
                    "maximum": MOST_TIMES,
                },
                "over": {
                    "description": "a round for each item of these lists, under their names: {filters: [16, 32]}",
                    "type": ["object", "string"],
                    "pattern": _STANDS_FOR_VALUE,
                    "propertyNames": {"pattern": _NAME},
                    "additionalProperties": {"type": ["array", "string"], "pattern": _STANDS_FOR_VALUE},
                    "minProperties": 1,
                },
                "as": {
                    "description": "the name of the round's number, from 0",
                    "type": "string",
                    "pattern": _NAME,
                },
                "layers": {"description": "what is repeated", **_LIST},
            },
            ["layers"],
        ),
        "oneOf": [{"required": ["times"]}, {"required": ["over"]}],
    },
    "branches": _structure(
        "several paths from the same layer, brought together by a merging layer",
        {
            "merge": {"description": "Add, Average, Concatenate, Maximum, …", **_ref("layers")},
            "paths": {
                "description": "a list of layers each; [] is a path that changes nothing",
                "type": "array",
                "items": _LIST,
                "minItems": 2,
            },
        },
        ["merge", "paths"],
    ),
    "residual": _structure(
        "layers, and the sum of what they give and what they took",
        {
            "body": {"description": "the layers", **_LIST, "minItems": 1},
            "shortcut": {
                "description": "how what they took gets there: as it is; auto: with a 1x1 Conv2D and BatchNormalization "
                "where shapes differ; or through layers",
                "anyOf": [{"enum": ["identity", "auto"]}, _LIST, _ANY_VALUE],
                "default": "identity",
            },
        },
        ["body"],
    ),
    "group": _structure(
        "layers under one name",
        {"name": {**_OWN_NAME, "type": "string"}, "layers": {"description": "the layers", **_LIST}},
        ["name", "layers"],
    ),
    "block": {
        "description": "layers with parameters, called by name like a layer",
        "type": "object",
        "properties": {
            "params": {
                "description": "the names that every call gives a value; a bare value is the first one's",
                "type": "array",
                "items": {"type": "string", "pattern": _NAME},
            },
            "defaults": {"description": "further names with the values that a call may replace", "type": "object"},
            "layers": {"description": "the layers; `$name` reads a parameter", **_LIST},
        },
        "required": ["layers"],
        "additionalProperties": False,
    },
}
_SECTIONS_OF_THE_LANGUAGE: Schema = {
    "extends": {
        "description": "a recipe below this one: a shipped one's name, or a path counted from this file",
        "type": "string",
        "minLength": 1,
    },
    "vars": {
        "description": "names for values, read as `$name` or within `$(…)`; each may use those before it",
        "type": "object",
        "propertyNames": {"pattern": _NAME, "not": {"const": "classes"}},
    },
    "blocks": {
        "description": "the recipe's own blocks of layers, by name",
        "type": "object",
        "propertyNames": {"pattern": _BLOCK_NAME},
        "additionalProperties": _ref("block"),
    },
}


# ---- size --------------------------------------------------------------------------------------------------------------


def _share(definitions: Schema) -> None:
    """Give arguments that are the same in several classes one definition, to which those refer."""
    texts = Counter(_line(value) for _, properties in _argument_tables(definitions) for value in properties.values())
    names: dict[str, str] = {}
    taken: Counter[str] = Counter()
    shared: Schema = {}
    for _, properties in _argument_tables(definitions):
        for name, value in properties.items():
            text = _line(value)
            if texts[text] < 2 or len(text) < _SHORTEST_SHARED:
                continue
            if text not in names:
                taken[name] += 1
                names[text] = f"{name}.{taken[name]}"
                shared[names[text]] = value
            properties[name] = _ref(names[text])
    definitions |= shared


def _argument_tables(definitions: Schema) -> Iterator[tuple[str, Schema]]:
    """The arguments of every class."""
    for name, definition in definitions.items():
        if "." in name:
            for schema in (definition, *definition.get("anyOf", ())):
                if "properties" in schema:
                    yield name, schema["properties"]
