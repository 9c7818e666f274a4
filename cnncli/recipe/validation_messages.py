"""Validation messages: pydantic's errors as problems with places."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.json_schema import SkipJsonSchema
from pydantic_core import ErrorDetails

from cnncli.errors import Problem
from cnncli.messages import described, did_you_mean, nearest, shortened
from cnncli.names import NAME_PATTERN
from cnncli.recipe.deferred import Broken
from cnncli.recipe.keras_objects.objects import Fault
from cnncli.recipe.schema import Recipe
from cnncli.recipe.schema_fields import ONE, SEVERAL
from cnncli.recipe.yaml.nodes import Mapping, Node, Path, Sequence, place_of

# Keys that people bring from elsewhere, or look for in another section.
_FOREIGN_KEYS = {
    "nb_epoch": "did you mean `epochs`?",
    "num_epochs": "did you mean `epochs`?",
    "lr": "it is an argument of the optimizer: `optimizer: {Adam: {learning_rate: 1e-3}}`",
    "learning_rate": "it is an argument of the optimizer: `optimizer: {Adam: {learning_rate: 1e-3}}`",
    "validation_split": "write it under `data.split`: `split: {validation: 0.1}`",
    "early_stopping": "it is a callback: `callbacks: [EarlyStopping: {patience: 3}]`",
    "dropout": "it is a layer: `- Dropout: 0.5`",
    "input_shape": "did you mean `input`?",
    "dataset": "did you mean `data`?",
    "training": "did you mean `train`?",
    "layers": "it belongs in `model`",
    "val": "did you mean `validation`?",
    "valid": "did you mean `validation`?",
    "dev": "did you mean `validation`?",
}
# The same for keys that have another meaning in another section.
_FOREIGN_PATHS: dict[tuple[str, ...], str] = {
    ("data", "split", "train"): "what `validation` and `test` leave is the training part; leave `train` out",
    ("data", "split", "training"): "what `validation` and `test` leave is the training part; leave it out",
}

# One row a kind of message; `{got}` is the value that the user wrote, the rest comes from pydantic.
_SENTENCES = {
    "int_type": "expected an integer, got {got}",
    "int_from_float": "expected an integer, got {got}",
    "float_type": "expected a number, got {got}",
    "bool_type": "expected true or false, got {got}",
    "string_type": "expected a text, got {got}",
    "list_type": "expected a list, got {got}",
    "dict_type": "expected a mapping, got {got}",
    "model_type": "expected a mapping of keys to values, got {got}",
    "model_attributes_type": "expected a mapping of keys to values, got {got}",
    "greater_than": "expected a number > {gt}, got {got}",
    "greater_than_equal": "expected an integer ≥ {ge}, got {got}",
    "less_than": "expected a number < {lt}, got {got}",
    "less_than_equal": "expected an integer ≤ {le}, got {got}",
    "finite_number": "expected a finite number, got {got}",
    "too_short": "expected at least {min_length} in the list, got {actual_length}",
    "too_long": "expected at most {max_length} in the list, got {actual_length}",
    "string_too_short": "expected a text, got an empty one",
    "literal_error": "unknown choice {got}",
    "duration": "expected a time with its unit, such as 90 s, 20 min or 2 h, got {got}",
    "part": "expected a share between 0 and 1, or a number of examples ≥ 1, got {got}",
    "class_weight": "expected `balanced`, or a mapping of class names to weights > 0, got {got}",
    "samples": "expected 1 to {most} examples, or one of {words}, got {got}",
    "comparison": 'expected a comparison such as ">= 0.98", got {got}',
    "string_pattern_mismatch": (
        "expected letters, digits, `.`, `_` and `-`, at most 64, beginning with a letter or digit, got {got}"
    ),
}
_HINTS = {"string_pattern_mismatch": f"the pattern: {NAME_PATTERN}"}
# Messages of the schema's own rules that need nothing added.
_COMPLETE = ("one_source", "one_picture", "one_target", "one_tracker")


def problems(errors: Iterable[ErrorDetails], root: Mapping) -> list[Problem]:
    """Tell what pydantic found.

    Args:
        errors: `ValidationError.errors()`.
        root: the recipe that was validated, with its places.
    """
    errors = list(errors)
    unknown = [_without_tags(error["loc"]) for error in errors if error["type"] == "extra_forbidden"]
    found: list[Problem] = []
    for error in errors:
        path: Path = _without_tags(error["loc"])
        if isinstance(error["input"], Broken):
            continue
        if error["type"] == "keras_object":
            found += [fault_problem(fault, path, root) for fault in error["ctx"]["faults"]]
        elif error["type"] == "extra_forbidden":
            found.append(_unknown_key(path, root))
        elif error["type"] == "missing":
            # An unknown key close to a missing one is one mistake: it is said there.
            if not any(loc[:-1] == path[:-1] and nearest(str(loc[-1]), [str(path[-1])]) for loc in unknown):
                found.append(_missing(path, root))
        else:
            found.append(_sentence(error, path, root))
    return found


def _without_tags(path: Path) -> Path:
    """A place in the recipe, of what pydantic tells: without the parts that name one of several types."""
    return tuple(part for part in path if part not in (ONE, SEVERAL))


def fault_problem(fault: Fault, base: Path, root: Mapping) -> Problem:
    """A mistake inside a Keras object as a problem with its place."""
    path = (*base, *fault.path)
    return Problem(fault.message, fault.hint, place_of(root, path, key=fault.on_key), path)


def _sentence(error: ErrorDetails, path: Path, root: Mapping) -> Problem:
    kind = error["type"]
    place = place_of(root, path)
    if kind in _COMPLETE:
        return Problem(error["msg"], _expected_keys(path), place, path)
    context = dict(error.get("ctx", {}))
    row = _SENTENCES.get(kind, error["msg"].replace("{", "").replace("}", "") + ", got {got}")
    message = row.format(got=described(error["input"]), **context)
    hint = _HINTS.get(kind, "") or _form_hint(kind, error["input"], path)
    if kind == "literal_error":
        choices = [str(choice).strip("'") for choice in _choices(context.get("expected", ""))]
        message = f"unknown choice {described(error['input'])}"
        hint = did_you_mean(str(error["input"]), choices)
        if hint.startswith("did"):
            hint += f" (one of: {', '.join(choices)})"
        elif path[:2] == ("data", "source"):
            hint += f"\n{_own_data(str(error['input']))}"
    key = _written_key(path, root)
    return Problem(f"`{key}`: {message}" if key else message, hint, place, path)


def _form_hint(kind: str, value: Any, path: Path) -> str:
    """How a value is written whose form is not the wanted one: a list without brackets, a section without its one key."""
    key = str(path[-1])
    if kind == "list_type" and isinstance(value, str) and (numbers := re.findall(r"\d+", value)):
        return f"a list has brackets: `{key}: [{', '.join(numbers)}]`"
    if kind == "list_type" and isinstance(value, dict):
        return "each item begins with `- `"
    if kind == "list_type" and key == "image_size" and isinstance(value, int):
        return f"height and width: `{key}: [{value}, {value}]`"
    if value is None and kind in ("list_type", "dict_type", "model_type", "model_attributes_type"):
        return f"leave `{key}` out, or write `{key}: {'[]' if kind == 'list_type' else '{}'}`"
    if kind == "list_type" and value is not None:
        return f"a list has brackets: `{key}: [{_quoted(value)}]`"
    if kind == "dict_type" and path == ("data", "inputs") and isinstance(value, list):
        named = ", ".join(f"{_quoted(name)}: {{}}" for name in value[:4])
        return f"each input has its own settings: `{key}: {{{named}{', …' if len(value) > 4 else ''}}}`"
    if kind in ("model_type", "model_attributes_type") and (section := _section(path)):
        required = [name for name, field in section.model_fields.items() if field.is_required()]
        if len(required) == 1 and isinstance(value, (str, list)) and value:
            return f"write `{key}: {{{required[0]}: {_quoted(value)}}}`"
    return ""


def _quoted(value: Any) -> str:
    """A value for an example in a hint; a long one is left out."""
    text = str(value) if isinstance(value, (str, int, float)) else ""
    return shortened(text, 40) if text else "…"


def _own_data(written: str) -> str:
    """What to write where a file or a folder stands in the place of a built-in name."""
    name = shortened(written)
    if written.lower().endswith(".npz"):
        return f"a file of your own: `source: {{npz: {{path: {name}}}}}`"
    return f"images of your own: `source: {{image_folder: {{path: {name}, image_size: [224, 224]}}}}`"


def _written_key(path: Path, root: Mapping) -> str:
    """The last key of a path that stands in the file; the schema has some that do not (`source: mnist`)."""
    there: list[str] = []
    node: Node | None = root
    for part in path:
        if isinstance(node, Mapping):
            node = node.get(str(part))
            there += [str(part)] if node is not None else []
        elif isinstance(node, Sequence) and isinstance(part, int) and part < len(node.items):
            node = node.items[part]
    return there[-1] if there else ""


def _choices(expected: str) -> list[str]:
    """pydantic's "'a', 'b' or 'c'" as a list."""
    return [part.strip() for part in expected.replace(" or ", ", ").split(",") if part.strip()]


