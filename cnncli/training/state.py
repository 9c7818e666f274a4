"""Capture and restore the complete state of a training between two steps.

Keras' own files do not hold it: they leave out the random state of Dropout and of augmentation, and its callbacks forget
their counters whenever `fit` begins.
"""

from __future__ import annotations

import inspect
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np

from cnncli.distribute.replicas import Replicas
from cnncli.errors import ModelFileError

_SAME = "same"  # in the file: (name, name of the array with its bits); the names of arrays have a slash


@dataclass
class State:
    """A state.

    Attributes:
        values: numbers, texts, lists and mappings, as JSON holds them.
        arrays: by name.
    """

    values: dict[str, Any] = field(default_factory=dict)
    arrays: dict[str, np.ndarray] = field(default_factory=dict)

    def save(self, path: Path) -> None:
        """Write the arrays to a `.npz`, those with the same bits once: the best weights often are the present ones."""
        first: dict[Any, str] = {}
        same = {}
        for name, array in self.arrays.items():
            twin = first.setdefault((array.shape, array.dtype.str, zlib.crc32(_bits(array).data)), name)
            if twin != name and np.array_equal(_bits(array), _bits(self.arrays[twin])):
                same[name] = twin
        written = {name: array for name, array in self.arrays.items() if name not in same}
        with open(path, "wb") as file:
            np.savez(file, **written, **{_SAME: np.array(list(same.items()), dtype=str)})  # type: ignore[arg-type]

    @classmethod
    def load(cls, values: Mapping[str, Any], path: Path) -> State:
        """Read a state that `save` wrote.

        Raises:
            ModelFileError: the arrays cannot be read.
        """
        try:
            with np.load(path, allow_pickle=False) as archive:
                arrays = {name: archive[name] for name in archive.files}
            same = arrays.pop(_SAME, np.empty((0, 2), dtype=str))
            return cls(dict(values), arrays | {str(name): arrays[twin] for name, twin in same})
        except (OSError, ValueError, EOFError, KeyError) as error:
            raise ModelFileError(f"{path} cannot be read: {error}") from error

    def capture(self, name: str, variables: Sequence[Any]) -> None:
        """Keep the values of variables under a name."""
        for number, variable in enumerate(variables):
            self.arrays[f"{name}/{number}"] = np.array(keras.ops.convert_to_numpy(variable), copy=True)
        self.values[name] = len(variables)

    def restore(self, name: str, variables: Sequence[Any]) -> None:
        """Assign what `put` kept; a state that does not fit is an error, where Keras only warns.

        Raises:
            ModelFileError: other variables than those that were kept.
        """
        kept = [self.arrays.get(f"{name}/{number}") for number in range(self.values.get(name, 0))]
        shapes = [None if array is None else tuple(array.shape) for array in kept]
        if shapes != [tuple(variable.shape) for variable in variables]:
            raise ModelFileError(
                f"the kept state does not fit the network: its {name} are other ones",
                hint="the recipe or a library changed since; start a new run",
            )
        for variable, array in zip(variables, kept, strict=True):
            variable.assign(array)

    def capture_list(self, name: str, arrays: Sequence[np.ndarray] | None) -> None:
        """Keep arrays, or that there are none."""
        self.values[name] = None if arrays is None else len(arrays)
        self.arrays |= {f"{name}/{number}": np.asarray(array) for number, array in enumerate(arrays or ())}

    def list_of(self, name: str) -> list[np.ndarray] | None:
        """What `put_list` kept."""
        count = self.values[name]
        return None if count is None else [self.arrays[f"{name}/{number}"] for number in range(count)]


def state_of_chief(state: State | None, replicas: Replicas) -> State | None:
    """The state of the chief, in every process; each must call it.

    Args:
        state: what the chief goes on from; None: it begins anew. That of other processes does not count.
    """
    if replicas.workers == 1:
        return state
    told: dict[str, Any] = {"values": None, "arrays": []}
    if state is not None:
        arrays = [(name, array.shape, array.dtype.str) for name, array in state.arrays.items()]
        told = {"values": state.values, "arrays": arrays}
    text = np.frombuffer(json.dumps(told).encode(), np.uint8)
    [size] = replicas.sums([len(text) if replicas.is_chief else 0])
    text = replicas.from_chief(text if replicas.is_chief else np.zeros(size, np.uint8))
    told = json.loads(text.tobytes())
    if told["values"] is None:
        return None
    found = State(told["values"])
    for name, shape, dtype in told["arrays"]:
        own = state.arrays[name] if state is not None and replicas.is_chief else np.zeros(shape, dtype)
        found.arrays[name] = replicas.from_chief(own)
    return found


def _bits(array: np.ndarray) -> np.ndarray:
    """uint8 (bytes,)"""
    return np.ascontiguousarray(array).reshape(-1).view(np.uint8)


def capture_callback(state: State, name: str, callback: keras.callbacks.Callback) -> None:
    """Keep what a callback of Keras has counted and seen so far; what it was made with the recipe says."""
    plain: dict[str, Any] = {}
    lists: list[str] = []
    for key, value in _own(callback).items():
        if isinstance(value, list) and value and all(isinstance(each, np.ndarray) for each in value):
            state.capture_list(f"{name}/{key}", value)
            lists.append(key)
        elif value is None or isinstance(value, bool | int | float | str):
            plain[key] = value
        elif isinstance(value, np.generic):
            plain[key] = value.item()
    state.values[name] = {"class": type(callback).__name__, "plain": plain, "lists": lists}


def restore_callback(state: State, name: str, callback: keras.callbacks.Callback) -> None:
    """Give a callback what `capture_callback` kept."""
    kept = state.values[name]
    if kept["class"] != type(callback).__name__:
        raise ModelFileError(
            f"the kept state is of {kept['class']}, and the recipe has {type(callback).__name__} there"
        )
    for key, value in kept["plain"].items():
        setattr(callback, key, value)
    for key in kept["lists"]:
        setattr(callback, key, state.list_of(f"{name}/{key}"))


def forget_stops(state: State) -> None:
    """Let callbacks that ended a training count from the beginning when it is extended; all others keep their state.

    EarlyStopping would otherwise still compare with the epoch that it stopped for, and stop again after one more epoch.
    """
    for name, kept in state.values.items():
        if isinstance(kept, dict) and isinstance(plain := kept.get("plain"), dict) and plain.get("stopped_epoch"):
            state.values[name] = {**kept, "plain": {}, "lists": []}


def _own(callback: keras.callbacks.Callback) -> dict[str, Any]:
    """A callback's attributes without what it was made with, such as `patience`."""
    made_with = inspect.signature(type(callback).__init__).parameters
    skipped = {*made_with, "params", "validation_data"}
    hidden = {key for key, value in vars(callback).items() if key.startswith("_") and not isinstance(value, bool)}
    return {key: value for key, value in vars(callback).items() if key not in skipped | hidden}
