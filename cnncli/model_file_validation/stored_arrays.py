"""Read a file of weights (HDF5) as arrays by name, without external links."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import ml_dtypes
import numpy as np
from h5py import h5d, h5g, h5o

from cnncli.messages import shortened
from cnncli.model_file_validation.refusal import damaged, refused

_MOST_OBJECTS = 100_000  # EfficientNetV2L has 7,000
_DEEPEST = 50  # groups
_OWN_ARRAYS = "the weights of a model are plain arrays within its own file"


@dataclass(frozen=True)
class StoredArray:
    """One array of the file.

    Attributes:
        shape: as the file says it, and has bytes for.
        dtype: `float32`, `bfloat16`, `uint8`, ….
    """

    shape: tuple[int, ...]
    dtype: str
    _dataset: h5d.DatasetID

    def read(self) -> np.ndarray:
        """Read the array; this alone takes memory.

        Raises:
            OSError: the file is damaged.
        """
        stored = np.empty(self.shape, dtype=self._dataset.dtype.newbyteorder("="))  # HDF5 turns the bytes around
        if stored.size:
            self._dataset.read(h5py.h5s.ALL, h5py.h5s.ALL, stored)
        return stored.view(ml_dtypes.bfloat16) if self.dtype == "bfloat16" else stored


@contextmanager
def stored_arrays(
    weights: bytes | Path, shown: str, *, part: str = "its model.weights.h5"
) -> Iterator[dict[str, StoredArray]]:
    """Open an HDF5 file and list its arrays.

    Args:
        weights: the file, or where it is.
        shown: its name in messages, or that of the model file that it is a part of.
        part: which part.

    Yields:
        Path (`layers/conv2d/vars/0`) -> array; they can be read within the `with`.

    Raises:
        ModelFileError: it is no HDF5, or holds a link, an array that is kept elsewhere, packed, made of other things than
            numbers, or larger than the file.
    """
    try:
        file = h5py.File(io.BytesIO(weights) if isinstance(weights, bytes) else weights, "r")
        size = len(weights) if isinstance(weights, bytes) else weights.stat().st_size
    except (OSError, ValueError, RuntimeError, KeyError) as error:
        raise damaged(shown, f"{part} is not an HDF5 file, or cut short") from error
    with file:
        try:
            arrays = _listed(file.id, shown)
        except (OSError, ValueError, RuntimeError, KeyError, TypeError) as error:
            message = f"{part} cannot be read ({shortened(str(error), 100)})"
            raise damaged(shown, message) from error
        claimed = sum(math.prod(array.shape) * array._dataset.dtype.itemsize for array in arrays.values())
        if claimed > size:
            raise refused(shown, f"{size:,} bytes of weights that say they are {claimed:,}", hint=_OWN_ARRAYS)
        yield arrays


def _listed(root: Any, shown: str) -> dict[str, StoredArray]:
    """Walk the groups by what HDF5 says of each link, before anything behind the link is opened."""
    arrays: dict[str, StoredArray] = {}
    waiting, seen = [("", h5g.open(root, b"/"), 0)], {_address(root)}
    while waiting:
        path, group, depth = waiting.pop()
        for name in list(group):
            inner = f"{path}/{name.decode(errors='replace')}".lstrip("/")
            if group.links.get_info(name).type != h5py.h5l.TYPE_HARD:
                raise refused(shown, f"a link in its weights, `{shortened(inner)}`", hint=_OWN_ARRAYS)
            found = h5o.open(group, name)
            address = _address(found)
            if address in seen:
                raise refused(shown, f"a second name for the same weights, `{shortened(inner)}`", hint=_OWN_ARRAYS)
            seen.add(address)
            if len(seen) > _MOST_OBJECTS or depth > _DEEPEST:
                raise refused(shown, "more groups of weights than any network has", hint=_OWN_ARRAYS)
            if isinstance(found, h5g.GroupID):
                waiting.append((inner, found, depth + 1))
            elif isinstance(found, h5d.DatasetID):
                if what := _strange(found):
                    raise refused(shown, f"{what}, `{shortened(inner)}`", hint=_OWN_ARRAYS)
                arrays[inner] = StoredArray(tuple(found.shape), _dtype(found), found)
            else:
                raise refused(shown, f"weights that are no array, `{shortened(inner)}`", hint=_OWN_ARRAYS)
    return arrays


def _address(found: Any) -> int:
    return int(h5o.get_info(found).addr)


def _strange(dataset: h5d.DatasetID) -> str:
    """Why a dataset is no plain array; its shape is asked for last: that of a virtual one stands in other files."""
    created = dataset.get_create_plist()
    if created.get_layout() == h5d.VIRTUAL or created.get_external_count():
        return "weights that are kept in another file"
    if created.get_layout() == h5d.CHUNKED or created.get_nfilters():
        return "weights in pieces or packed, as Keras never writes them"
    if dataset.get_type().get_class() not in (h5py.h5t.INTEGER, h5py.h5t.FLOAT, h5py.h5t.ENUM, h5py.h5t.OPAQUE):
        return "weights that are no numbers"
    if not _dtype(dataset):
        return "weights that are no numbers"
    if dataset.get_storage_size() != math.prod(dataset.shape) * dataset.dtype.itemsize:
        return "weights of a shape for which it has no bytes"
    return ""


def _dtype(dataset: h5d.DatasetID) -> str:
    """The type by Keras' name; empty when it is none. HDF5 has no bfloat16: Keras writes its two bytes, and says so."""
    dtype = dataset.dtype
    if dtype.kind == "V" and dtype.itemsize == 2 and dtype.fields is None:
        return "bfloat16"
    return dtype.name if dtype.kind in "biuf" and dtype.itemsize <= 8 else ""
