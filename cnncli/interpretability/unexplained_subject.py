"""The subject of pictures where a network gives no class and no number that could be explained."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncli.errors import RecipeError
from cnncli.interpretability.subject import Subject


class UnexplainedSubject(Subject):
    """A network whose filters and feature maps can be drawn; heat maps and inputs of a class are refused."""

    @classmethod
    @abstractmethod
    def refusal(cls) -> RecipeError:
        """Why there is nothing to explain, and what can be drawn."""

    @property
    def asked_for(self) -> tuple[str, ...]:
        return ()

    def check_explains(self, name: str) -> None:
        raise self.refusal()

    def number_of(self, name: str) -> int:
        raise self.refusal()

    def wanted(self, name: str, targets: NDArray[Any] | None, said: NDArray[np.float32]) -> NDArray[Any]:
        raise self.refusal()

    def explained(self, target: Any, said: NDArray[np.float32], wanted: int) -> dict[str, Any]:
        raise self.refusal()

    def is_wrong(self, target: Any, said: NDArray[np.float32]) -> None:
        return None

    def heat_title(self, name: str, *, moves: bool) -> tuple[str, str]:
        raise self.refusal()

    def maximized_title(self, names: Sequence[str]) -> tuple[str, str]:
        raise self.refusal()

    def score(self, scores: Any, numbers: Any) -> Any:
        raise self.refusal()
