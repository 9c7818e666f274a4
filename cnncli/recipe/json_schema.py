"""The JSON Schema of a recipe, for completion and checks in editors.

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
import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path as FilePath
from typing import Any

from pydantic import BaseModel

from cnncli.recipe.keras_objects import catalogue
from cnncli.recipe.keras_objects.catalogue import Argument, Entry
from cnncli.recipe.keras_objects.objects import (
    NOUNS,
    Limit,
    as_data,
    limit_of,
    may_be_null,
    needed_of,
    places_of,
    takes_epochs,
    takes_list_of_one,
    takes_mapping,
    takes_only_list,
)
from cnncli.recipe.language.structure import MOST_TIMES, STRUCTURES
from cnncli.recipe.schema import KIND_OF_OBJECT, Recipe, Section

Schema = dict[str, Any]
FILE_NAME = "recipe.schema.json"
_MODELINE = "# yaml-language-server: $schema="

_TITLE = "A recipe of cnncli"
_DRAFT = "http://json-schema.org/draft-07/schema#"
# A text that is one `$name` or `$(expression)` and so stands for any value; and one that has such in it somewhere.
_VALUE = r"\$([A-Za-z_]\w*|\([\s\S]*\))$"
_STANDS_FOR_VALUE = rf"^{_VALUE}"
_HAS_VALUE = r"\$[A-Za-z_(]"
_EPOCHS = r"\d+(\.\d+)?\s*epochs?$"
_LETTER = r"A-Za-z_\u0080-\uffff"
_NAME = rf"^[{_LETTER}][0-9{_LETTER}]*$"
_BLOCK_NAME = rf"^(?!({'|'.join(STRUCTURES)})$)[a-z\u0080-\uffff][0-9{_LETTER}]*$"
_NULL = {"type": "null"}
_ANNOTATIONS = ("description", "default")
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
    _share(definitions)
    sections["recipe"] = root
    definitions |= sections | _incomplete("recipe", sections)
    return {
        "$schema": _DRAFT,
        "title": _TITLE,
        "if": {"required": ["extends"]},
        "then": _ref("recipe.incomplete"),
        "else": _ref("recipe"),
        "definitions": definitions,
    }


def as_text(schema: Schema) -> str:
    """The schema as JSON, one definition a line, so that a change reads well in a diff."""
    rows = [f"{json.dumps(key)}: {_line(value)}" for key, value in schema.items() if key != "definitions"]
    definitions = [f"{json.dumps(key)}: {_line(value)}" for key, value in schema["definitions"].items()]
    return "{\n" + ",\n".join(rows) + ',\n"definitions": {\n' + ",\n".join(definitions) + "\n}\n}\n"


def structure() -> Schema:
    """The schemas of what the language adds to Keras: `repeat`, `branches`, `residual`, `group`, and a block."""
    return {name: _STRUCTURE[name] for name in (*STRUCTURES, "block")}


def is_one(path: FilePath) -> bool:
    """Whether a file holds a schema that this module wrote, today or once."""
    try:
        beginning = path.read_bytes()[:500] if os.path.isfile(path) else b""
    except (OSError, ValueError):
        return False
    return _DRAFT.encode() in beginning and _TITLE.encode() in beginning


def modeline(path: str) -> str:
    """The first line of a recipe that leads an editor to the schema.

    Args:
        path: of the schema, counted from the recipe.
    """
    return f"{_MODELINE}{path}"


def led_to(recipe: bytes, path: str | None) -> bytes:
    """A shipped recipe with its first line leading an editor to a schema elsewhere.

    A shipped recipe names the schema of its checkout. In a copy that path leads nowhere, and one into an installed package
    would tell of its user's folders and break with the next environment; so a copy names a schema that lies beside it, or
    none.

    Args:
        recipe: the file.
        path: of the schema, counted from the copy; None where there is none.
    """
    first, newline, rest = recipe.partition(b"\n")
    if not first.startswith(_MODELINE.encode()):
        return recipe
    return (modeline(path).encode() + newline if path else b"") + rest


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
    if "$ref" in schema.get("anyOf", [{}])[0] and schema["anyOf"][1:] == [_NULL]:
        [section, _] = schema.pop("anyOf")  # a section or null, said so that its keys are offered
        return {"type": ["object", "string", "null"], "if": {"not": _NULL}, "then": section, **schema}
    if "anyOf" in schema:
        return {**_any_of([_opened(choice) for choice in schema.pop("anyOf")]), **schema}
    if "const" in schema or "enum" in schema:
        choices = schema.pop("enum", None) or [schema.pop("const")]
        schema.pop("type", None)
        return {"anyOf": [{"enum": choices}, {"type": "string", "pattern": _HAS_VALUE}], **schema}
    for key in ("properties", "patternProperties"):
        if key in schema:
            schema[key] = {name: _opened(value) for name, value in schema[key].items()}
    for key in ("items", "additionalProperties", "then"):
        if isinstance(schema.get(key), dict):
            schema[key] = _opened(schema[key])
    if schema.get("type") == "string" and "pattern" in schema:
        schema["pattern"] = f"{schema['pattern']}|{_HAS_VALUE}"
    elif isinstance(schema["type"], str) and schema["type"] not in ("string", "null"):
        schema = {**schema, "type": [schema["type"], "string"], "pattern": _STANDS_FOR_VALUE}
    return _unobtrusive(schema) if "default" in schema else schema


def _unobtrusive(schema: Schema) -> Schema:
    """The same values under an `anyOf`.

    yaml-language-server writes every argument of a plain type that has a default into the text, as soon as the name of
    its layer is completed, and a list where an argument may be one. Under an `anyOf` it waits to be asked.
    """
    if not schema.keys() & {"type", "pattern"}:
        return dict(schema)
    annotations = {key: schema[key] for key in _ANNOTATIONS if key in schema}
    return {"anyOf": [{key: value for key, value in schema.items() if key not in annotations}], **annotations}


def _any_of(choices: list[Schema]) -> Schema:
    """One of several; `null` becomes one more type where that says the same."""
    flat = [inner for choice in choices for inner in (choice["anyOf"] if choice.keys() == {"anyOf"} else [choice])]
    flat = [choice for index, choice in enumerate(flat) if choice not in flat[:index]]
    if len(flat) == 2 and flat[1] == _NULL and "type" in flat[0]:
        return {**flat[0], "type": [*_types(flat[0]), "null"]}
    return {"anyOf": flat}


def _types(schema: Schema) -> list[str]:
    found = schema["type"]
    return list(found) if isinstance(found, list) else [found]


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
        return {**schema, "anyOf": [_ref(new) if choice == _ref(old) else choice for choice in schema["anyOf"]]}
    return {**schema, "then": _ref(new)} if "then" in schema else {**schema, **_ref(new)}


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
    return [entry.name for entry in entries if not needed_of(entry)]


def _arguments(entry: Entry) -> Schema:
    """What may stand behind `Name:`: its arguments in a mapping, or a value for the first of them alone."""
    arguments = entry.arguments or {}
    properties = {name: _described(entry, argument) for name, argument in arguments.items()}
    if entry.kind in places_of("layers"):
        properties |= {"from": _ref("from"), "if": _ref("if")}
    required = needed_of(entry)
    mapping: Schema = {"properties": properties, "additionalProperties": False}
    if required:
        mapping["required"] = required
    nothing = [] if required else ["null"]
    about = {"description": entry.doc} if entry.doc else {}
    first = next((_argument(entry, argument) for argument in arguments.values()), {"type": "object"})
    if first.keys() & {"anyOf", "$ref"}:  # a Keras object or a choice; a mapping would be taken for the arguments
        kind = next(argument.kind for argument in arguments.values())
        types = {"schedules": ["number", "string"], "layers": ["string", "array"]}.get(kind, ["string"])
        by_itself = {"if": {"type": types}, "then": first}
        return {**about, "type": ["object", *types, *nothing], **mapping, **by_itself}
    bare_types = [name for name in _types(first) if name not in ("object", "null")]
    bare_value = {key: value for key, value in first.items() if key not in ("type", "properties")}
    return {**about, "type": ["object", *bare_types, *nothing], **mapping, **bare_value}


_LAYER_NAME = {"type": ["string", "null"], "pattern": "^[^/]+$"}


def _described(entry: Entry, argument: Argument) -> Schema:
    """The schema of an argument with its meaning and its default."""
    schema = _unobtrusive(_argument(entry, argument))
    if argument.doc:
        schema["description"] = argument.doc
    if not argument.required and argument.default is not None:
        schema["default"] = _default(argument)
    return schema


def _default(argument: Argument) -> Any:
    """An argument's default; `[1, 1]` as 1, which is what people write."""
    value = argument.default
    numbers = value if argument.type == "integers" and isinstance(value, list) else [value]
    return numbers[0] if all(number == numbers[0] for number in numbers) else value


