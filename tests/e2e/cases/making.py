"""What a case is, and how its data is made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from commands import Result
from numpy.typing import NDArray

from cnncli.data import samples

ANY = "⋯"  # in an expected text: whatever stands here, on one line

U8 = """\
name: u8
data:
  source: {npz: {path: u8.npz}}
  prepare: [Rescaling: {scale: $(1 / 255)}]
model:
  input: [28, 28, 1]
  layers: [Flatten, Dense: {units: $classes, activation: softmax}]
train: {epochs: 2, batch_size: 64, seed: 1, precision: float32}
"""
U8_RUN = "outputs/u8/first"  # trained once, on u8.npz with the recipe U8


@dataclass(frozen=True)
class Case:
    """An input and its right answer.

    Attributes:
        what: the input, in a few words.
        commands: called one after the other, as after `cnncli`; the answer is that of the last one, those before it must
            exit with 0.
        exit_code: of the last command.
        says: parts of stderr, in this order; a part may span lines, and `ANY` stands for anything on one line.
        prints: parts of stdout, in this order.
        unsaid: what stands neither on stderr nor on stdout.
        files: written to the working folder first: a name and a text, or a function that makes the file's folder.
        check: looks at the working folder and the answer afterwards.
        writes_nothing: no file is there afterwards that was not there before, and none is changed.
    """

    what: str
    commands: tuple[str, ...]
    exit_code: int = 0
    says: tuple[str, ...] = ()
    prints: tuple[str, ...] = ()
    unsaid: tuple[str, ...] = ()
    files: tuple[tuple[str, str | bytes] | Callable[[Path], object], ...] = ()
    check: Callable[[Path, Result], object] | None = None
    writes_nothing: bool = False


def digits() -> dict[str, NDArray[Any]]:
    """600 + 200 of the packaged digits: uint8 (count, 28, 28) in 0 to 255, and their classes."""
    return {name: array.copy() for name, array in _digits().items()}


@cache
def _digits() -> dict[str, NDArray[Any]]:
    with np.load(Path(samples.__path__[0]) / "mnist-sample.npz") as archive:
        sizes = {"x_train": 600, "y_train": 600, "x_test": 200, "y_test": 200}
        return {name: archive[name][:size] for name, size in sizes.items()}


def make_data(folder: Path) -> None:
    """What every case finds in its folder: u8.npz and u8.yaml."""
    np.savez(folder / "u8.npz", **digits())
    (folder / "u8.yaml").write_text(U8, encoding="utf-8")
