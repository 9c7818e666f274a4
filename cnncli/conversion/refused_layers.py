"""Find the layers of a `.keras` file that no recipe can hold, in its config alone: nothing of them is executed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cnncli.conversion.equivalent_layers import may_have_equivalent
from cnncli.errors import Problem
from cnncli.messages import shortened
from cnncli.model_file_validation.config import OPERATIONS
from cnncli.recipe.keras_objects import catalogue
from cnncli.recipe.layers import snake_case

OPERATION_HINT = "write them with layers: Add, Multiply, Reshape, Rescaling, Permute, …"
_MODELS = ("Functional", "Sequential", "Model")
_MOST_DEEP = 100


def refused_layers(config: Any) -> list[Problem]:
    """Every layer and function that a recipe cannot hold; nothing where all of them could belong to an application.

    Args:
        config: of a model, as its file has it.
    """
    found = list(_refused(config, 0))
    if all(_is_in_applications(item) for item in found):
        return []
    found = [item for item in found if not (_is_in_applications(item) and may_have_equivalent(str(item["class_name"])))]
    return [Problem(f"a recipe cannot hold {_named(item)}: {_why_not(item)}", _hint(item)) for item in found]


def _refused(found: Any, depth: int) -> Iterator[Mapping[str, Any]]:
    inner = found.get("config") if isinstance(found, dict) else None
    if not isinstance(inner, dict) or depth > _MOST_DEEP:
        return
    nested = [inner[key] for key in ("layer", "backward_layer", "cell") if key in inner]
    for key in ("layers", "cells"):
        listed = inner.get(key)
        nested += listed if isinstance(listed, list) else []
    for item in nested:
        if isinstance(item, dict) and "class_name" in item:
            if _why_not(item):
                yield item
            yield from _refused(item, depth + 1)


def _named(item: Mapping[str, Any]) -> str:
    config = item.get("config")
    name = item.get("name") or (config.get("name") if isinstance(config, dict) else None)
    kind = shortened(str(item.get("class_name")), 60)
    if _is_operation(item):
        return f"`{shortened(str(name))}`, the function keras.ops.{snake_case(kind)}"
    return f"the layer `{shortened(str(name))}` ({kind})"


def _is_operation(item: Mapping[str, Any]) -> bool:
    return str(item.get("module")).startswith("keras.src.ops")


def _is_in_applications(item: Mapping[str, Any]) -> bool:
    """Whether an item could belong to an application of Keras, which only the network shows."""
    module = str(item.get("module"))
    return module.startswith("keras.src.applications.") or module.removeprefix("keras.src.ops.") in OPERATIONS


def _hint(item: Mapping[str, Any]) -> str:
    return OPERATION_HINT if _is_operation(item) else ""


def _why_not(item: Mapping[str, Any]) -> str:
    """Why a recipe cannot hold an item; empty where it can, or where it is a model."""
    module, kind = str(item.get("module")), str(item.get("class_name"))
    if kind == "InputLayer" or (kind in _MODELS and module.startswith("keras")):
        return ""
    if _is_operation(item):
        return "a recipe has layers only"
    entry = catalogue.find("layers", kind)
    if module != "keras.layers" or entry is None or item.get("registered_name") not in (None, kind):
        return "it is not one of Keras' own layers"
    inner = item.get("config")
    if isinstance(inner, dict) and inner.get("stateful") is True:
        return "`stateful` keeps a state from batch to batch"
    return entry.refused