def _argument(entry: Entry, argument: Argument) -> Schema:
    """The values that an argument takes."""
    nothing = [_NULL] if may_be_null(argument) else []
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
        return _untyped(argument)
    schema = _typed(entry, argument)
    return {**schema, "type": [*_types(schema), "null"]} if nothing else schema


def _untyped(argument: Argument) -> Schema:
    """What Keras' documentation gives no type: anything but a mapping, in which Keras would look for an object."""
    types = ["string", "number", "boolean", "array", "null"]
    if takes_only_list(argument):
        return {"type": ["array", "string"], "pattern": _STANDS_FOR_VALUE}
    if argument.required:
        types.remove("null")
    return {"type": [*types, "object"] if takes_mapping(argument) else types}


def _typed(entry: Entry, argument: Argument) -> Schema:
    limit = limit_of(entry, argument)
    if argument.type == "boolean":
        return {"type": ["boolean", "string"], "pattern": _STANDS_FOR_VALUE}
    if argument.type == "integer":
        schema = _numbers("integer", limit, lists=int(takes_list_of_one(argument)))
        schema |= {"maxItems": 1} if "items" in schema else {}
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
    """Give what is the same in several classes one definition, to which they refer: arguments, then values alone."""
    taken: Counter[str] = Counter()
    tables = [definition["properties"] for name, definition in definitions.items() if "." in name]
    arguments = _shared(tables, lambda argument: argument, taken)
    values = _shared([arguments, *tables], _value, taken)
    definitions |= arguments | values


def _value(argument: Schema) -> Schema:
    """What an argument may be, without what is said about it."""
    return {key: value for key, value in argument.items() if key not in _ANNOTATIONS}


def _shared(tables: list[dict[str, Schema]], part: Callable[[Schema], Schema], taken: Counter[str]) -> Schema:
    """Put references where a part of an argument comes again.

    Returns:
        What they refer to, by names that are counted in `taken`: `filters.1`, `filters.2`, ….
    """
    counts = Counter(_line(part(argument)) for table in tables for argument in table.values())
    names: dict[str, str] = {}
    shared: Schema = {}
    for table in tables:
        for key, argument in table.items():
            text = _line(part(argument))
            if counts[text] < 2 or len(text) < _SHORTEST_SHARED:
                continue
            if text not in names:
                base = key.split(".")[0]
                taken[base] += 1
                names[text] = f"{base}.{taken[base]}"
                shared[names[text]] = part(argument)
            table[key] = {**_ref(names[text]), **{k: v for k, v in argument.items() if k not in part(argument)}}
    return shared
