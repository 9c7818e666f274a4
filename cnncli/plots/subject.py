"""The subject of pictures: a network and the names of its outputs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cnncli.errors import RecipeError
from cnncli.interpretability.class_scores import ends_of, outputs_of, probabilities
from cnncli.messages import did_you_mean, shortened
from cnncli.network.flatten_submodels import Opened
from cnncli.plots.style import number_text


@dataclass(frozen=True)
class Subject:
    """A network to be looked at.

    Attributes:
        network: raw examples -> outputs.
        name: what the titles call it.
        class_names: by label.
    """

    network: Opened
    name: str
    class_names: tuple[str, ...]

    @property
    def what(self) -> str:
        """What it is looked at for."""
        return "class"

    @property
    def maximized_as(self) -> str:
        """The file, without its ending, of what its classes like most."""
        return "maximize-classes"

    def told(self, label: Any) -> str:
        """The label of an example in words."""
        return self.class_names[int(label)]

    def sign_of(self, label: int) -> int:
        """By what the score that speaks for a label is to be multiplied to be the network's own."""
        return 1

    def said(self, inputs: np.ndarray) -> np.ndarray:
        """What the network says of examples: float32 (count, classes), of which each row sums to 1."""
        return probabilities(self.network.model, inputs)

    def answer(self, said: np.ndarray) -> dict[str, Any]:
        """What it says of an example, float32 (classes,), for people."""
        predicted = int(said.argmax())
        return {"predicted": self.class_names[predicted], "probability": float(said[predicted])}

    def class_number(self, name: str) -> int:
        """The label of a class.

        Raises:
            RecipeError: there is none of that name; with the nearest one.
        """
        if name not in self.class_names:
            hint = did_you_mean(name, map(shortened, self.class_names))
            raise RecipeError(f"no class is named `{shortened(name)}`", hint=hint)
        return self.class_names.index(name)


class NumberSubject(Subject):
    """A network that gives quantities; in the place of classes stand the ends of `insight.scores.ends_of`."""

    @property
    def what(self) -> str:
        return "number"

    @property
    def maximized_as(self) -> str:
        return "maximize-numbers"

    def told(self, label: Any) -> str:
        return ", ".join(number_text(float(value)) for value in np.atleast_1d(label))

    @property
    def gives_one(self) -> bool:
        """Whether it gives one number, which can be small or large."""
        return self.class_names == ends_of(1)

    def what_makes(self, ends: Sequence[str]) -> str:
        """What a picture of some ends shows, in words."""
        listed = " and ".join(ends) if len(ends) < 4 else "each number"
        return f"what makes the number {listed}" if self.gives_one else f"what makes {listed} large"

    def sign_of(self, label: int) -> int:
        return -1 if self.gives_one and label == 0 else 1

    def class_number(self, name: str) -> int:
        if name not in self.class_names:
            hint = f"one of: {', '.join(self.class_names)}"
            raise RecipeError(f"the network gives numbers, and no class `{shortened(name)}`", hint=hint)
        return self.class_names.index(name)

    def answer(self, said: np.ndarray) -> dict[str, Any]:
        return {"predicted": self.told(said)}

    def said(self, inputs: np.ndarray) -> np.ndarray:
        """The numbers that the network gives: float32 (count, k)."""
        return outputs_of(self.network.model, inputs)


def subject_for(network: Opened, name: str, class_names: tuple[str, ...], number_count: int) -> Subject:
    """A network of classes, or where it gives so many numbers, of these."""
    return NumberSubject(network, name, ends_of(number_count)) if number_count else Subject(network, name, class_names)
