"""Load the arrays of a `.keras` file into a built network, each checked by name, shape and dtype.

Which array belongs to which variable is Keras' own rule: its saving walks the network and hands every layer a store to write
into, its loading the same with a store to read from. Here both stores are ours, so that the rule is followed exactly and
Keras opens no file. There is no public way to hand it a store.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from cnncli import keras_internals
from cnncli.errors import ModelFileError
from cnncli.messages import shortened
from cnncli.model_file_validation.stored_arrays import StoredArray

_OF_TRAINING = "optimizer"  # a compiled model, also one within another, keeps its own there; nobody reads it here
_MOST_TOLD = 5


@dataclass(frozen=True)
class _Wanted:
    """A variable of the network: how to call it, and what its array is like."""

    label: str
    shape: tuple[int, ...]
    dtype: str


def check(model: keras.Model, arrays: Mapping[str, StoredArray], *, shown: str, described_by: str) -> None:
    """See that a file has exactly the arrays that a network needs; works without the network's weights existing.

    Args:
        model: built.
        arrays: path in the file -> array.
        shown: the file's name in messages.
        described_by: what the network was built from, in messages.

    Raises:
        ModelFileError: an array is missing, has no variable, or another shape or type.
    """
    wanted = _variables_of(model)
    if differences := list(_differences(wanted, arrays)):
        more = len(differences) - _MOST_TOLD
        told = differences[:_MOST_TOLD] + ([f"and {more} more"] if more > 0 else [])
        raise ModelFileError(f"the weights in {shown} do not fit {described_by}", hint="\n".join(told))


def load(model: keras.Model, arrays: Mapping[str, StoredArray], *, shown: str, described_by: str) -> None:
    """Give a network the weights of a file; the arguments are those of `check`.

    Raises:
        ModelFileError: they do not fit, and nothing was replaced; or they cannot be read.
    """
    check(model, arrays, shown=shown, described_by=described_by)
    try:
        keras_internals.load_weights(model, _Reader(arrays))
    except OSError as error:
        raise ModelFileError(
            f"{shown} is damaged: its weights cannot be read ({shortened(str(error), 100)})"
        ) from error


def _differences(wanted: Mapping[str, _Wanted], found: Mapping[str, StoredArray]) -> Iterator[str]:
    for path, variable in wanted.items():
        array = found.get(path)
        expected = _described(variable.shape, variable.dtype)
        if array is None:
            yield f"{variable.label}: expected {expected}, found nothing ({path})"
        elif (array.shape, array.dtype) != (variable.shape, variable.dtype):
            yield f"{variable.label}: expected {expected}, found {_described(array.shape, array.dtype)} ({path})"
    for path, array in found.items():
        if path not in wanted and _OF_TRAINING not in path.split("/"):
            yield f"{shortened(path)}: expected nothing, found {_described(array.shape, array.dtype)}"


def _described(shape: tuple[int, ...], dtype: str) -> str:
    return f"{dtype} {'x'.join(map(str, shape)) or 'number'}"


def _variables_of(model: keras.Model) -> dict[str, _Wanted]:
    """Path in the file -> variable, as Keras saves this network."""
    recorder = _Recorder()
    keras_internals.save_weights(model, recorder)
    wanted: dict[str, _Wanted] = {}
    for path, (layer, variables) in recorder.groups.items():
        for key, variable in variables.items():
            label = f"`{layer}` {shortened(str(getattr(variable, 'name', key)))}"
            dtype = keras.backend.standardize_dtype(variable.dtype)
            wanted[f"{path}/vars/{key}".lstrip("/")] = _Wanted(label, tuple(variable.shape), dtype)
    return wanted


class _Recorder(keras_internals.WeightStore):  # type: ignore[misc]
    """Takes note of what each layer would save."""

    def __init__(self) -> None:
        self.groups: dict[str, tuple[str, dict[str, Any]]] = {}

    def make(self, path: str, metadata: Mapping[str, str] | None = None) -> dict[str, Any]:
        variables: dict[str, Any] = {}
        self.groups[path] = (shortened((metadata or {}).get("name", path)), variables)
        return variables


class _Reader(keras_internals.WeightStore):  # type: ignore[misc]
    """Gives each layer the arrays that it saved."""

    def __init__(self, arrays: Mapping[str, StoredArray]) -> None:
        self.groups: dict[str, dict[str, StoredArray]] = {}
        for path, array in arrays.items():
            group, _, key = path.rpartition("/")
            self.groups.setdefault(group, {})[key] = array
        self.paths = {path for group in self.groups for path in itertools.accumulate(group.split("/"), "{}/{}".format)}

    def get(self, path: str) -> _Group:
        return _Group(self.groups.get(f"{path}/vars".lstrip("/"), {}))

    def has_path(self, path: str) -> bool:
        return path in self.paths


class _Group(Mapping[str, np.ndarray]):
    """The arrays of one layer, each read when it is asked for."""

    def __init__(self, arrays: Mapping[str, StoredArray]) -> None:
        self.arrays = arrays

    def __getitem__(self, key: str) -> np.ndarray:
        return self.arrays[key].read()

    def __iter__(self) -> Iterator[str]:
        return iter(self.arrays)

    def __len__(self) -> int:
        return len(self.arrays)
