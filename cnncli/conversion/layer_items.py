"""Keras layers as items of a recipe: only the arguments that differ from their defaults."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import keras

from cnncli.conversion.repetition import as_item
from cnncli.network.instantiate import dtype_policy, make
from cnncli.recipe.keras_objects import catalogue
from cnncli.recipe.keras_objects.catalogue import Argument, Entry
from cnncli.recipe.keras_objects.objects import read
from cnncli.recipe.layers import snake_case

_SET_ELSEWHERE = ("name", "autocast")


class NotInRecipe(Exception):
    """A recipe cannot describe a layer.

    Args:
        reasons: what is wrong with its arguments, where that is known.
    """

    def __init__(self, reasons: Sequence[str] = ()) -> None:
        super().__init__()
        self.reasons = reasons


class LayerItems:
    """Finds the arguments of layers; equal layers are looked at once.

    Args:
        policy: Keras' dtype policy that the network is built with.
    """

    def __init__(self, policy: str = "float32") -> None:
        self._policy = policy
        self._known: dict[str, dict[str, Any]] = {}

    def arguments(self, layer: Any, *, policy: str = "") -> dict[str, Any]:
        """The arguments of a layer as a recipe writes them, without `name`.

        Args:
            layer: of Keras.
            policy: another dtype policy that the layer would have.

        Raises:
            NotInRecipe: no arguments give this layer.
        """
        wanted = plain_config(layer.get_config())
        policy = policy or self._policy
        key = json.dumps([type(layer).__name__, policy, wanted], default=str, sort_keys=True)
        if key not in self._known:
            with dtype_policy(policy):
                self._known[key] = _minimal(type(layer).__name__, wanted)
        return self._known[key]


def plain_config(config: Mapping[str, Any]) -> dict[str, Any]:
    """A layer's config without its name: lists for tuples, and names of policies for policies."""
    return {key: _plain(value) for key, value in config.items() if key != "name"}


def _plain(value: Any) -> Any:
    """A value of a config; layers within it lose the names that Keras counts."""
    if isinstance(value, keras.DTypePolicy):
        return value.name
    if isinstance(value, dict):
        if value.get("class_name") == "DTypePolicy":
            return value["config"]["name"]
        if value.get("class_name") == "__numpy__" or (
            "value" in value and value.get("class_name", "").startswith("__")
        ):
            return _plain(value["config"]["value"])
        if "class_name" in value and "config" in value:
            config = value["config"]
            inner = {k: _plain(v) for k, v in config.items() if k != "name"} if isinstance(config, dict) else config
            return {"class_name": value["class_name"], "module": value.get("module"), "config": inner}
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value


def _minimal(name: str, wanted: dict[str, Any]) -> dict[str, Any]:
    """The fewest and simplest arguments with which a layer has a config."""
    entry = catalogue.find("layers", name)
    assert entry is not None
    known = entry.arguments or {}
    given = {
        key: _written(argument, wanted[key])
        for key, argument in known.items()
        if key in wanted and key not in _SET_ELSEWHERE
    }
    if not _gives(entry, given, wanted):
        raise NotInRecipe([fault.message for fault in read({entry.canonical: given}, "layers")[1]])
    for key in list(given):
        less = {other: value for other, value in given.items() if other != key}
        if _gives(entry, less, wanted):
            given = less
            continue
        for simpler in _simpler(given[key]):
            if _gives(entry, {**given, key: simpler}, wanted):
                given = {**given, key: simpler}
                break
    return given


def _gives(entry: Entry, arguments: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Whether arguments are right for a recipe and give a layer of a config."""
    found, faults = read({entry.canonical: dict(arguments)}, "layers")
    if found is None or faults:
        return False
    try:
        return plain_config(make(found).get_config()) == wanted
    except Exception:  # Keras raises many kinds for arguments that do not go together
        return False


def _written(argument: Argument, value: Any) -> Any:
    """A value of a config as a recipe writes it."""
    if isinstance(value, dict) and "class_name" in value:
        entry = catalogue.find(argument.kind or "layers", value["class_name"])
        inner = value["config"]
        if not isinstance(inner, dict):
            return inner  # a function
        known = (entry.arguments or {}) if entry else {}
        arguments = {
            key: _written(known[key], item)
            for key, item in inner.items()
            if key in known and key not in _SET_ELSEWHERE and not (item is None and known[key].default is None)
        }
        arguments = {
            key: item
            for key, item in arguments.items()
            if known[key].required
            or known[key].default != item
            or isinstance(item, bool) != isinstance(known[key].default, bool)
        }
        if argument.kind != "layers" or (entry and entry.kind != "layers"):
            arguments.pop("dtype", None)
        return as_item(value["class_name"], arguments, next(iter(known), ""))
    if isinstance(value, list):
        return [_written(argument, item) for item in value]
    return value


def _simpler(value: Any) -> Iterator[Any]:
    """Shorter ways to write a value, the shortest first."""
    if isinstance(value, list) and value and all(item == value[0] for item in value):
        yield from _simpler(value[0])
        yield value[0]
    if isinstance(value, str) and value[:1].isupper():
        yield snake_case(value)
    if isinstance(value, dict) and len(value) == 1:
        [(name, arguments)] = value.items()
        if isinstance(arguments, dict) and arguments:
            yield name
            for key in arguments:
                less = {other: item for other, item in arguments.items() if other != key}
                yield from _simpler({name: less}) if less else ()
                yield {name: less} if less else name
    if isinstance(value, float) and value.is_integer():
        yield int(value)
