"""Flatten a resolved recipe into parameters: dotted keys, as `--set` takes them, and plain values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cnncli.errors import CnncliError
from cnncli.messages import counted
from cnncli.recipe.growth import WRITTEN_OUT
from cnncli.recipe.yaml.nodes import plain
from cnncli.recipe.yaml.source import parse
from cnncli.runs.json_text import to_json_line

Parameter = str | int | float | bool

_LEFT_OUT = ("version", "name", "about", "visualize", "track", "expect")  # they change nothing of the training
_LAYERS = "model.layers"
_MOST_OF_LAYERS = 400  # parameters; of a larger network the recipe itself, which is sent too, tells more


def parameters(resolved: bytes) -> dict[str, Parameter]:
    """Flatten the text of a resolved recipe; empty where it cannot be read.

    The arguments of layers are left out where there are more than 400 of them.

    Example:
        parameters(b"train: {epochs: 3, optimizer: {Adam: {learning_rate: 0.1}}}") ==
        {"train.epochs": 3, "train.optimizer.Adam.learning_rate": 0.1}
    """
    try:
        recipe = plain(parse(resolved, "resolved.yaml", bounds=WRITTEN_OUT))
    except CnncliError:
        return {}
    found = dict(_flat({key: value for key, value in recipe.items() if key not in _LEFT_OUT}))
    of_layers = [key for key in found if key.startswith(f"{_LAYERS}.")]
    if len(of_layers) > _MOST_OF_LAYERS:
        found = {key: value for key, value in found.items() if not key.startswith(f"{_LAYERS}.")}
        found[_LAYERS] = counted(len(recipe["model"]["layers"]), "layer")
    return found


def _flat(value: Any, path: str = "") -> Iterator[tuple[str, Parameter]]:
    if isinstance(value, Mapping):
        if len(value) == 1 and path and next(iter(value.values())) in ({}, []):
            yield path, str(next(iter(value)))  # an object without arguments
            return
        for key, item in value.items():
            yield from _flat(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list) and any(isinstance(item, (Mapping, list)) for item in value):
        for index, item in enumerate(value):
            yield from _flat(item, f"{path}.{index}")
    elif isinstance(value, list):
        if value:
            yield path, to_json_line(value)
    elif isinstance(value, str):
        yield path, value.replace("$$", "$")  # a resolved recipe doubles it
    elif value is not None:
        yield path, value
