"""The base of runtimes: what computes an exported model from arrays by name."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

Arrays = Mapping[str, NDArray[Any]]


class Runtime(ABC):
    """A model file, opened by the program that will use it."""

    @abstractmethod
    def run(self, inputs: Arrays) -> Arrays:
        """Compute outputs by name, float32 (batch, …).

        Args:
            inputs: by name (batch, …), in the types of the export.
        """
