"""A regression network as the subject of pictures: its numbers, and the choice of examples by target."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from cnncli.data.input_values import InputValues
from cnncli.errors import DataError, RecipeError
from cnncli.interpretability.class_scores import of_class, outputs_of
from cnncli.interpretability.examples import MOST
from cnncli.interpretability.subject import Subject
from cnncli.messages import number_text, shortened
from cnncli.recipe.schema_pictures import Samples
from cnncli.tasks.regression.scores import sizes_of_errors

WORDS = {"most_wrong": ", those with the largest errors"}
_ENDS = ("small", "large")  # of one number, in the order in which `of_class` counts one output


class NumberSubject(Subject):
    """A network that gives numbers: of one its two ends can be asked for, of several each, in its largeness."""

    WHAT: ClassVar[str] = "number"
    OPTION: ClassVar[str] = "end"
    MAXIMIZED_AS: ClassVar[str] = "maximize-numbers"

    @property
    def asked_for(self) -> tuple[str, ...]:
        return _ENDS if self._gives_one else tuple(f"number {index}" for index in range(self.targets.count))

    @property
    def _gives_one(self) -> bool:
        return self.targets.count == 1

    def number_of(self, name: str) -> int:
        if name not in self.asked_for:
            hint = f"one of: {', '.join(self.asked_for)}"
            raise RecipeError(f"this is a regression network, it has no class `{shortened(name)}`", hint=hint)
        return self.asked_for.index(name)

    def told(self, target: Any) -> str:
        return ", ".join(number_text(float(value)) for value in np.atleast_1d(target))

    def said(self, inputs: InputValues) -> NDArray[np.float32]:
        """Its numbers: float32 (count, k)."""
        return outputs_of(self.network.model, inputs)

    def answer(self, said: NDArray[np.float32]) -> dict[str, Any]:
        return {"predicted": self.told(said)}

    def mistakes(
        self, targets: NDArray[Any], said: NDArray[np.float32]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64] | None]:
        """All of them, as no number is simply right."""
        return np.argsort(-sizes_of_errors(targets, said), kind="stable"), None

    def wanted(self, name: str, targets: NDArray[Any] | None, said: NDArray[np.float32]) -> NDArray[Any]:
        return np.full(len(said), self.number_of(self._end(name)))

    def _end(self, name: str) -> str:
        if name != "predicted":
            return name
        return _ENDS[1] if self._gives_one else self.asked_for[0]

    def explained(self, target: Any, said: NDArray[np.float32], wanted: int) -> dict[str, Any]:
        true = None if target is None else target.tolist()
        return {"true": true, "predicted": said.tolist(), "end": self.asked_for[wanted]}

    def predicted_text(self, said: NDArray[np.float32]) -> str:
        return self.told(said)

    def is_wrong(self, target: Any, said: NDArray[np.float32]) -> None:
        return None

    def heat_title(self, name: str, *, moves: bool) -> tuple[str, str]:
        end = self._end(name)
        if moves:
            return f"influence on {'the predicted number' if self._gives_one else end}", "changes the prediction"
        return f"evidence for {self._what([end])}", "supports it"

    def maximized_title(self, names: Sequence[str]) -> tuple[str, str]:
        return f"inputs for {self._what(names)}", "number, before the last activation"

    def _what(self, ends: Sequence[str]) -> str:
        if self._gives_one:
            return f"a {' and a '.join(ends)} predicted number"
        return f"large values of {' and '.join(ends) if len(ends) < 4 else 'each number'}"

    def score(self, scores: Any, numbers: Any) -> Any:
        return of_class(scores, numbers)

    def sign_of(self, number: int) -> int:
        return -1 if self._gives_one and number == 0 else 1


SUBJECT = NumberSubject


def choose(
    samples: Samples,
    targets: NDArray[Any],
    wrong: NDArray[np.int64] | None = None,
    predicted: NDArray[np.int64] | None = None,
) -> NDArray[np.int64]:
    """Which examples: their indices.

    Args:
        samples: a number: from the smallest target to the largest, in even steps through their order. `most_wrong`: the 12
            of the largest errors.
        targets: float (count, k); of several numbers the first orders the examples.
        wrong: int (count,), the examples by the size of their errors, the largest first; needed for `most_wrong`.
        predicted: None, as there are no classes.

    Raises:
        DataError: they are wanted by class.
    """
    if isinstance(samples, int):
        order = np.argsort(targets[:, 0], kind="stable")
        places = np.linspace(0, len(order) - 1, min(samples, len(order)))
        return order[np.round(places).astype(np.int64)]
    if samples != "most_wrong":
        hint = "a number takes some from the smallest target to the largest; most_wrong those of the largest errors"
        raise DataError(f"{samples} chooses by class, and the labels are numbers", hint=hint)
    assert wrong is not None
    return wrong[:MOST]
