"""The data of the last recipe, kept for trainings one after the other that use the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cnncli.data.dataset import InputShape, Splits
from cnncli.data.load import load
from cnncli.data.sources.loaded_data import Progress
from cnncli.data_checks.quick_findings import data_problems
from cnncli.errors import CnncliError, Problem
from cnncli.recipe.learned import Learned
from cnncli.recipe.schema_data import Data


class SharedData:
    """Reads the data of a recipe, and again only where the next recipe has other data.

    Only the last data is kept: two sets may not fit into memory.

    Attributes:
        failure: why the data could not be read the last time; None where it could.
    """

    def __init__(self) -> None:
        self.failure: CnncliError | None = None
        self._key: Any = None
        self._read: tuple[Splits, list[Problem]] | None = None
        self._learned: tuple[Data, Learned] | None = None

    def read(self, data: Data, input_shape: InputShape | None, progress: Progress) -> tuple[Splits, list[Problem]]:
        """The splits, and what the quick checks of the data find. Raises: as `data.load.load`."""
        key = (data, input_shape)
        if self._read is None or self._key != key:
            self._key, self._read, self._learned = None, None, None  # frees the memory before more is taken
            try:
                self._read = read_data(data, input_shape, progress)
            except CnncliError as error:
                self.failure = error
                raise
            self._key, self.failure = key, None
        return self._read

    def learned(self, data: Data, compute: Callable[[], Learned]) -> Learned:
        """What preprocessing learns from the data that was read last."""
        if self._learned is None or self._learned[0] != data:
            self._learned = (data, compute())
        return self._learned[1]


def read_data(data: Data, input_shape: InputShape | None, progress: Progress) -> tuple[Splits, list[Problem]]:
    """The splits, and what the quick checks of the data find. Raises: as `data.load.load`."""
    splits = load(data, input_shape=input_shape, progress=progress)
    return splits, list(data_problems(data, splits))
