"""The subject of pictures where an example can have several classes, and a score for each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from cnncli.errors import DataError
from cnncli.interpretability.class_scores import of_class
from cnncli.interpretability.subject import Subject
from cnncli.messages import counted


class SeveralClassesSubject(Subject):
    """A network whose classes can be asked for by name, or as the one that it says most of.

    Attributes:
        SEVERAL: why there is no single true class.
        PLURAL: of what can be asked for.
        BELOW: what is written below an input that maximizes a class.
    """

    SEVERAL: ClassVar[str]
    PLURAL: ClassVar[str] = "classes"
    BELOW: ClassVar[str]

    def wanted(self, name: str, targets: NDArray[Any] | None, said: NDArray[np.float32]) -> NDArray[Any]:
        if name == "predicted":
            return self.most_said(said)
        if name == "true":
            raise DataError(self.SEVERAL, hint="name one: --class NAME")
        return np.full(len(said), self.number_of(name))

    def most_said(self, said: NDArray[np.float32]) -> NDArray[Any]:
        """What stands for the prediction of each example, int (count,)."""
        return np.asarray(said.argmax(axis=-1))

    def maximized_title(self, names: Sequence[str]) -> tuple[str, str]:
        return f"inputs that maximize {counted(len(names), self.WHAT, self.PLURAL)}", self.BELOW

    def score(self, scores: Any, numbers: Any) -> Any:
        return of_class(scores, numbers)
