"""A `.keras` file looked at before Keras opens it: it holds one network of Keras' own layers, and nothing else.

`safe_mode` of Keras refuses what is known to be dangerous; here only what is known to be harmless gets through.
"""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import keras

from cnncli.data.memory import available_bytes
from cnncli.errors import ModelFileError, ResourceError
from cnncli.network.objects import shapes_alone
from cnncli.recipe import catalogue
from cnncli.recipe.objects import NOUNS
from cnncli.wording import listed, nearest, printable, shortened

_CONFIG, _WEIGHTS = "config.json", "model.weights.h5"
_MEMBERS = ("metadata.json", _CONFIG, _WEIGHTS)
_MOST_CONFIG = 64 << 20  # bytes
_MOST_RATIO = 1040  # deflate cannot do better: 1032 to 1
_AGAIN = "save or copy it again"

# Keras' modules whose classes are in the catalogue, with the kind that they are there.
_KINDS = {
    "keras.layers": "layers",
    "keras.initializers": "initializers",
    "keras.regularizers": "regularizers",
    "keras.constraints": "constraints",
}
# What holds layers, and what they are made of, beside those.
_STRUCTURE = {
    ("keras", "Functional"),
    ("keras", "Sequential"),
    ("keras", "DTypePolicy"),
    ("keras", "DTypePolicyMap"),
    ("keras.layers", "InputLayer"),
    ("keras.random", "SeedGenerator"),
    ("keras.src.models.functional", "Functional"),
    ("keras.src.models.sequential", "Sequential"),
    ("keras.src.ops.core", "Cast"),
}
# Plain operations on tensors, as an application's own preprocessing has them.
_OPERATIONS = {f"keras.src.ops.{name}" for name in ("numpy", "nn", "math", "image", "linalg")}
_VALUES = {"__keras_tensor__", "__tensor__", "__numpy__", "__bytes__", "__ellipsis__", "__slice__"}


def check(path: Path, *, wanted_bytes: int | None = None) -> None:
    """See that a file is a whole `.keras` model and that nothing in it can do more than compute.

    Args:
        path: as the user named it.
        wanted_bytes: how large it was when it was written, where that is known.

    Raises:
        ModelFileError: it is missing, cut short, no model, or holds something that is no network.
        ResourceError: its weights do not fit into memory.
    """
    shown = printable(str(path))
    if not os.path.lexists(path):
        raise ModelFileError(f"model not found: {shown}", hint=_nearest(path))
    if not path.is_file():
        raise ModelFileError(f"{shown} is not a regular file")
    try:
        with zipfile.ZipFile(path) as archive:
            _check_members(archive, shown)
            config = _config(archive, shown)
            weight_bytes = archive.getinfo(_WEIGHTS).file_size
    except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError) as error:
        raise _unreadable(path, shown, error, wanted_bytes) from error
    _check_objects(config, shown)
    _check_size(config, weight_bytes, shown)


def _nearest(path: Path) -> str:
    try:
        names = [name for name in os.listdir(path.parent) if name.endswith(".keras")]
    except OSError:
        return ""
    near = nearest(path.name, names)
    return f"did you mean `{printable(str(path.parent / near))}`?" if near else ""


def _unreadable(path: Path, shown: str, error: Exception, wanted_bytes: int | None) -> ModelFileError:
    if isinstance(error, OSError) and error.strerror:
        return ModelFileError(f"cannot read {shown}: {error.strerror.lower()}")
    if path.suffix in (".yaml", ".yml"):
        hint = f"train it with: cnncli train {shown}"
        return ModelFileError(f"{shown} is a recipe, not a trained model", hint=hint)
    size = path.stat().st_size
    if not size:
        return ModelFileError(f"{shown} is empty (0 bytes)", hint=_AGAIN)
    if path.open("rb").read(2) != b"PK":
        return ModelFileError(f"{shown} is not a .keras model")
    of_all = f" of {wanted_bytes:,}" if wanted_bytes and wanted_bytes > size else ""
    return ModelFileError(f"{shown} is cut short: {size:,}{of_all} bytes", hint=_AGAIN)


