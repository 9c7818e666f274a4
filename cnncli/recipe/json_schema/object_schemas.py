"""JSON Schemas of Keras objects, from the catalogue."""

from __future__ import annotations

from typing import Any

from cnncli.recipe.json_schema.schema_parts import (
    BLOCK_NAME,
    HAS_VALUE,
    LAYER_NAME,
    NULL,
    STANDS_FOR_VALUE,
    VALUE,
    Schema,
    ref,
    types_of,
    unobtrusive,
)
from cnncli.recipe.keras_objects import catalogue, structure_entries
from cnncli.recipe.keras_objects.arguments import (
    Limit,
    limit_of,
    may_be_null,
    needed_of,
    takes_epochs,
    takes_list_of_one,
    takes_mapping,
    takes_only_list,
)
from cnncli.recipe.keras_objects.catalogue import Argument, Entry
from cnncli.recipe.keras_objects.objects import NOUNS
from cnncli.recipe.language.blocks import STRUCTURES

_IN_LAYERS = (*catalogue.places_of("layers"), structure_entries.KIND)
_EPOCHS = r"\d+(\.\d+)?\s*epochs?$"


def of_kind(kind: str) -> Schema:
    """The definitions of a kind: one for any object of it, and one for the arguments of each class."""
    entries = _entries(kind)
    # The identifiers of a kind are not offered as keys, but `{adam: }` says the same as `adam`.
    identifiers = [entry.name for entry in entries if entry.identifier]
    mapping = _one_of_keys({entry.name: _arguments_of(entry) for entry in entries if not entry.identifier})
    if identifiers:
        mapping["patternProperties"] = {f"^({'|'.join(identifiers)})$": {"type": "null"}}
    if kind == "layers":
        alone = {"anyOf": [{"required": [key]} for key in ("from", "is", "if")]}
        mapping["allOf"] = [{"additionalProperties": {"not": {"type": "object", **alone}}}]
    choices = [{"enum": _bare_names(entries)}, mapping, {"type": "string", "pattern": HAS_VALUE}]
    if kind == "schedules":  # a text could only mean a number there
        choices = [mapping]
    classes = {f"{e.kind}.{e.name}": _arguments(e) for e in entries if e.name == e.canonical and not e.identifier}
    return {kind: {"description": f"a Keras {NOUNS[kind]}", "anyOf": choices}, **classes}


def item() -> Schema:
    """One item of the list of layers: a layer, structure, or a call of one of the recipe's own blocks."""
    entries = _entries("layers")
    written = [structure_entries.ENTRIES[name] for name in structure_entries.WRITTEN]
    named = {e.name: _arguments_of(e) for e in [*written, *entries]}
    mapping = _one_of_keys({name: ref(name) for name in STRUCTURES} | named)
    mapping["patternProperties"] = {
        BLOCK_NAME: {"description": "one of the recipe's own blocks, with its arguments"},
        r"^\$": {"description": "the layer or block that a parameter names, with its arguments"},
    }
    block = {"type": "string", "pattern": BLOCK_NAME}
    given = {"type": "string", "pattern": STANDS_FOR_VALUE}
    return {"anyOf": [{"enum": _bare_names(entries)}, mapping, block, given]}


def of_structures() -> Schema:
    """The definitions of `learned`, `slice` and `reduce_axis`."""
    return {
        f"{e.kind}.{e.name}": _arguments(e) for e in map(structure_entries.ENTRIES.get, structure_entries.WRITTEN) if e
    }


def _entries(kind: str) -> list[Entry]:
    return [entry for name in catalogue.names_in_places(kind) if (entry := catalogue.find_in_places(kind, name))]


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
    return ref(f"{entry.kind}.{entry.canonical}")


def _bare_names(entries: list[Entry]) -> list[str]:
    """The names that can stand alone: those that need no arguments."""
    return [entry.name for entry in entries if not needed_of(entry, learns=True)]


