"""A batch of examples for a prediction: their names, their inputs, and what cannot be used."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

from cnncli.data.image_geometry import Geometry
from cnncli.data.input_values import InputValues
from cnncli.data.volume_form import VolumeForm
from cnncli.errors import CnncliError, Problem
from cnncli.messages import printable, shortened

SHOWN_TEXT = 60  # characters


@dataclass(frozen=True, slots=True)
class Name:
    """Which example it is.

    Attributes:
        file: as it was named, or its path below a folder that was; `-` for stdin, empty for a text of the command line.
        index: from 0, of an array's examples, a table's rows, a file's lines and texts of the command line; None of an
            image and of a text file.
        text: the example, where it is a text.
    """

    file: str
    index: int | None = None
    text: str | None = None

    def __str__(self) -> str:
        """`digits.npz[17]`, ready to be shown; a text that is no file of its own as it is."""
        if self.text is not None and self.index is not None:
            return shortened(" ".join(self.text.split()), SHOWN_TEXT)
        file = printable(self.file)
        return file if self.index is None else f"{file}[{self.index}]"


@dataclass(frozen=True, slots=True)
class Bad:
    """An example, or a whole file, that cannot be used; the reason stands after its name."""

    name: Name
    reason: str
    hint: str = ""

    @property
    def problem(self) -> Problem:
        return Problem(f"{self.name}: {self.reason}", self.hint)


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Some examples.

    Attributes:
        names: one an example.
        inputs: (len(names), *shape of one): uint8 in 0 to 255, or float32, finite; of several inputs by name.
        bad: what would have stood between them.
        geometries: one an example where they are image files: how each became its input; else none.
        volumes: what each became where they are files of volumes; None where they are others.
    """

    names: list[Name]
    inputs: InputValues
    bad: list[Bad]
    geometries: Sequence[Geometry] = ()
    volumes: VolumeForm | None = None


def bad_file(name: Name, error: CnncliError) -> Bad:
    """What is wrong with a file; the sentence need not name it a second time."""
    problem = error.problems[0]
    reason = problem.message
    for file in (printable(name.file), printable(os.path.basename(name.file))):
        reason = reason.removeprefix(f"cannot read {file}: ").removesuffix(f": {file}")
        reason = reason.removeprefix(f"{file}: ").removeprefix(f"{file} ")
    return Bad(name, reason.removeprefix("is "), problem.hint)
