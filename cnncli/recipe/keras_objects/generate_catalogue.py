"""Generate `catalogue.json` from the installed Keras: every name that a recipe may use, with its arguments.

After an upgrade of Keras, run `python -m cnncli.recipe.keras_objects.generate_catalogue`. A test fails while the file is
stale.
"""

from __future__ import annotations

import inspect
import json
import re
from pathlib import Path
from typing import Any

import keras

from cnncli import keras_internals
from cnncli.recipe.keras_objects.catalogue import CATALOGUE_FILE, REFUSED

# Kind -> the public module that holds it.
MODULES = {
    "layers": keras.layers,
    "optimizers": keras.optimizers,
    "schedules": keras.optimizers.schedules,
    "losses": keras.losses,
    "metrics": keras.metrics,
    "callbacks": keras.callbacks,
    "initializers": keras.initializers,
    "regularizers": keras.regularizers,
    "constraints": keras.constraints,
    "applications": keras.applications,
    "activations": keras.activations,
}
# Keras keeps the text identifiers of these kinds in a table of the private module of the same name.
_IDENTIFIER_KINDS = (
    "optimizers",
    "losses",
    "metrics",
    "initializers",
    "regularizers",
    "constraints",
    "activations",
)
_BASE_CLASSES = {
    "Layer",
    "Wrapper",
    "Optimizer",
    "LearningRateSchedule",
    "Loss",
    "Metric",
    "Callback",
    "Initializer",
    "Regularizer",
    "Constraint",
}
# `compile` understands these texts in addition to the names of metrics.
_METRIC_SHORTHANDS = ("accuracy", "acc")

# What the name of an argument says about the object that it takes.
_ARGUMENT_KINDS = (
    (re.compile(r"(^|_)activation$"), "activations"),
    (re.compile(r"(^|_)initializer$"), "initializers"),
    (re.compile(r"(^|_)regularizer$"), "regularizers"),
    (re.compile(r"(^|_)constraint$"), "constraints"),
    (re.compile(r"^learning_rate$"), "schedules"),
    (re.compile(r"^(layer|backward_layer|cell|layers|cells)$"), "layers"),
    (re.compile(r"^(inner_optimizer|default_optimizer)$"), "optimizers"),
)

# What the first words of an argument's documentation say about its type. Only what leaves no doubt is read; an argument
# without a type is checked by Keras itself when the network is built.
_OPTIONAL = r"^(?:\(?optional\)?[.,:]?\s*)?(?:an?\s+)?(?:python )?(?:positive |small )?"
_TYPES = (
    (re.compile(_OPTIONAL + r"(?:int|integer)s?,? or (?:an? )?(?:list/)?(?:tuple|list)", re.I), "integers"),
    (
        re.compile(_OPTIONAL + r"(?:int|integer|number of)\b(?!.{0,30}\b(?:or(?! `?none)|tuple|list)\b)", re.I),
        "integer",
    ),
    (re.compile(_OPTIONAL + r"(?:float|number(?! of))\b(?!.{0,40}\b(?:or|tuple|list|tensor)\b)", re.I), "number"),
    (re.compile(_OPTIONAL + r"bool(?:ean)?\b", re.I), "boolean"),
)
_CHOICES = re.compile(
    _OPTIONAL + r"(?:string|str)[.,;:]?\s*(?:either|one of|can be)?\s*:?\s*((?:[`\"'{(})]|or\b|and\b|,|\s|\w)*)", re.I
)
_QUOTED = re.compile(r"`?[\"'](\w+)[\"']`?")


def generate() -> dict[str, Any]:
    """Read the catalogue from the installed Keras.

    Returns:
        `{"keras": version, "kinds": {kind: {name: entry}}}`; `catalogue` says what an entry means.
    """
    kinds = {kind: _read_module(kind, module) for kind, module in MODULES.items()}
    return {"keras": keras.__version__, "kinds": kinds}


def _read_module(kind: str, module: Any) -> dict[str, Any]:
    entries: dict[str, Any] = {}
    for name in sorted(vars(module)):
        thing = getattr(module, name)
        if name.startswith("_") or inspect.ismodule(thing):
            continue
        if inspect.isclass(thing) and name[0].isupper():
            entries[name] = _read_class(kind, name, thing)
        elif (kind == "applications" and callable(thing)) or (kind == "layers" and name == "Input"):
            entries[name] = _entry(thing, inspect.getdoc(thing) or "")
    if kind in _IDENTIFIER_KINDS:
        for name in sorted(_identifiers(kind) - set(entries)):
            entries[name] = {"identifier": True}
    return entries


def _identifiers(kind: str) -> set[str]:
    """The texts that Keras takes in place of an object: `adam`, `mse`; not those of classes that a recipe must not name."""
    table = keras_internals.identifiers(kind)
    unusable = _BASE_CLASSES | set(REFUSED.get(kind, {}))
    names = {
        name
        for name, thing in table.items()
        if name
        and (name.isupper() or not name[0].isupper())
        and thing.__name__ not in unusable
        and _is_complete(kind, name)
    }
    return names | set(_METRIC_SHORTHANDS if kind == "metrics" else ())