# What is in the archive.


def _check_members(archive: zipfile.ZipFile, shown: str) -> None:
    members = archive.infolist()
    names = [member.filename for member in members]
    missing = [name for name in _MEMBERS if name not in names]
    if missing:
        are = "is" if len(missing) == 1 else "are"
        raise ModelFileError(f"{shown} is not a .keras model: {listed(missing)} {are} missing in it")
    others = sorted({name for name in names if name not in _MEMBERS or names.count(name) > 1})
    if others:
        raise _refused(shown, f"{listed(f'`{shortened(name)}`' for name in others)}, which no model has")
    for member in members:
        too_much = member.file_size > max(member.compress_size, 1) * _MOST_RATIO
        if too_much or member.flag_bits & 1 or (member.filename != _WEIGHTS and member.file_size > _MOST_CONFIG):
            size = f"{member.compress_size:,} bytes that say they are {member.file_size:,}"
            raise _refused(shown, f"a {member.filename} of {size}")
    needed, free = archive.getinfo(_WEIGHTS).file_size, available_bytes()
    if needed > free:
        raise ResourceError(f"{shown} holds {needed / 1e9:,.1f} GB of weights, and {free / 1e9:,.1f} GB are free")


def _config(archive: zipfile.ZipFile, shown: str) -> dict[str, Any]:
    try:
        config = json.loads(archive.read(_CONFIG))
    except (ValueError, RecursionError) as error:
        raise ModelFileError(f"{shown} is damaged: its {_CONFIG} is not JSON", hint=_AGAIN) from error
    if not isinstance(config, dict):
        raise ModelFileError(f"{shown} is damaged: its {_CONFIG} describes no network", hint=_AGAIN)
    config.pop("compile_config", None)  # never read: a model is opened uncompiled
    return config


# What the network is made of.


def _check_objects(config: Mapping[str, Any], shown: str) -> None:
    """Refuse every object that is not Keras' own and in the catalogue."""
    for found in _mappings(config):
        vocabulary = found.get("vocabulary")
        if isinstance(vocabulary, str):
            raise _refused(shown, f"the name of a file to read: `{shortened(vocabulary)}`")
        if "class_name" in found and (what := _foreign(found)):
            raise _refused(shown, what)


def _mappings(value: Any) -> Iterator[Mapping[str, Any]]:
    """Every mapping in plain data, however deep."""
    waiting = [value]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            yield value
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value


def _foreign(found: Mapping[str, Any]) -> str:
    """What an object is that a model must not hold; empty when it is all right."""
    module, name = str(found.get("module")), str(found["class_name"])
    registered = found.get("registered_name")
    if name == "function":
        function = str(found.get("config"))
        is_own = module == "builtins" and catalogue.find("activations", function) is not None
        return "" if is_own else f"a Python function, `{shortened(function)}`"
    if registered not in (None, name):
        return f"a class that is not Keras' own, `{shortened(str(registered))}`"
    if (module, name) in _STRUCTURE or module in _OPERATIONS or (module == "None" and name in _VALUES):
        return ""
    kind = _KINDS.get(module)
    entry = catalogue.find(kind, name) if kind else None
    if kind is None or entry is None:
        return f"a class that is not Keras' own, `{shortened(f'{module}.{name}')}`"
    return f"the {NOUNS[kind]} `{name}`" if entry.refused else ""


def _refused(shown: str, what: str) -> ModelFileError:
    hint = "a model file may hold a network of Keras' own layers, and nothing else"
    return ModelFileError(f"{shown} holds {what}", hint=hint)


def _check_size(config: Mapping[str, Any], weight_bytes: int, shown: str) -> None:
    """Build the network without memory, and refuse one that is larger than its weights."""
    try:
        with shapes_alone():
            model = keras.saving.deserialize_keras_object(dict(config), safe_mode=True)
        count = int(model.count_params())
    except Exception:  # Keras says it again, and better, when it opens the file
        return
    if count > weight_bytes:
        message = f"{shown} says that it has {count:,} parameters, and its weights are {weight_bytes:,} bytes"
        raise ModelFileError(message, hint="it is damaged, or made up")
