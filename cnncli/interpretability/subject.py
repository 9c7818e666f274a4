"""The subject of pictures: a network, what it can be asked for, and what it says of examples."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from cnncli import task_registry
from cnncli.data.input_values import InputValues
from cnncli.data.targets import TargetInfo
from cnncli.errors import ModelFileError, RecipeError
from cnncli.messages import did_you_mean, shortened
from cnncli.network.flatten_submodels import Opened


@dataclass(frozen=True)
class Subject(ABC):
    """A network to be looked at; a task has one subclass, `SUBJECT` in its `subject`.

    Attributes:
        network: raw examples -> outputs.
        name: what the titles call it.
        targets: of its training.
        WHAT: what it is asked for: "class".
        OPTION: the same in a file's name.
        MAXIMIZED_AS: the file, without its ending, of the inputs that maximize its outputs.
    """

    network: Opened
    name: str
    targets: TargetInfo

    WHAT: ClassVar[str]
    OPTION: ClassVar[str]
    MAXIMIZED_AS: ClassVar[str]

    @property
    def asked_for(self) -> tuple[str, ...]:
        """The names of what can be asked for, by number."""
        return self.targets.class_names

    def check_explains(self, name: str) -> None:
        """Refuse a network that gives nothing that could be explained.

        Args:
            name: of the model, for the message.

        Raises:
            ModelFileError: its output has other axes than the targets.
            RecipeError: its task has nothing to explain.
        """
        shape = tuple(self.network.model.outputs[0].shape[1:])
        if self.targets.unfit_output(shape, "") is not None:
            raise ModelFileError(f"{name} {self.targets.UNLIKE_MODEL}: its output has the shape {shape}")

    def number_of(self, name: str) -> int:
        """The number of what is asked for by name.

        Raises:
            RecipeError: there is none of that name; with the nearest one.
        """
        if name not in self.asked_for:
            hint = did_you_mean(name, map(shortened, self.asked_for))
            raise RecipeError(f"no {self.WHAT} is named `{shortened(name)}`", hint=hint)
        return self.asked_for.index(name)

    @abstractmethod
    def told(self, target: Any) -> str:
        """The target of an example in words."""

    @abstractmethod
    def said(self, inputs: InputValues) -> NDArray[np.float32]:
        """What the network says of examples: float32 (count, what can be asked for).

        Args:
            inputs: (count, *input shape), of several inputs by name.
        """

    def completed(self, outputs: NDArray[np.float32]) -> NDArray[np.float32]:
        """The outputs of an evaluation in the form of `said`."""
        return outputs

    @abstractmethod
    def answer(self, said: NDArray[np.float32]) -> dict[str, Any]:
        """What it says of one example, for people."""

    @abstractmethod
    def mistakes(
        self, targets: NDArray[Any], said: NDArray[np.float32]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64] | None]:
        """The wrong examples, int64 (any,), the most wrong first; and the predicted classes, where there are classes."""

    @abstractmethod
    def wanted(self, name: str, targets: NDArray[Any] | None, said: NDArray[np.float32]) -> NDArray[Any]:
        """The number of what is explained in each example, int (count,).

        Args:
            name: `predicted`, `true`, or one of `asked_for`.
            targets: None where they are not known.

        Raises:
            RecipeError, DataError: there is none of that name, or the targets would have to be known.
        """

    @abstractmethod
    def explained(self, target: Any, said: NDArray[np.float32], wanted: int) -> dict[str, Any]:
        """What a heat map says of an example in JSON."""

    @abstractmethod
    def predicted_text(self, said: NDArray[np.float32]) -> str:
        """What is predicted for one example, in words: `bees (98.2%)`."""

    @abstractmethod
    def is_wrong(self, target: Any, said: NDArray[np.float32]) -> bool | None:
        """Whether a prediction is wrong; None for numbers, which are near or far."""

    def asked_text(self, said: NDArray[np.float32], wanted: int) -> str:
        """Whose heat is shown, where that is not what is predicted: `heat for ants (1.8%)`."""
        return ""

    @abstractmethod
    def heat_title(self, name: str, *, moves: bool) -> tuple[str, str]:
        """The title of heat maps, without the network's name, and what the heat means.

        Args:
            name: as for `wanted`.
            moves: the heat says what changes the score, and not what speaks for it.
        """

    @abstractmethod
    def maximized_title(self, names: Sequence[str]) -> tuple[str, str]:
        """The title of inputs that maximize outputs, without the network's name, and what is written below each."""

    @abstractmethod
    def score(self, scores: Any, numbers: Any) -> Any:
        """What occlusion measures.

        Args:
            scores: before the last activation, float32 (batch, outputs).
            numbers: of what is asked for, int (batch,).

        Returns:
            (batch,).
        """

    def sign_of(self, number: int) -> int:
        """By what the score that is maximized is multiplied to be the network's own."""
        return 1


def subject_for(network: Opened, name: str, targets: TargetInfo) -> Subject:
    """A network as the subject of the task that it was trained for."""
    made: Subject = task_registry.part(targets.task, "subject").SUBJECT(network, name, targets)
    return made