def _is_complete(kind: str, name: str) -> bool:
    """Whether the text alone makes the object: `mean_io_u` does not, which needs a number of classes."""
    try:
        found = MODULES[kind].get(name)
    except (TypeError, KeyError):
        return False
    # An activation is called with a tensor and nothing else.
    return kind != "activations" or [p.default for p in _signature(found)].count(inspect.Parameter.empty) == 1


def _read_class(kind: str, name: str, cls: type) -> dict[str, Any]:
    if cls.__name__ != name and hasattr(MODULES[kind], cls.__name__):
        return {"alias_of": cls.__name__}
    entry = _entry(cls, (inspect.getdoc(cls) or "") + "\n\n" + (inspect.getdoc(_constructor(cls)) or ""))
    if name in _BASE_CLASSES:
        entry["abstract"] = True
    takes_more = any(parameter.kind is parameter.VAR_KEYWORD for parameter in _signature(cls))
    if kind == "layers" and takes_more:
        base = _entry(keras.layers.Layer, inspect.getdoc(keras.layers.Layer) or "")["args"]
        entry["args"] |= {key: argument for key, argument in base.items() if key not in entry["args"]}
    return entry


def _entry(thing: Any, doc: str) -> dict[str, Any]:
    documented = _documented_arguments(doc)
    parameters = [
        parameter
        for parameter in _signature(thing)
        if parameter.name != "self" and parameter.kind not in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL)
    ]
    entry: dict[str, Any] = {"doc": doc.strip().split("\n\n")[0].replace("\n", " ").strip()}
    entry["args"] = {
        parameter.name: _argument(parameter, documented.get(parameter.name, "")) for parameter in parameters
    }
    return entry


def _signature(thing: Any) -> list[inspect.Parameter]:
    # Keras wraps `__new__` of its classes, so that `signature(cls)` shows `*args, **kwargs`.
    return list(inspect.signature(_constructor(thing) if inspect.isclass(thing) else thing).parameters.values())


def _constructor(cls: Any) -> Any:
    return cls.__init__


def _argument(parameter: inspect.Parameter, doc: str) -> dict[str, Any]:
    argument: dict[str, Any] = {}
    if parameter.default is not parameter.empty:
        argument["default"] = _plain_default(parameter.default)
    kind = next((kind for pattern, kind in _ARGUMENT_KINDS if pattern.search(parameter.name)), None)
    if kind:
        argument["kind"] = kind
    elif isinstance(parameter.default, bool):
        argument["type"] = "boolean"
    elif found := next((name for pattern, name in _TYPES if pattern.search(doc)), None):
        argument["type"] = found
    elif parameter.name.endswith("steps"):
        argument["type"] = "integer"
    elif choices := _choices(doc, parameter.default):
        argument["choices"] = choices
    if doc:
        argument["doc"] = _first_sentence(doc)
    return argument


def _choices(doc: str, default: Any) -> list[str]:
    """The texts that an argument accepts, when its documentation lists at least two of them in its first clause."""
    match = _CHOICES.search(doc)
    if not match or not isinstance(default, (str, type(None))):
        return []
    choices = list(dict.fromkeys(_QUOTED.findall(match.group(1))))
    if len(choices) < 2 or (isinstance(default, str) and default not in choices):
        return []
    return choices


def _plain_default(value: Any) -> Any:
    if isinstance(value, (tuple, list)):
        return [_plain_default(item) for item in value]
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return str(getattr(value, "__name__", value))


def _documented_arguments(doc: str) -> dict[str, str]:
    """The `Args:` of a Keras docstring: name -> text on one line."""
    arguments: dict[str, str] = {}
    for match in re.finditer(r"^( *)(?:Args|Arguments):[ ]*\n", doc, re.M):
        indent, current = None, ""
        for line in doc[match.end() :].split("\n"):
            if not line.strip():
                continue
            depth = len(line) - len(line.lstrip())
            indent = depth if indent is None else indent
            if depth < indent or depth <= len(match.group(1)):
                break
            head = re.match(r"\s*[`*]*([\w, ]+?)[`]?\s*(?:\([^)]*\))?:\s*(.*)", line) if depth == indent else None
            if head:
                current = head.group(1)
                arguments.setdefault(current, head.group(2).strip())
            elif current:
                arguments[current] = f"{arguments[current]} {line.strip()}".strip()
    return arguments


def _first_sentence(text: str) -> str:
    sentence = re.split(r"(?<=[a-z0-9`)\"])\.(?:\s|$)", text, maxsplit=1)[0]
    return sentence if len(sentence) <= 160 else sentence[:157].rsplit(" ", 1)[0] + " …"


def as_text(catalogue: dict[str, Any]) -> str:
    """The file's text: one entry a line, so that a change of Keras reads well in a diff."""
    lines = ["{", f'"keras": {json.dumps(catalogue["keras"])},', '"kinds": {']
    kinds = list(catalogue["kinds"].items())
    for index, (kind, entries) in enumerate(kinds):
        lines.append(f"{json.dumps(kind)}: {{")
        rows = [f"{json.dumps(name)}: {json.dumps(entry, ensure_ascii=False)}" for name, entry in entries.items()]
        lines += [row + "," for row in rows[:-1]] + rows[-1:]
        lines.append("}," if index < len(kinds) - 1 else "}")
    return "\n".join([*lines, "}}", ""])


def main() -> None:
    Path(CATALOGUE_FILE).write_text(as_text(generate()), encoding="utf-8")


if __name__ == "__main__":
    main()
