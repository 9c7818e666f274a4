"""A classifier as the subject of pictures: its classes, and the choice of examples by class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from cnncli.data.input_values import InputValues
from cnncli.errors import DataError
from cnncli.interpretability.class_scores import log_odds, of_both_classes, probabilities
from cnncli.interpretability.examples import MOST
from cnncli.interpretability.subject import Subject
from cnncli.messages import counted, percent
from cnncli.recipe.schema_pictures import BY_PREDICTION, Samples
from cnncli.tasks.classification.mistakes import wrong_examples

MOST_CLASSES = 24
WORDS = {
    "most_confused": ", the most confused ones",
    "most_wrong": ", the most confident wrong ones",
    "one_per_class": ", one for each class",
}


class ClassSubject(Subject):
    """A network that tells classes apart."""

    WHAT: ClassVar[str] = "class"
    OPTION: ClassVar[str] = "class"
    MAXIMIZED_AS: ClassVar[str] = "maximize-classes"

    def told(self, target: Any) -> str:
        return self.asked_for[int(target)]

    def said(self, inputs: InputValues) -> NDArray[np.float32]:
        """Probabilities: float32 (count, classes), of which each row sums to 1."""
        return probabilities(self.network.model, inputs)

    def completed(self, outputs: NDArray[np.float32]) -> NDArray[np.float32]:
        return of_both_classes(outputs)

    def answer(self, said: NDArray[np.float32]) -> dict[str, Any]:
        predicted = int(said.argmax())
        return {"predicted": self.asked_for[predicted], "probability": float(said[predicted])}

    def mistakes(
        self, targets: NDArray[Any], said: NDArray[np.float32]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64] | None]:
        predicted = said.argmax(axis=-1)
        return wrong_examples(targets, predicted, said.max(axis=-1)), predicted

    def wanted(self, name: str, targets: NDArray[Any] | None, said: NDArray[np.float32]) -> NDArray[Any]:
        if name == "predicted":
            return np.asarray(said.argmax(axis=-1))
        if name == "true":
            if targets is None:
                raise DataError("of image files the true class is not known", hint="name it: --class NAME")
            return targets
        return np.full(len(said), self.number_of(name))

    def explained(self, target: Any, said: NDArray[np.float32], wanted: int) -> dict[str, Any]:
        return {
            "true": None if target is None else self.told(target),
            "predicted": self.asked_for[int(said.argmax())],
            "class": self.asked_for[wanted],
            "probability": float(said[wanted]),
        }

    def predicted_text(self, said: NDArray[np.float32]) -> str:
        return self._with_probability(int(said.argmax()), said)

    def is_wrong(self, target: Any, said: NDArray[np.float32]) -> bool:
        return int(target) != int(said.argmax())

    def asked_text(self, said: NDArray[np.float32], wanted: int) -> str:
        return "" if wanted == said.argmax() else f"heat for {self._with_probability(wanted, said)}"

    def _with_probability(self, number: int, said: NDArray[np.float32]) -> str:
        return f"{self.asked_for[number]} ({percent(float(said[number]))})"

    def heat_title(self, name: str, *, moves: bool) -> tuple[str, str]:
        whose = f"the {name} class" if name in ("predicted", "true") else f"class {name}"
        if moves:
            return f"influence on the score of {whose}", "changes the score"
        return f"evidence for {whose}", "supports the class"

    def maximized_title(self, names: Sequence[str]) -> tuple[str, str]:
        activation = "sigmoid" if self.network.model.output_shape[-1] == 1 else "softmax"
        return f"inputs that maximize {counted(len(names), 'class', 'classes')}", f"score before the {activation}"

    def score(self, scores: Any, numbers: Any) -> Any:
        return log_odds(scores, numbers)


SUBJECT = ClassSubject


def choose(
    samples: Samples,
    targets: NDArray[Any],
    wrong: NDArray[np.int64] | None = None,
    predicted: NDArray[np.int64] | None = None,
) -> NDArray[np.int64]:
    """Which examples: their indices, at most 12 of the wrong ones and 24 classes.

    Args:
        samples: a number: the first of every class, in turn. `one_per_class`. `most_wrong`: those whose wrong class the network
            is surest of. `most_confused`: the surest of each pair of a true and a predicted class, the most frequent pair first.
        targets: int (count,), the true classes.
        wrong: int (any,), which examples are wrong, the surest first; needed for the last two.
        predicted: int (count,), the predicted classes; needed for the last one.
    """
    if isinstance(samples, int):
        return np.lexsort((targets, _rank(targets)))[:samples]
    if samples == "one_per_class":
        return np.unique(targets, return_index=True)[1][:MOST_CLASSES]
    assert samples in BY_PREDICTION
    assert wrong is not None
    if samples == "most_wrong":
        return wrong[:MOST]
    assert predicted is not None
    pairs = targets[wrong].astype(np.int64) * (predicted.max() + 1) + predicted[wrong]
    _, pair, counts = np.unique(pairs, return_inverse=True, return_counts=True)
    return wrong[np.lexsort((pair, -counts[pair], _rank(pair)))][:MOST]


def _rank(groups: NDArray[Any]) -> NDArray[np.int64]:
    """Of each item how many of its group stand before it."""
    rank = np.zeros(len(groups), dtype=np.int64)
    for group in np.unique(groups):
        rank[groups == group] = np.arange(np.sum(groups == group))
    return rank
