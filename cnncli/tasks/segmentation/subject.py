"""A segmentation network as the subject of pictures: a class over the pixels that are predicted as it."""

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
from cnncli.recipe.schema_pictures import Samples
from cnncli.tasks.segmentation.masks import masks_of, shares_of
from cnncli.tasks.segmentation.targets import IGNORED, MaskTargets

WORDS = {"most_wrong": ", those with the lowest IoU", "one_per_class": ", one of each class"}

_AT_A_TIME = 16  # examples
_MOST_CLASSES = 24


class MaskSubject(SeveralClassesSubject):
    """A network that gives masks: a class can be asked for."""

    WHAT: ClassVar[str] = "class"
    OPTION: ClassVar[str] = "class"
    MAXIMIZED_AS: ClassVar[str] = "maximize-classes"
    SEVERAL: ClassVar[str] = "a mask has several true classes"
    BELOW: ClassVar[str] = "mean score of all pixels"

    def told(self, target: Any) -> str:
        assert isinstance(self.targets, MaskTargets)
        return self.targets.shares_text(np.asarray(target))

    def said(self, inputs: InputValues) -> NDArray[np.float32]:
        """The share of each class in the predicted mask: float32 (count, classes)."""
        model, count = self.network.model, self.targets.count
        batches = in_batches(inputs, _AT_A_TIME)
        masks = (masks_of(np.asarray(model(as_input(batch), training=False), np.float32)) for batch in batches)
        return np.concatenate([shares_of(some, count) for some in masks])

    def answer(self, said: NDArray[np.float32]) -> dict[str, Any]:
        return {"predicted": self.predicted_text(said)}

    def mistakes(
        self, targets: NDArray[Any], said: NDArray[np.float32]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64] | None]:
        """All of them, by how far the shares of the classes are from the true ones."""
        true = [np.bincount(mask.ravel(), minlength=256)[: said.shape[1]] / mask.size for mask in targets]
        return np.argsort(-np.abs(np.asarray(true) - said).sum(axis=1), kind="stable"), None

    def most_said(self, said: NDArray[np.float32]) -> NDArray[Any]:
        """The largest class but the first, which mostly is the background."""
        return np.asarray(said[:, 1:].argmax(axis=1) + 1)

    def explained(self, target: Any, said: NDArray[np.float32], wanted: int) -> dict[str, Any]:
        true = None if target is None else self.told(target)
        own = {"class": self.asked_for[wanted], "share": float(said[wanted])}
        return {"true": true, "predicted": self.predicted_text(said), **own}

    def predicted_text(self, said: NDArray[np.float32]) -> str:
        order = np.argsort(-said, kind="stable")
        return ", ".join(f"{self.asked_for[n]} {percent(float(said[n]))}" for n in order.tolist() if said[n]) or "?"

    def is_wrong(self, target: Any, said: NDArray[np.float32]) -> None:
        return None

    def asked_text(self, said: NDArray[np.float32], wanted: int) -> str:
        return f"heat for {self.asked_for[wanted]} ({percent(float(said[wanted]))} of the pixels)"

    def heat_title(self, name: str, *, moves: bool) -> tuple[str, str]:
        whose = "the largest class but the first" if name == "predicted" else f"class {name}"
        if moves:
            return f"influence on the score of {whose}, over its pixels", "changes the score"
        return f"evidence for {whose}, over its pixels", "supports the class"


SUBJECT = MaskSubject


def choose(
    samples: Samples,
    targets: NDArray[Any],
    wrong: NDArray[np.int64] | None = None,
    predicted: NDArray[np.int64] | None = None,
) -> NDArray[np.int64]:
    """Which examples: their indices.

    Args:
        samples: a number: so many, evenly from the first to the last. `one_per_class`: the first with pixels of each class.
            `most_wrong`: the 12 with the lowest IoU.
        targets: uint8 (count, *mask).
        wrong: int (count,), the examples by their mean IoU, the lowest first; needed for `most_wrong`.
        predicted: None, as there is no single class.

    Raises:
        DataError: pairs of classes are asked for.
    """
    if isinstance(samples, int):
        places = np.linspace(0, len(targets) - 1, min(samples, len(targets)))
        return np.round(places).astype(np.int64)
    if samples == "one_per_class":
        found: dict[int, int] = {}
        for row, mask in enumerate(targets):
            for number in np.unique(mask).tolist():
                if number != IGNORED:
                    found.setdefault(number, row)
        rows = [found[number] for number in sorted(found)[:_MOST_CLASSES]]
        return np.asarray(list(dict.fromkeys(rows)), np.int64)
    if samples != "most_wrong":
        hint = "a number takes some; most_wrong those with the lowest IoU"
        raise DataError(f"{samples} compares pairs of classes, and a mask has several", hint=hint)
    assert wrong is not None
    return wrong[:MOST]
