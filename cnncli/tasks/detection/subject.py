"""An object detector as the subject of pictures: the best score of each class, and the choice of examples by class."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from cnncli.data.input_values import InputValues
from cnncli.errors import DataError
from cnncli.interpretability.class_scores import as_input, in_batches
from cnncli.interpretability.examples import MOST
from cnncli.interpretability.several_classes_subject import SeveralClassesSubject
from cnncli.messages import percent
from cnncli.network.model_inputs import part_of
from cnncli.recipe.schema_pictures import Samples
from cnncli.tasks.detection.targets import BoxTargets

WORDS = {"most_wrong": ", those with the most costly mistakes", "one_per_class": ", one with each class"}
MOST_CLASSES = 24
_BATCH = 32


class BoxSubject(SeveralClassesSubject):
    """A network that gives maps of centres: of each class the score of its best cell can be asked for."""

    WHAT: ClassVar[str] = "class"
    OPTION: ClassVar[str] = "class"
    MAXIMIZED_AS: ClassVar[str] = "maximize-classes"
    SEVERAL: ClassVar[str] = "an image can have objects of several classes"
    BELOW: ClassVar[str] = "score before the sigmoid"

    @property
    def _least_score(self) -> float:
        assert isinstance(self.targets, BoxTargets)
        return self.targets.least_score

    def told(self, target: Any) -> str:
        numbers = np.asarray(target)[:, 4]
        counts = np.bincount(numbers[numbers >= 0].astype(int), minlength=len(self.asked_for))
        return (
            ", ".join(f"{count} {self.asked_for[number]}" for number, count in enumerate(counts) if count) or "nothing"
        )

    def said(self, inputs: InputValues) -> NDArray[np.float32]:
        """The best score of each class: float32 (count, classes)."""
        model = part_of(self.network.model, self.network.model.outputs[0])
        maps = [np.asarray(model(as_input(batch), training=False), np.float32) for batch in in_batches(inputs, _BATCH)]
        return np.concatenate([each.max(axis=(1, 2)) for each in maps])

    def completed(self, outputs: NDArray[np.float32]) -> NDArray[np.float32]:
        """From boxes (count, boxes * 6)."""
        boxes = outputs.reshape(len(outputs), -1, 6)
        scores = [
            np.where(boxes[..., 4] == number, boxes[..., 5], 0).max(axis=1) for number in range(len(self.asked_for))
        ]
        return np.stack(scores, axis=1).astype(np.float32)

    def answer(self, said: NDArray[np.float32]) -> dict[str, Any]:
        return {"predicted": self.predicted_text(said)}

    def mistakes(
        self, targets: NDArray[Any], said: NDArray[np.float32]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64] | None]:
        """By classes that are there and were not found, or found and are not there."""
        wrong = np.abs(self._is_there(targets) - said)
        rows = np.flatnonzero((wrong > 1 - self._least_score).any(axis=1))
        return rows[np.argsort(-wrong[rows].sum(axis=1), kind="stable")], None

    def _is_there(self, targets: NDArray[Any]) -> NDArray[np.bool_]:
        numbers = np.arange(len(self.asked_for))
        found: NDArray[np.bool_] = (targets[..., 4, None] == numbers).any(axis=1)
        return found

    def explained(self, target: Any, said: NDArray[np.float32], wanted: int) -> dict[str, Any]:
        return {
            "true": None if target is None else self.told(target),
            "predicted": self.predicted_text(said),
            "class": self.asked_for[wanted],
            "score": float(said[wanted]),
        }

    def predicted_text(self, said: NDArray[np.float32]) -> str:
        found = [number for number in np.argsort(-said).tolist() if said[number] >= self._least_score]
        return ", ".join(f"{self.asked_for[number]} ({percent(float(said[number]))})" for number in found) or "nothing"

    def is_wrong(self, target: Any, said: NDArray[np.float32]) -> bool:
        is_there = self._is_there(np.asarray(target)[None])[0]
        return bool(((said >= self._least_score) != is_there).any())

    def asked_text(self, said: NDArray[np.float32], wanted: int) -> str:
        return f"heat for {self.asked_for[wanted]} ({percent(float(said[wanted]))})"

    def heat_title(self, name: str, *, moves: bool) -> tuple[str, str]:
        whose = "the most certain class" if name == "predicted" else f"class {name}"
        if moves:
            return f"influence on the score of {whose}", "changes the score"
        return f"evidence for objects of {whose}", "supports the class"


SUBJECT = BoxSubject


def choose(
    samples: Samples,
    targets: NDArray[Any],
    wrong: NDArray[np.int64] | None = None,
    predicted: NDArray[np.int64] | None = None,
) -> NDArray[np.int64]:
    """Which examples: their indices.

    Args:
        samples: a number: so many in even steps. `one_per_class`: the first with each of the first 24 classes. `most_wrong`: the
            first 12 of `wrong`.
        targets: float32 (count, boxes, 5).
        wrong: int (any,), the images with mistakes, the most costly first; needed for `most_wrong`.
        predicted: None, as there is no single class.

    Raises:
        DataError: pairs of classes are asked for.
    """
    if isinstance(samples, int):
        return np.linspace(0, len(targets) - 1, min(samples, len(targets))).astype(np.int64)
    if samples == "one_per_class":
        numbers = np.unique(targets[..., 4])
        first = [int(np.flatnonzero((targets[..., 4] == number).any(axis=1))[0]) for number in numbers if number >= 0]
        return np.asarray(list(dict.fromkeys(first)), np.int64)[:MOST_CLASSES]
    if samples != "most_wrong":
        hint = "a number takes some images; most_wrong those with the most costly mistakes"
        raise DataError(f"{samples} compares pairs of classes, and an image has objects of several", hint=hint)
    assert wrong is not None
    return wrong[:MOST]
