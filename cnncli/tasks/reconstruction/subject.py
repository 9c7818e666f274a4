"""A network that reconstructs its input as the subject of pictures: feature maps and filters; it has nothing to explain."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from cnncli.data.input_values import InputValues
from cnncli.errors import DataError, RecipeError
from cnncli.interpretability.examples import MOST
from cnncli.interpretability.unexplained_subject import UnexplainedSubject
from cnncli.network.model_inputs import part_of
from cnncli.recipe.schema_pictures import Samples
from cnncli.tasks.reconstruction.quality import squared_errors
from cnncli.tasks.reconstruction.targets import InputTargets, preparation

WORDS = {"most_wrong": ", those with the largest errors"}

_AT_A_TIME = 32  # examples


class InputSubject(UnexplainedSubject):
    """A network that gives back its input: filters and feature maps can be drawn, and no class or number can be explained."""

    WHAT: ClassVar[str] = "class"
    OPTION: ClassVar[str] = "class"
    MAXIMIZED_AS: ClassVar[str] = "maximize"

    @classmethod
    def refusal(cls) -> RecipeError:
        message = "heat maps and maximize explain a class or a number, and a network that reconstructs its input gives neither"
        hint = (
            "the pictures of the run show the error at each place; maximize --layer draws what its filters respond to"
        )
        return RecipeError(message, hint=hint)

    def told(self, target: Any) -> str:
        return ""

    def said(self, inputs: InputValues) -> NDArray[np.float32]:
        """The mean squared errors: float32 (count, 1)."""
        assert isinstance(inputs, np.ndarray)
        assert isinstance(self.targets, InputTargets)
        model = part_of(self.network.model, self.network.model.outputs[0])
        prepare = preparation(model, self.targets.layers)
        errors = [
            squared_errors(prepare(some).numpy(), np.asarray(model(some, training=False)))
            for some in (inputs[begin : begin + _AT_A_TIME] for begin in range(0, len(inputs), _AT_A_TIME))
        ]
        return np.concatenate(errors)[:, None].astype(np.float32)

    def answer(self, said: NDArray[np.float32]) -> dict[str, Any]:
        return {"mean_squared_error": float(said[0])}

    def mistakes(
        self, targets: NDArray[Any], said: NDArray[np.float32]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64] | None]:
        """All of them, by their errors."""
        return np.argsort(-said[:, 0], kind="stable"), None

    def predicted_text(self, said: NDArray[np.float32]) -> str:
        return f"MSE {float(said[0]):.4g}"


SUBJECT = InputSubject


def choose(
    samples: Samples,
    targets: NDArray[Any],
    wrong: NDArray[np.int64] | None = None,
    predicted: NDArray[np.int64] | None = None,
) -> NDArray[np.int64]:
    """Which examples: their indices.

    Args:
        samples: a number: so many, evenly from the first to the last. `most_wrong`: the 12 of the largest errors.
        targets: (count, …), which tell their number alone.
        wrong: int (count,), the examples by their errors, the largest first; needed for `most_wrong`.
        predicted: None, as there are no classes.

    Raises:
        DataError: they are wanted by class.
    """
    if isinstance(samples, int):
        places = np.linspace(0, len(targets) - 1, min(samples, len(targets)))
        return np.round(places).astype(np.int64)
    if samples != "most_wrong":
        hint = "a number takes so many examples; most_wrong those of the largest errors"
        raise DataError(f"{samples} chooses by class, and a network that reconstructs its input has none", hint=hint)
    assert wrong is not None
    return wrong[:MOST]
