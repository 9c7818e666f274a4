"""A multi-label classifier as the subject of pictures: its labels, and the choice of examples by label."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from cnncli.data.input_values import InputValues
from cnncli.errors import DataError
from cnncli.interpretability.class_scores import outputs_of
from cnncli.interpretability.examples import MOST
from cnncli.interpretability.several_classes_subject import SeveralClassesSubject
from cnncli.messages import percent
from cnncli.recipe.schema_pictures import Samples
from cnncli.tasks.multilabel.scores import THRESHOLD, losses

WORDS = {"most_wrong": ", those with the largest errors", "one_per_class": ", one for each label"}
MOST_LABELS = 24


class LabelSubject(SeveralClassesSubject):
    """A network that gives a probability for each label."""

    WHAT: ClassVar[str] = "label"
    OPTION: ClassVar[str] = "label"
    MAXIMIZED_AS: ClassVar[str] = "maximize-labels"
    SEVERAL: ClassVar[str] = "an example can have several true labels"
    PLURAL: ClassVar[str] = "labels"
    BELOW: ClassVar[str] = "score before the sigmoid"

    def told(self, target: Any) -> str:
        return ", ".join(self.asked_for[column] for column in np.flatnonzero(target)) or "none"

    def said(self, inputs: InputValues) -> NDArray[np.float32]:
        """Probabilities: float32 (count, labels)."""
        return outputs_of(self.network.model, inputs)

    def answer(self, said: NDArray[np.float32]) -> dict[str, Any]:
        return {"predicted": self.told(said > THRESHOLD)}

    def mistakes(
        self, targets: NDArray[Any], said: NDArray[np.float32]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64] | None]:
        wrong = np.flatnonzero(((said > THRESHOLD) != targets.astype(bool)).any(axis=1))
        return wrong[np.argsort(-losses(targets[wrong], said[wrong]), kind="stable")], None

    def explained(self, target: Any, said: NDArray[np.float32], wanted: int) -> dict[str, Any]:
        return {
            "true": None if target is None else self.told(target),
            "predicted": self.told(said > THRESHOLD),
            "label": self.asked_for[wanted],
            "probability": float(said[wanted]),
        }

    def predicted_text(self, said: NDArray[np.float32]) -> str:
        return self.told(said > THRESHOLD)

    def is_wrong(self, target: Any, said: NDArray[np.float32]) -> bool:
        return bool(((said > THRESHOLD) != np.asarray(target, bool)).any())

    def asked_text(self, said: NDArray[np.float32], wanted: int) -> str:
        return f"heat for {self.asked_for[wanted]} ({percent(float(said[wanted]))})"

    def heat_title(self, name: str, *, moves: bool) -> tuple[str, str]:
        whose = "the most probable label" if name == "predicted" else f"label {name}"
        if moves:
            return f"influence on the score of {whose}", "changes the score"
        return f"evidence for {whose}", "supports the label"


SUBJECT = LabelSubject


def choose(
    samples: Samples,
    targets: NDArray[Any],
    wrong: NDArray[np.int64] | None = None,
    predicted: NDArray[np.int64] | None = None,
) -> NDArray[np.int64]:
    """Which examples: their indices.

    Args:
        samples: a number: the first of each label, in turn. `one_per_class`: the first of each of the first 24 labels.
            `most_wrong`: the first 12 of `wrong`.
        targets: uint8 (count, labels).
        wrong: int (any,), the examples with a wrong label, the largest loss first; needed for `most_wrong`.
        predicted: None, as there is no single class.

    Raises:
        DataError: pairs of classes are asked for.
    """
    if isinstance(samples, int):
        # The rank of an example within a label: how many before it have the label; its best one orders it.
        rank = np.where(targets > 0, np.cumsum(targets, axis=0, dtype=np.int64), len(targets) + 1)
        return np.lexsort((rank.argmin(axis=1), rank.min(axis=1)))[:samples]
    if samples == "one_per_class":
        first = targets.argmax(axis=0)[targets.any(axis=0)]
        return np.asarray(list(dict.fromkeys(first.tolist())), np.int64)[:MOST_LABELS]
    if samples != "most_wrong":
        hint = "a number takes some of every label; most_wrong those with the largest errors"
        raise DataError(f"{samples} compares pairs of classes, and an example can have several labels", hint=hint)
    assert wrong is not None
    return wrong[:MOST]
