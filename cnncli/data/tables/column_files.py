"""The files that a column of a table names: images and volumes."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cnncli.data.columns import Values, as_array, take
from cnncli.data.dataset import ImageFiles
from cnncli.data.images import Form
from cnncli.data.path_inside import PathInside
from cnncli.data.shapes import written
from cnncli.data.sources import npz
from cnncli.data.sources.arrays import read_inputs
from cnncli.data.sources.folder_tree import ClassFile
from cnncli.data.sources.image_form import settled
from cnncli.data.sources.image_scan import Usable, scan
from cnncli.data.sources.loaded_data import Progress
from cnncli.data.sources.paths import existing_file
from cnncli.data.tables.row_store import RowStore
from cnncli.errors import CnncliError, DataError
from cnncli.inputs import kind_of
from cnncli.inputs.volume import VOLUME
from cnncli.messages import printable
from cnncli.recipe.sources.base import ImageKeys

_LOOKS = (4, 4, 1)  # the shape of a digest of what an image shows, as if it were an image


@dataclass(frozen=True, slots=True, eq=False)
class FileColumn:
    """The files of one input, of the rows that can be used.

    Attributes:
        rows: int64 (count,): which rows those are, ascending.
        bad: why each other row cannot be used.
        values: what the files hold, (count, *shape of one).
        looks: uint8 (count, …), a digest of what each shows; the same for files that show the same.
        sha256: of each file, hex.
        images: what was seen of each image; empty of volumes.
        form: what every image became.
    """

    rows: NDArray[np.int64]
    bad: dict[int, str]
    values: Values
    looks: NDArray[np.uint8]
    sha256: tuple[str, ...]
    images: tuple[Usable, ...] = ()
    form: Form | None = None

    def take(self, places: NDArray[np.int64]) -> FileColumn:
        """Some of them."""
        return replace(
            self,
            rows=self.rows[places],
            values=take(self.values, places),
            looks=self.looks[places],
            sha256=tuple(self.sha256[place] for place in places.tolist()),
            images=tuple(self.images[place] for place in places.tolist()) if self.images else (),
        )

    @property
    def originals(self) -> ImageFiles | None:
        """The image files themselves."""
        if self.form is None:
            return None
        return ImageFiles(tuple(each.file.path for each in self.images), self.form)


def read_images(
    names: Sequence[str],
    folders: Sequence[str],
    parts: Sequence[str],
    words: Sequence[str],
    form: Form,
    settings: ImageKeys | None,
    progress: Progress | None,
) -> FileColumn:
    """Read the image files of a column.

    Args:
        names: of each row, as the table has it; empty where there is none, and the row is not used.
        folders: of each row that from which the name counts.
        parts: of each row.
        words: of each row its class; all empty where there are no classes.
        form: what the images become.
        settings: those of the recipe, for what `auto` leaves to the images; None: `form` is settled.
        progress: called with ("reading images", count, all).
    """
    named = [row for row, name in enumerate(names) if name]
    files = [ClassFile(_path(folders[row], names[row]), names[row], parts[row], words[row]) for row in named]
    seen = scan(files, form, progress=progress)
    if settings is not None and (better := settled(form, settings, seen.usable)) != form:
        form = better
        seen = scan(files, form, progress=progress)
    row_of = {id(file): row for file, row in zip(files, named, strict=True)}
    rows = np.array([row_of[id(each.file)] for each in seen.usable], np.int64)
    originals = ImageFiles(tuple(each.file.path for each in seen.usable), form)
    looks = [bytes.fromhex(each.pixels or each.sha256[: 2 * int(np.prod(_LOOKS))]) for each in seen.usable]
    return FileColumn(
        rows,
        {row_of[id(each.file)]: _reason(each.file, each.reason) for each in seen.bad},
        originals if seen.pixels is None else seen.pixels,
        np.frombuffer(b"".join(looks), np.uint8).reshape(-1, *_LOOKS),
        tuple(each.sha256 for each in seen.usable),
        tuple(seen.usable),
        form,
    )


def _path(folder: str, name: str) -> str:
    return name if isinstance(name, PathInside) else os.path.join(folder, name)


def _reason(file: ClassFile, reason: str) -> str:
    name = printable(file.relative)
    if isinstance(file.path, PathInside) or os.path.lexists(file.path):
        return f"{name}: {reason}"
    if "://" in name:
        return f"{name} is an address; a table names files"
    return f"{name} is not there (paths count from the table)"


def read_volumes(names: Sequence[str], folders: Sequence[str], progress: Progress | None) -> FileColumn:
    """Read the `.npy` files of a column: (depth, height, width, channels), or without channels; all of one shape.

    Args: as `read_images`.
    """
    store: RowStore | None = None
    rows, bad, digests = list[int](), dict[int, str](), list[str]()
    shape: tuple[int, ...] = ()
    for row, (folder, name) in enumerate(zip(folders, names, strict=True)):
        if not name:
            continue
        path = os.path.join(folder, name)
        try:
            volume = _volume(path)
        except CnncliError as error:
            bad[row] = _reason(ClassFile(path, name, "", ""), error.problems[0].message)
            continue
        shape = shape or volume.shape
        if volume.shape != shape:
            bad[row] = f"{printable(name)} has the shape {written(volume.shape)}, and those before it {written(shape)}"
            continue
        store = store or RowStore(shape, np.float32)
        store.append(volume[None])
        rows.append(row)
        digests.append(hashlib.sha256(volume.tobytes()).hexdigest())
        if progress:
            progress("reading volumes", row + 1, len(names))
    looks = [bytes.fromhex(digest[: 2 * int(np.prod(_LOOKS))]) for digest in digests]
    return FileColumn(
        np.array(rows, np.int64),
        bad,
        store.values() if store else np.empty((0,), np.float32),
        np.frombuffer(b"".join(looks), np.uint8).reshape(-1, *_LOOKS),
        tuple(digests),
    )


def _volume(path: str) -> NDArray[np.float32]:
    array = npz.read_single(existing_file(path))
    if kind_of((*array.shape, 1)) is VOLUME:
        array = array[..., None]
    if kind_of(array.shape) is not VOLUME:
        message = f"the shape is {array.shape}, expected ({', '.join(VOLUME.AXES)})"
        raise DataError(message)
    volume: NDArray[np.float32] = as_array(read_inputs("it", array[None]))[0].astype(np.float32)
    return volume
