"""Examples and splits: the values that the rest of the program gets from the data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cnncli.data import images
from cnncli.data.columns import Indexes, Values, as_array, as_column, detached, join, take
from cnncli.data.input_values import InputValues
from cnncli.data.scales import OF_IMAGES, Scale, ground_of, scale_of
from cnncli.data.targets import TargetInfo
from cnncli.data.threads import in_threads
from cnncli.errors import DataError, Problem
from cnncli.inputs import kind_of
from cnncli.messages import printable
from cnncli.recipe.example_windows import Windows
from cnncli.recipe.named_inputs import INPUT as INPUT
from cnncli.recipe.named_inputs import by_name, without_names

InputShape = tuple[int, ...] | dict[str, tuple[int, ...]]  # of one example; of several inputs by name

_LOOKED_AT = 64  # images whose borders are compared


@dataclass(frozen=True, slots=True)
class ImageFiles:
    """Images that stay in their files until they are needed, for folders that do not fit into memory.

    Attributes:
        paths: one file an image.
        form: what every image becomes.
    """

    paths: tuple[str, ...]
    form: images.Form

    def __len__(self) -> int:
        return len(self.paths)

    @property
    def shape(self) -> tuple[int, ...]:
        """(count, height, width, channels), as the array of all images would have it."""
        return (len(self.paths), *self.form.shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.form.dtype

    def take(self, indices: Indexes) -> ImageFiles:
        return replace(self, paths=tuple(self.paths[index] for index in indices))

    def and_then(self, others: Sequence[ImageFiles]) -> ImageFiles:
        return replace(self, paths=(*self.paths, *(path for other in others for path in other.paths)))

    def read(self, indices: Indexes) -> NDArray[Any]:
        """Read some of the images, several at a time.

        Args:
            indices: int (k,), which images, in the order wanted.

        Returns:
            (k, height, width, channels) of the form's type, 0 to 255.

        Raises:
            DataError: a file that could be read when the data was loaded has gone or changed.
        """
        form = self.form
        pixels = np.empty((len(indices), *form.shape), form.dtype)

        def read(item: tuple[int, int]) -> None:
            number, index = item
            pixels[number] = _read(self.paths[index], form)

        for _ in in_threads(read, enumerate(int(index) for index in indices)):
            pass
        return pixels


def _read(path: str, form: images.Form) -> NDArray[Any]:
    try:
        return images.decode(images.read(path), form).pixels
    except images.BadImage as error:
        message = f"{printable(path)} could be read when the data was loaded, but not any more: {error}"
        raise DataError(Problem(message, "do not change the data while it is in use")) from error


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """Inputs with their targets.

    Attributes:
        inputs: by name, each (count, *shape of one), uint8 in 0 to 255 or float32: an array, or a column that is read when
            it is needed (`ImageFiles`, `RowFile`, `ArrayRows`, `TextColumn`). The kinds of input are those of
            `cnncli.inputs`.
        targets: (count, …), in the form of the task: int32 (count,), index into the class names; float32 (count, k).
        files: where each came from, as a path inside its folder; None where they are not files.
        sha256: of each one's file, hex; None where they are not files.
        originals: the image files themselves, wherever their pixels lie now; None where they are not image files.
        weights: float32 (count,), how much each counts in the loss; None: all the same.
        groups: object (count,), the name of what each belongs to, such as a patient; None where there are no groups.
    """

    inputs: Mapping[str, Values]
    targets: Values
    files: tuple[str, ...] | None = None
    sha256: tuple[str, ...] | None = None
    originals: ImageFiles | None = None
    weights: NDArray[np.float32] | None = None
    groups: NDArray[np.object_] | None = None

    def __len__(self) -> int:
        return len(self.targets)

    @property
    def input(self) -> Values:
        """The only input: what cannot deal with several goes through here."""
        [column] = self.inputs.values()
        return column

    def read(self, indices: Indexes) -> InputValues:
        """The inputs of some of the examples: (k, *shape of one), of several inputs by name."""
        rows = np.asarray(indices, np.int64)
        found = {name: as_column(column).read(rows) for name, column in self.inputs.items()}
        return found if len(found) > 1 else next(iter(found.values()))

    @property
    def labels(self) -> NDArray[Any]:
        """The targets in memory: what cannot deal with targets in a file goes through here."""
        return as_array(self.targets)

    @property
    def scales(self) -> dict[str, Scale]:
        """The scale of each input of numbers, by name."""
        columns = {name: column for name, column in self.inputs.items() if kind_of(column.shape[1:]).ARE_NUMBERS}
        if len(self.inputs) == 1:
            return dict.fromkeys(columns, self.scale) if columns else {}
        return {name: scale_of(column) for name, column in columns.items()}

    @property
    def scale(self) -> Scale:
        """The scale of the values of the only input; of image files that of all images, whatever these show."""
        if self.originals is None:
            return scale_of(self.input)
        some = as_column(self.input).read(np.linspace(0, len(self) - 1, min(len(self), _LOOKED_AT)).astype(np.int64))
        return replace(OF_IMAGES, ground=ground_of(some, 0.0, 255.0))

    def take(self, indices: Indexes) -> Examples:
        """The examples at these places, in this order."""
        indices = np.asarray(indices, np.int64)
        files, sha256 = _taken(self.files, indices), _taken(self.sha256, indices)
        inputs = {name: take(column, indices) for name, column in self.inputs.items()}
        originals = self.originals and self.originals.take(indices)
        weights = None if self.weights is None else self.weights[indices]
        groups = None if self.groups is None else self.groups[indices]
        return Examples(inputs, take(self.targets, indices), files, sha256, originals, weights, groups)

    def detached(self) -> Examples:
        """The same examples, which do not keep others in memory."""
        return replace(self, inputs={name: detached(column) for name, column in self.inputs.items()})


def join_examples(parts: Sequence[Examples]) -> Examples:
    """Several parts of one source, and so with the same columns, as one."""
    if len(parts) == 1:
        return parts[0]
    inputs = {name: join([part.inputs[name] for part in parts]) for name in parts[0].inputs}
    files = None if parts[0].files is None else tuple(file for part in parts for file in part.files or ())
    sha256 = None if parts[0].sha256 is None else tuple(digest for part in parts for digest in part.sha256 or ())
    first, *others = (part.originals for part in parts)
    originals = first and first.and_then([each for each in others if each])
    weights = [part.weights for part in parts if part.weights is not None]
    groups = [part.groups for part in parts if part.groups is not None]
    return Examples(
        inputs,
        join([part.targets for part in parts]),
        files,
        sha256,
        originals,
        np.concatenate(weights) if weights else None,
        np.concatenate(groups) if groups else None,
    )


def _taken(texts: Sequence[str] | None, indices: Indexes) -> tuple[str, ...] | None:
    return None if texts is None else tuple(texts[index] for index in indices)


class Part(NamedTuple):
    """One of the three parts, by name."""

    name: str
    examples: Examples


@dataclass(frozen=True, slots=True, eq=False)
class Splits:
    """A data set ready to be used.

    Attributes:
        train, validation, test: none of them empty.
        targets: what is known of the training labels.
        input_shape: of one example, (height, width, channels) for images; of several inputs by name.
        source: what is really used, for people: "mnist-sample, packaged: 8,000 + 2,000 digits".
        notes: notes about the data, each once.
        fingerprint: SHA-256 (hex) of the data as it was found, whatever the split.
        skipped: bad images that were left out, as paths inside the folder.
        settings: of the recipe's source, those that the data itself said.
        form: what every image became, where they came from files.
        forms: the same of each of several inputs, by name.
        windows: of which parts of an example the network sees; None: of the whole. `input_shape` is that of a window.
    """

    train: Examples
    validation: Examples
    test: Examples
    targets: TargetInfo
    input_shape: InputShape
    source: str
    notes: tuple[Problem, ...]
    fingerprint: str
    skipped: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    form: images.Form | None = None
    forms: Mapping[str, images.Form] = field(default_factory=dict)
    windows: Windows | None = None

    @property
    def parts(self) -> tuple[Part, Part, Part]:
        return Part("train", self.train), Part("validation", self.validation), Part("test", self.test)

    def as_json(self) -> dict[str, Any]:
        """What a run's record says about its data."""
        ranges = {name: scale.as_json() for name, scale in self.train.scales.items()}
        return {
            "source": self.source,
            "fingerprint": self.fingerprint,
            **self.targets.to_json(),
            "input_shape": without_names({name: list(shape) for name, shape in by_name(self.input_shape).items()}),
            "input_range": without_names(ranges) if ranges else None,
            "counts": {
                part.name: self.targets.counts(self.targets.whole(part.examples.targets)) for part in self.parts
            },
            "skipped": [printable(path) for path in self.skipped],
        }