def _arguments(entry: Entry) -> Schema:
    """What may stand behind `Name:`: its arguments in a mapping, or a value for the first of them alone."""
    arguments = entry.arguments or {}
    properties = {name: _described(entry, argument) for name, argument in arguments.items()}
    if entry.kind in _IN_LAYERS:
        properties |= {"from": ref("from"), "is": ref("is"), "if": ref("if")}
    required = needed_of(entry, learns=True)
    mapping: Schema = {"properties": properties, "additionalProperties": False}
    if required and entry.kind in _IN_LAYERS:  # with `is` they are those of the layer that it names
        mapping["anyOf"] = [{"required": required}, {"required": ["is"]}]
    elif required:
        mapping["required"] = required
    nothing = [] if required else ["null"]
    about = {"description": entry.doc} if entry.doc else {}
    first = next((_argument(entry, argument) for argument in arguments.values()), {"type": "object"})
    if first.keys() & {"anyOf", "$ref"}:  # a Keras object or a choice; a mapping would be taken for the arguments
        kind = next(argument.kind for argument in arguments.values())
        types = {"schedules": ["number", "string"], "layers": ["string", "array"]}.get(kind, ["string"])
        by_itself = {"if": {"type": types}, "then": first}
        return {**about, "type": ["object", *types, *nothing], **mapping, **by_itself}
    bare_types = [name for name in types_of(first) if name not in ("object", "null")]
    bare_value = {key: value for key, value in first.items() if key not in ("type", "properties")}
    return {**about, "type": ["object", *bare_types, *nothing], **mapping, **bare_value}


def _described(entry: Entry, argument: Argument) -> Schema:
    """The schema of an argument with its meaning and its default."""
    schema = unobtrusive(_argument(entry, argument))
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
    nothing = [NULL] if may_be_null(argument) else []
    if argument.name == "name" and entry.kind in _IN_LAYERS:
        return LAYER_NAME
    if argument.kind == "schedules":
        number = _numbers("number", limit_of(entry, argument), lists=0)
        return {"anyOf": [number, ref(argument.kind), *nothing]}
    if argument.kind == "layers":
        return {"anyOf": [ref(argument.kind), {"type": "array", "items": ref(argument.kind)}, *nothing]}
    if argument.kind:
        return {"anyOf": [ref(argument.kind), *nothing]} if nothing else ref(argument.kind)
    if argument.choices:
        return {"anyOf": [{"enum": list(argument.choices)}, {"type": "string", "pattern": HAS_VALUE}, *nothing]}
    if not argument.type:
        return _untyped(argument)
    schema = _typed(entry, argument)
    return {**schema, "type": [*types_of(schema), "null"]} if nothing else schema


def _untyped(argument: Argument) -> Schema:
    """What Keras' documentation gives no type: anything but a mapping, in which Keras would look for an object."""
    types = ["string", "number", "boolean", "array", "null"]
    if takes_only_list(argument):
        return {"type": ["array", "string"], "pattern": STANDS_FOR_VALUE}
    if argument.required:
        types.remove("null")
    return {"type": [*types, "object"] if takes_mapping(argument) else types}


def _typed(entry: Entry, argument: Argument) -> Schema:
    limit = limit_of(entry, argument)
    if argument.type == "boolean":
        return {"type": ["boolean", "string"], "pattern": STANDS_FOR_VALUE}
    if argument.type == "integer":
        schema = _numbers("integer", limit, lists=int(takes_list_of_one(argument)))
        schema |= {"maxItems": 1} if "items" in schema else {}
    else:
        schema = _numbers(argument.type.removesuffix("s"), limit, lists=2)
    if takes_epochs(argument):
        schema["pattern"] = f"^({_EPOCHS}|{VALUE})"
    return schema


def _numbers(kind: str, limit: Limit | None, *, lists: int) -> Schema:
    """A number, or lists of numbers as deep as `lists` says."""
    schema: Schema = {"type": [kind, "string"], "pattern": STANDS_FOR_VALUE, **_limits(limit)}
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
