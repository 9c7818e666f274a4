"""Decode a classifier's outputs: the most probable classes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import keras
import numpy as np
from numpy.typing import NDArray

from cnncli.data.images import Form
from cnncli.messages import cell, counted, printable, shortened
from cnncli.recipe.layers import output_activation
from cnncli.recipe.outputs import outputs_of
from cnncli.recipe.schema import Recipe
from cnncli.tasks.classification.scores import predicted_classes
from cnncli.tasks.decoder import Decoder, Tally

_PROBABILITIES = ("softmax", "sigmoid", "hard_sigmoid")
_MOST_CLASSES = 6  # in the line that counts them


@dataclass(frozen=True)
class ClassDecoder(Decoder):
    """Outputs are `probabilities`, `logits` (softmax or sigmoid makes probabilities of them) or other `scores`."""

    FORMS: ClassVar[tuple[str, ...]] = ("probabilities", "logits", "scores")

    @classmethod
    def form_of(cls, recipe: Recipe) -> str:
        [main, *_] = outputs_of(recipe)
        if main.loss and main.loss.args.get("from_logits"):
            return "logits"
        return "probabilities" if output_activation(main.layers(recipe)) in _PROBABILITIES else "scores"

    @classmethod
    def form_of_model(cls, model: keras.Model) -> str:
        last = model.layers[-1]
        activation = getattr(getattr(last, "activation", None), "__name__", "")
        has_them = isinstance(last, keras.layers.Softmax) or activation in _PROBABILITIES
        return "probabilities" if has_them else "logits"

    @property
    def names(self) -> tuple[str, ...]:
        """Of the classes by output; one output tells two classes apart, and one without a name is called by its number."""
        count = max(self.count, 2)
        names = self.targets.class_names
        return (*names[:count], *(str(index) for index in range(len(names), count)))

    @property
    def size(self) -> str:
        return counted(len(self.names), "class", "classes")

    @property
    def gives_probabilities(self) -> bool:
        return self.form != "scores"

    def activated(self, outputs: Any) -> Any:
        if self.form != "logits":
            return outputs
        return keras.ops.sigmoid(outputs) if self.count == 1 else keras.ops.softmax(outputs)

    def decisions(self, outputs: NDArray[np.float32]) -> NDArray[Any]:
        return predicted_classes(outputs)

    def decode(
        self, names: Sequence[Any], outputs: NDArray[np.float32], top: int
    ) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        if len(outputs):
            predicted_classes(outputs)  # raises where there is no largest
        if outputs.shape[1] == 1:
            outputs = np.hstack([1 - outputs, outputs])  # of class 0, of class 1
        classes = np.argsort(-outputs, axis=1, kind="stable")[:, :top]  # the first of equal ones, as everywhere
        return classes.astype(np.int32), np.take_along_axis(outputs, classes, axis=1)

    @property
    def _word(self) -> str:
        return "probability" if self.gives_probabilities else "output"

    def script(self, outputs: Sequence[str], form: Form | None) -> list[str]:
        lines = [f"values = outputs[{outputs[0]!r}]"]
        if self.form == "logits" and self.count == 1:
            lines.append("values = 1 / (1 + np.exp(-values))")
        elif self.form == "logits":
            lines += ["values = np.exp(values - values.max())", "values = values / values.sum()"]
        if self.count == 1:
            lines.append("values = np.array([1 - values[0], values[0]])")
        shown = "{values[best]:.1%}" if self.gives_probabilities else "{values[best]:.4g}"
        names = "about['class_names'][best]" if self.targets.class_names else "best"
        return [*lines, "best = int(values.argmax())", f'print(f"{{file}}: {{{names}}} {shown}")']

    @property
    def titles(self) -> tuple[str, str, str]:
        return "class", self._word, "next classes"

    @property
    def words(self) -> tuple[str, ...]:
        return self.names

    def row(self, indices: Sequence[int], values: Sequence[float]) -> tuple[str, str, str]:
        names = self.names
        found, *others = [(printable(names[index]), cell(value)) for index, value in zip(indices, values, strict=True)]
        return *found, ", ".join(f"{name} {value}" for name, value in others)

    def shares(self, indices: Sequence[int], values: Sequence[float]) -> dict[str, float]:
        if not self.gives_probabilities:
            return {}
        names = self.names
        return {printable(names[index]): value for index, value in zip(indices, values, strict=True)}

    def item(self, indices: Sequence[int], values: Sequence[float]) -> dict[str, Any]:
        names = self.names
        top = [{"class": names[index], self._word: value} for index, value in zip(indices, values, strict=True)]
        return {**top[0], "top": top}

    def columns(self, top: int) -> list[str]:
        numbers = range(2, min(top, len(self.names)) + 1)
        return ["class", self._word, *(f"{word}_{number}" for number in numbers for word in ("class", self._word))]

    def cells(self, indices: Sequence[int], values: Sequence[float]) -> list[str]:
        names = self.names
        pairs = zip(indices, values, strict=True)
        return [text for index, value in pairs for text in (names[index], f"{value:.6g}")]

    def tally(self) -> Tally:
        return _ClassTally(self.names)


@dataclass
class _ClassTally:
    """How many of which class."""

    names: tuple[str, ...]
    counts: Counter[int] = field(default_factory=Counter)

    def add(self, indices: NDArray[np.int32], values: NDArray[np.float32]) -> None:
        self.counts.update(indices[:, 0].tolist())

    def __str__(self) -> str:
        order = sorted(self.counts, key=lambda index: (-self.counts[index], index))
        told = [f"{shortened(self.names[index])} ({self.counts[index]:,})" for index in order[:_MOST_CLASSES]]
        if len(order) > _MOST_CLASSES:
            told.append(counted(len(order) - _MOST_CLASSES, "other class", "other classes"))
        return ", ".join(told)


DECODER = ClassDecoder
