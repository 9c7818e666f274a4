"""The base of decoders: the outputs of a network as what `predict` shows, in a table, as JSON and as CSV."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import keras
import numpy as np
from numpy.typing import NDArray

from cnncli.data.image_geometry import Geometry
from cnncli.data.images import Form
from cnncli.data.targets import TargetInfo
from cnncli.data.volume_form import VolumeForm
from cnncli.recipe.schema import Recipe


class Tally(Protocol):
    """What has been predicted so far."""

    def add(self, indices: NDArray[np.int32], values: NDArray[np.float32]) -> None:
        """Count the decoded examples of a batch."""

    def __str__(self) -> str:
        """In one line."""


@dataclass(frozen=True, slots=True)
class Together:
    """What all examples of a prediction say together.

    Attributes:
        lines: for people: a word and a sentence each.
        fields: in the JSON document.
    """

    lines: tuple[tuple[str, str], ...]
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Original:
    """An example as it was before it became an input, for what `predict --to` writes.

    Attributes:
        stem: of the names of its files, which no other example of the prediction has.
        file: as it was named.
        geometry: how it became the input; None where that is no image.
        read: reads its pixels, upright and in its own size: uint8 or float (height, width, 1 or 3).
        volumes: what the volume of its file became; None where it is no such file.
    """

    stem: str
    file: str
    geometry: Geometry | None
    read: Callable[[], NDArray[Any]]
    volumes: VolumeForm | None = None


class PredictionFiles(Protocol):
    """What `predict --to` writes; a task that writes files has it in its `prediction_files`, made of the decoder.

    Attributes:
        PICTURES: the files of an image that the demo shows: what their names end with behind the stem, and their titles.
    """

    PICTURES: ClassVar[Mapping[str, str]]

    def of(self, originals: Sequence[Original], outputs: Any) -> Iterator[tuple[str, bytes]]:
        """The files of a batch: names, which begin with the stems of the originals, and contents.

        Args:
            outputs: float32 (batch, …), as `Decoder.observed` gives them; of several outputs by name.
        """

    def end(self) -> Iterator[tuple[str, bytes]]:
        """The files of all batches together."""


@dataclass(frozen=True)
class Decoder(ABC):
    """Decodes outputs; a task has one subclass, `DECODER` in its `decoding`.

    A decoded example is a row of numbers of classes, or of whatever else the outputs are, and as many values.

    Attributes:
        targets: of the training.
        form: of the outputs, one of `FORMS`.
        count: how many outputs the network has: the last length of the main one.
    """

    targets: TargetInfo
    form: str
    count: int

    FORMS: ClassVar[tuple[str, ...]]
    COMPARES: ClassVar[bool] = False  # whether `together` says something
    SCRIPT_DRAWS: ClassVar[bool] = False  # whether the lines of `script` use `Image` of Pillow

    @classmethod
    def form_of(cls, recipe: Recipe) -> str:
        """The form of the outputs of a recipe's network, whose loss is known."""
        return cls.FORMS[0]

    @classmethod
    def form_of_model(cls, model: keras.Model) -> str:
        """The form of the outputs of a model of which nothing else is known."""
        return cls.FORMS[0]

    @property
    def size(self) -> str:
        """`10 classes`."""
        return self.targets.size

    @property
    def nothing(self) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """What `decode` gives of no examples."""
        return np.empty((0, 0), np.int32), np.empty((0, 0), np.float32)

    def activated(self, outputs: Any) -> Any:
        """Outputs (batch, …), of several by name, with the activation that the loss applies; called while a graph is traced."""
        return outputs

    def observed(self, model: keras.Model, inputs: Any, outputs: Any) -> Any:
        """What `decode` takes: the activated outputs, or what a task makes of them and the inputs; in a graph as it is traced.

        Args:
            inputs: raw, (batch, …), of several inputs by name.
            outputs: float32 (batch, …), of several outputs by name.
        """
        return self.activated(outputs)

    def decisions(self, outputs: NDArray[np.float32]) -> NDArray[Any] | None:
        """What outputs decide, such as the class of each example; None where they decide nothing.

        Args:
            outputs: float32 (batch, …), activated; not called where a network has several outputs.
        """
        return None

    def script(self, outputs: Sequence[str], form: Form | None) -> list[str]:
        """Lines of plain Python that print what is found in an example, for scripts beside exported models.

        They may use `file`, as it was named; `outputs`, float32 arrays of the example by name; `about`, a dict with the
        fields of the targets; `image`, the upright photo, where `form` is given; `np`, `Path` and `sys`.

        Args:
            outputs: the names, the main one first.
            form: what image files become; None for other inputs.
        """
        return [f'print(f"{{file}}: {{outputs[{outputs[0]!r}]}}")']

    @abstractmethod
    def decode(self, names: Sequence[Any], outputs: Any, top: int) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Decode a batch.

        Args:
            names: of the examples, for messages.
            outputs: float32 (batch, …), as `observed` gives them; of several outputs by name.
            top: how many of the most probable classes.

        Returns:
            The numbers of classes, (batch, n), the best first; and what the network says of each.

        Raises:
            DivergedError: an output is not a number.
        """

    def in_originals(
        self,
        indices: NDArray[np.int32],
        values: NDArray[np.float32],
        geometries: Sequence[Geometry],
        outputs: Any = None,
    ) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """What `decode` gives, of the originals: places in their pixels, shares without the padding around them.

        Args:
            geometries: one an example; none where inputs are no images.
            outputs: as `decode` took them.
        """
        return indices, values

    @property
    @abstractmethod
    def titles(self) -> tuple[str, str, str]:
        """Of the columns of a table, behind the example's name: what is found, its value, what comes then."""

    @property
    def words(self) -> tuple[str, ...]:
        """What stands in the first of these columns, for its width."""
        return ()

    @abstractmethod
    def row(self, indices: Sequence[int], values: Sequence[float]) -> tuple[str, str, str]:
        """A decoded example in these columns."""

    def sentence(self, indices: Sequence[int], values: Sequence[float]) -> str:
        """A decoded example where no table has columns: `bees 98.2%, wasps 1.1%`."""
        return ", ".join(filter(None, (part.strip() for part in self.row(indices, values))))

    def shares(self, indices: Sequence[int], values: Sequence[float]) -> dict[str, float]:
        """What bars show of a decoded example: probabilities by name; empty where the outputs are no probabilities."""
        return {}

    @abstractmethod
    def item(self, indices: Sequence[int], values: Sequence[float]) -> dict[str, Any]:
        """A decoded example in JSON."""

    @abstractmethod
    def columns(self, top: int) -> list[str]:
        """The titles of a CSV file, behind the example's name."""

    @abstractmethod
    def cells(self, indices: Sequence[int], values: Sequence[float]) -> list[str]:
        """A decoded example in these columns; any text."""

    def rows(self, indices: Sequence[int], values: Sequence[float]) -> list[list[str]]:
        """The rows of a decoded example in these columns, at least one."""
        return [self.cells(indices, values)]

    @abstractmethod
    def tally(self) -> Tally:
        """A count of what is predicted, still empty."""

    def together(self, names: Sequence[str], outputs: Sequence[NDArray[np.float32]]) -> Together:
        """What all examples say together, where `COMPARES`.

        Args:
            names: of the examples, for people.
            outputs: of each batch, float32 (batch, n), as `decode` gives them.
        """
        return Together((), {})


def script_file(ending: str) -> list[str]:
    """Lines for `Decoder.script`: `found`, a new file in the current folder, called after the example; an older one stays."""
    return [
        f'found = Path(f"{{Path(file).stem}}-{ending}")',
        "if found.exists():",
        '    sys.exit(f"{found} exists already")',
    ]