def _missing(path: Path, root: Mapping) -> Problem:
    *above, key = path
    where = f" in `{'.'.join(map(str, above))}`" if above else ""
    return Problem(f"`{key}` is missing{where}", _about(path), place_of(root, tuple(above), key=True), path)


def _about(path: Path) -> str:
    """The one-line meaning of a key, as the schema has it."""
    section = _section(path[:-1])
    fields = section.model_fields if section else {}
    info = fields.get(str(path[-1]))
    return (info.description or "") if info else ""


def _unknown_key(path: Path, root: Mapping) -> Problem:
    *above, key = path
    section = _section(tuple(above))
    options = _keys(section) if section else []
    if not above:
        options = [*options, "vars", "blocks", "extends"]
    name = shortened(str(key))
    message = f"unknown key `{name}` in `{'.'.join(map(str, above))}`" if above else f"unknown section `{name}`"
    hint = f"did you mean `{match}`?" if (match := nearest(str(key), options)) else _FOREIGN_KEYS.get(str(key), "")
    hint = (
        _FOREIGN_PATHS.get(tuple(map(str, path)), "") or hint or _elsewhere(str(key)) or did_you_mean(str(key), options)
    )
    return Problem(message, hint, place_of(root, path, key=True), path)


def _elsewhere(key: str) -> str:
    """A hint when another section has this key."""
    for name, field in Recipe.model_fields.items():
        section = _model_of(field.annotation)
        if section and (match := nearest(key, section.model_fields)):
            return f"did you mean `{name}.{match}`?"
    return ""


def _expected_keys(path: Path) -> str:
    section = _section(path)
    return "one of: " + ", ".join(_keys(section)) if section else ""


def _keys(section: type[BaseModel]) -> list[str]:
    """The keys of a section that a recipe can write."""
    return [name for name, field in section.model_fields.items() if SkipJsonSchema not in map(type, field.metadata)]


def _section(path: Path) -> type[BaseModel] | None:
    """The model of the section at a path."""
    section: type[BaseModel] | None = Recipe
    for part in path:
        if isinstance(part, int):
            continue
        field = section.model_fields.get(part) if section else None
        section = _model_of(field.annotation) if field else None
    return section


def _model_of(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((model for argument in get_args(annotation) if (model := _model_of(argument))), None)
