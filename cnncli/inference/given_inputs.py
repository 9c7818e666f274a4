"""Inputs of a prediction with a network that has several: arrays, texts, or a file for each example."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from cnncli.data import images, shapes
from cnncli.data.sources.image_form import form_of
from cnncli.data.text_column import TextColumn
from cnncli.data.threads import in_threads
from cnncli.errors import CnncliError
from cnncli.inference.batch import Name, bad_file
from cnncli.inference.inputs import File, read_array
from cnncli.messages import printable
from cnncli.recipe.sources.base import ImageKeys

_NOT_FINITE = "holds NaN or infinite values"


class GivenInput(Protocol):
    """One input of all examples."""

    def __len__(self) -> int: ...

    def read(self, rows: Sequence[int]) -> tuple[NDArray[Any], dict[int, str]]:
        """Some examples, and by place in `rows` why one cannot be used; its numbers are then any."""


@dataclass(frozen=True, slots=True, eq=False)
class GivenArray:
    values: NDArray[Any]
    bad: Mapping[int, str] = field(default_factory=dict)  # why some of them cannot be used, beside their numbers

    def __len__(self) -> int:
        return len(self.values)

    def read(self, rows: Sequence[int]) -> tuple[NDArray[Any], dict[int, str]]:
        some = self.values[np.asarray(rows, np.int64)]
        if some.dtype == np.uint8:
            return some, {}
        with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite
            numbers = some.astype(np.float32)
        good = np.isfinite(numbers).all(axis=tuple(range(1, numbers.ndim)))
        wrong = [int(place) for place in np.flatnonzero(~np.asarray(good))]
        return numbers, {place: self.bad.get(rows[place], _NOT_FINITE) for place in wrong}


@dataclass(frozen=True, slots=True, eq=False)
class GivenTexts:
    values: TextColumn
    bad: Mapping[int, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.values)

    def read(self, rows: Sequence[int]) -> tuple[NDArray[Any], dict[int, str]]:
        texts = self.values.read(np.asarray(rows, np.int64))
        wrong = {place: self.bad[row] for place, row in enumerate(rows) if row in self.bad}
        empty = {place: "the text is empty" for place, text in enumerate(texts.tolist()) if not text}
        return texts, {**empty, **wrong}


@dataclass(frozen=True, slots=True, eq=False)
class GivenFiles:
    """A file for each example: an image, or an array with one example."""

    paths: tuple[str, ...]
    shape: tuple[int | None, ...]
    form: images.Form | None = None  # of image files; None: stretched to `shape`

    def __len__(self) -> int:
        return len(self.paths)

    def read(self, rows: Sequence[int]) -> tuple[NDArray[Any], dict[int, str]]:
        found = list(in_threads(self._one, [self.paths[row] for row in rows]))
        wrong = {place: each for place, each in enumerate(found) if isinstance(each, str)}
        good = [each for each in found if not isinstance(each, str)]
        shapes_found = {each.shape for each in good}
        if len(shapes_found) > 1:
            wrong |= {
                place: f"has the shape {shapes.written(each.shape)}, and the first one {shapes.written(good[0].shape)}"
                for place, each in enumerate(found)
                if not isinstance(each, str) and each.shape != good[0].shape
            }
        blank = np.zeros(good[0].shape if good else (1,), np.uint8)
        kept = [blank if place in wrong else each for place, each in enumerate(found)]
        return np.stack([np.asarray(each) for each in kept]), wrong

    def _one(self, path: str) -> NDArray[Any] | str:
        """An example; a text says why it cannot be used."""
        if not os.path.isfile(path):
            return f"there is no file {printable(path)}"
        try:
            if path.lower().endswith((".npy", ".npz")):
                [example], wrong = GivenArray(read_array(_file(path), self.shape)).read([0])
                one: NDArray[Any] = example
                return wrong.get(0, one)
            form = self.form or form_of(ImageKeys(), self.shape)
            return images.decode(images.read(path), form).pixels
        except images.BadImage as error:
            return f"{printable(path)}: {error}"
        except CnncliError as error:
            return f"{printable(path)}: {bad_file(Name(path), error).reason}"


def _file(path: str) -> File:
    return File(path, "archive" if path.lower().endswith(".npz") else "array")
