"""JSON Schemas of what the recipe language adds to Keras: structure, blocks, `from` and `if`."""

from __future__ import annotations

from cnncli.recipe.json_schema.schema_parts import BLOCK_NAME, LAYER_NAME, NAME, STANDS_FOR_VALUE, Schema, ref
from cnncli.recipe.language.blocks import STRUCTURES
from cnncli.recipe.language.flat_layers import OURS
from cnncli.recipe.language.rounds import MOST_TIMES

_ANY_VALUE = {"type": "string", "pattern": STANDS_FOR_VALUE}
_LIST = {"type": ["array", "string"], "items": ref("item"), "pattern": STANDS_FOR_VALUE}
_FROM = {
    "description": "names of the input layers, or a glob; default: the layer before; `input` is the input of the network, "
    "or the names of `data.inputs` are",
    "type": ["string", "array"],
    "items": {"type": "string"},
    "minItems": 1,
}
_FROM_ONE = {"description": "name of the input layer; default: the layer before", "type": "string"}
_IS = {"description": "calls the layer of this name once more, with its weights and arguments", "type": "string"}
_IF = {
    "description": "omits this layer if the value is false: `$(stage > 0)`",
    "type": ["boolean", "integer", "string"],
    "pattern": STANDS_FOR_VALUE,
}
_OWN_NAME = {"description": "name for `from`, `freeze` and `expect.shapes`", **LAYER_NAME}


def _structure(description: str, properties: Schema, required: list[str]) -> Schema:
    own = {"name": _OWN_NAME, "from": _FROM_ONE, "if": ref("if")}
    return {
        "description": description,
        "type": "object",
        "properties": {**properties, **{key: value for key, value in own.items() if key not in properties}},
        "required": required,
        "additionalProperties": False,
    }


_ROUNDS: Schema = {
    "times": {
        "description": "how often",
        "type": ["integer", "string"],
        "pattern": STANDS_FOR_VALUE,
        "minimum": 0,
        "maximum": MOST_TIMES,
    },
    "over": {
        "description": "a round for each item of these lists, under their names: {filters: [16, 32]}",
        "type": ["object", "string"],
        "pattern": STANDS_FOR_VALUE,
        "propertyNames": {"pattern": NAME},
        "additionalProperties": {"type": ["array", "string"], "pattern": STANDS_FOR_VALUE},
        "minProperties": 1,
    },
    "as": {
        "description": "the name of the round's number, from 0",
        "type": "string",
        "pattern": NAME,
    },
}
_NO_ROUNDS: Schema = {"not": {"anyOf": [{"required": [key]} for key in (*_ROUNDS, "path")]}}
_ONE_PATH: Schema = {
    "type": "object",
    "properties": {
        "if": ref("if"),
        "layers": {"description": "the layers of the path", **_LIST},
        **_ROUNDS,
        "path": {"description": "the layers of one path for each round of `over` or `times`", **_LIST},
    },
    "additionalProperties": False,
    "oneOf": [{"required": ["layers"], **_NO_ROUNDS}, {"required": ["path"], "not": {"required": ["layers"]}}],
}

STRUCTURE: Schema = {
    "from": _FROM,
    "is": _IS,
    "if": _IF,
    "change": {
        "description": "other arguments, {filters: 12}; another layer, {Dense: {units: 3}}; or null, which leaves it out",
        "anyOf": [
            {"type": "object", "propertyNames": {"pattern": "^[a-z]", "not": {"enum": list(OURS)}}},
            ref("layers"),
            {"type": "null"},
            _ANY_VALUE,
        ],
    },
    "repeat": {
        **_structure(
            "layers again and again",
            {
                **_ROUNDS,
                "layers": {"description": "layers to repeat", **_LIST},
            },
            ["layers"],
        ),
        "oneOf": [{"required": ["times"]}, {"required": ["over"]}],
    },
    "branches": {
        **_structure(
            "several paths from the same layer, brought together by a merging layer",
            {
                "merge": {"description": "Add, Average, Concatenate, Maximum, …", **ref("layers")},
                "paths": {
                    "description": "one list of layers for each path; [] is the identity; {if, layers} may be left out; "
                    "{over, path} is one path for each round",
                    "type": ["array", "string"],
                    "pattern": STANDS_FOR_VALUE,
                    "items": {"anyOf": [_LIST, _ONE_PATH]},
                    "minItems": 1,
                    "if": {"items": {"not": {"type": "object"}}},
                    "then": {"minItems": 2},
                },
                **_ROUNDS,
                "path": {"description": "with `over` or `times`: the layers of one path for each round", **_LIST},
            },
            ["merge"],
        ),
        "oneOf": [{"required": ["paths"], **_NO_ROUNDS}, {"required": ["path"], "not": {"required": ["paths"]}}],
    },
    "residual": _structure(
        "layers; their output is added to their input",
        {
            "body": {"description": "the layers", **_LIST, "minItems": 1},
            "shortcut": {
                "description": "the shortcut: identity; auto, a 1x1 Conv2D and BatchNormalization if the shapes "
                "differ; or a list of layers",
                "anyOf": [{"enum": ["identity", "auto"]}, _LIST, _ANY_VALUE],
                "default": "identity",
            },
            "skip": {
                "description": "false omits the addition: the body alone; default: true",
                "type": ["boolean", "integer", "string"],
                "pattern": STANDS_FOR_VALUE,
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
        "description": "layers with parameters; used by name like a layer",
        "type": "object",
        "properties": {
            "params": {
                "description": "names of required parameters; a single value is the first one",
                "type": "array",
                "items": {"type": "string", "pattern": NAME},
            },
            "defaults": {"description": "further names with the values that a call may replace", "type": "object"},
            "layers": {"description": "the layers; `$name` reads a parameter", **_LIST},
        },
        "required": ["layers"],
        "additionalProperties": False,
    },
}
SECTIONS_OF_THE_LANGUAGE: Schema = {
    "extends": {
        "description": "a recipe below this one: a shipped one's name, or a path counted from this file",
        "type": "string",
        "minLength": 1,
    },
    "vars": {
        "description": "names for values, read as `$name` or within `$(…)`; each may use those before it",
        "type": "object",
        "propertyNames": {"pattern": NAME, "not": {"const": "classes"}},
    },
    "blocks": {
        "description": "the recipe's own blocks of layers, by name",
        "type": "object",
        "propertyNames": {"pattern": BLOCK_NAME},
        "additionalProperties": ref("block"),
    },
}


def structure() -> Schema:
    """The schemas of what the language adds to Keras: `repeat`, `branches`, `residual`, `group`, and a block."""
    return {name: STRUCTURE[name] for name in (*STRUCTURES, "block")}
