"""Validate the config of a `.keras` file: every object must be Keras' own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cnncli.messages import shortened
from cnncli.model_file_validation.refusal import damaged, refused
from cnncli.model_file_validation.strict_json import parse
from cnncli.recipe.growth import MOST_NGRAMS
from cnncli.recipe.keras_objects import catalogue
from cnncli.recipe.keras_objects.objects import NOUNS

_MOST_OBJECTS = 100_000  # NASNetLarge has 8,000
_LONGEST_NAME = 200  # characters; a layer's name becomes the name of a picture

_MODELS = {
    ("keras", "Functional"),
    ("keras", "Sequential"),
    ("keras.src.models.functional", "Functional"),
    ("keras.src.models.sequential", "Sequential"),
}
# Keras' modules whose classes are in the catalogue, with the kind that they are there.
_KINDS = {
    "keras.layers": "layers",
    "keras.initializers": "initializers",
    "keras.regularizers": "regularizers",
    "keras.constraints": "constraints",
}
# What holds layers, and what they are made of, beside those.
_STRUCTURE = _MODELS | {
    ("keras", "DTypePolicy"),
    ("keras", "DTypePolicyMap"),
    ("keras.layers", "InputLayer"),
    ("keras.random", "SeedGenerator"),
    ("keras.src.applications.convnext", "LayerScale"),
    ("keras.src.applications.inception_resnet_v2", "CustomScaleLayer"),
    ("keras.src.ops.core", "Cast"),
}
# Plain operations on tensors, as an application's own preprocessing has them; those of `core` take functions.
OPERATIONS = ("numpy", "nn", "math", "image", "linalg")
_OPERATION_MODULES = {f"keras.src.ops.{name}" for name in OPERATIONS}
_VALUES = {"__keras_tensor__", "__tensor__", "__numpy__", "__bytes__", "__ellipsis__", "__slice__"}
_LOOKUPS = ("TextVectorization", "StringLookup", "IntegerLookup")
_TYPES = {"bool", "string", "float16", "bfloat16", "float32", "float64"}
_TYPES |= {f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)}


def read(content: bytes, shown: str) -> dict[str, Any]:
    """Read a config and refuse every object in it that is not Keras' own and in the catalogue.

    Args:
        content: JSON text.
        shown: the file's name in messages.

    Returns:
        The config without what it says of compiling, which may name code and is of no use here.

    Raises:
        ModelFileError: it is no JSON, out of proportion, describes no network, or holds more than a network.
    """
    config = parse(content, shown, member="config.json")
    if not isinstance(config, dict) or _class_of(config) not in _MODELS:
        _check_objects(config, shown)  # a Python class of their own is worth a better word
        raise damaged(shown, "its config.json describes no network")
    _check_objects(config, shown)
    return config


def _check_objects(config: Any, shown: str) -> None:
    """Look at every mapping, however deep, and take the compile configs out."""
    waiting, objects = [config], 0
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            if "class_name" in value:
                value.pop("compile_config", None)
                objects += 1
            if objects > _MOST_OBJECTS:
                raise refused(shown, f"more than {_MOST_OBJECTS:,} layers and other objects")
            if what := _strange(value):
                raise refused(shown, what)
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value


def _strange(found: Mapping[str, Any]) -> str:
    """What there is in a mapping that a network must not hold; empty when it is all right."""
    vocabulary, name = found.get("vocabulary"), found.get("name")
    if isinstance(vocabulary, str):
        return f"the name of a file to read: `{shortened(vocabulary)}`"
    if isinstance(name, str) and (len(name) > _LONGEST_NAME or not name.isprintable()):
        return f"a name that cannot be shown: `{shortened(name)}`"
    if isinstance(name, str) and ("/" in name or "\\" in name):
        return f"a name that is a path: `{shortened(name)}`"
    return (_foreign(found) or _useless_vocabulary(found)) if "class_name" in found else ""


def _useless_vocabulary(found: Mapping[str, Any]) -> str:
    """What is wrong with a layer that looks words up; empty when it is all right."""
    name, inner = str(found.get("class_name")), found.get("config")
    if name not in _LOOKUPS or not isinstance(inner, dict):
        return ""
    words, ngrams = inner.get("vocabulary"), inner.get("ngrams")
    if isinstance(words, str):  # the name of a file, which is reported as that
        return ""
    if not words:
        return f"a {name} without its vocabulary, which `adapt` keeps outside of the config"
    if not isinstance(words, list) or not all(isinstance(word, str | int) for word in words):
        return f"a vocabulary that is not a list of words: `{shortened(str(words))}`"
    if isinstance(ngrams, int) and ngrams > MOST_NGRAMS:
        return f"`ngrams` of {ngrams:,} words"
    return ""


def _class_of(found: Mapping[str, Any]) -> tuple[str, str]:
    return str(found.get("module")), str(found.get("class_name"))


def _foreign(found: Mapping[str, Any]) -> str:
    """What an object is that a model must not hold; empty when it is all right."""
    (module, name), inner = _class_of(found), found.get("config")
    registered = found.get("registered_name")
    if name == "function":
        is_own = module == "builtins" and catalogue.find("activations", str(inner)) is not None
        return "" if is_own and registered in (None, inner) else f"a Python function, `{shortened(str(inner))}`"
    if name == "__lambda__":
        return "a Python function, a lambda"
    if registered not in (None, name):
        return f"a class that is not Keras' own, `{shortened(str(registered))}`"
    if found.get("module") is None and name in _VALUES:
        wanted = inner.get("dtype", "float32") if isinstance(inner, dict) else None
        return "" if wanted in _TYPES else f"a value of the type `{shortened(str(wanted))}`"
    if (module, name) in _STRUCTURE or module in _OPERATION_MODULES:
        return ""
    kind = _KINDS.get(module)
    entry = catalogue.find(kind, name) if kind else None
    if kind is None or entry is None:
        return f"a class that is not Keras' own, `{shortened(f'{module}.{name}')}`"
    return f"the {NOUNS[kind]} `{name}`" if entry.refused else ""
