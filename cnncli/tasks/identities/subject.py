"""An embedding as the subject of pictures: filters and feature maps can be shown, classes cannot be asked for."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from cnncli.data.input_values import InputValues
from cnncli.errors import DataError, RecipeError
from cnncli.interpretability.class_scores import outputs_of
from cnncli.interpretability.examples import MOST
from cnncli.interpretability.unexplained_subject import UnexplainedSubject
from cnncli.recipe.schema_pictures import Samples
from cnncli.tasks.identities.neighbours import find_neighbours
from cnncli.tasks.identities.targets import IdentityTargets

WORDS = {"most_wrong": ", those with a wrong nearest neighbour"}


class VectorSubject(UnexplainedSubject):
    """A network that gives vectors of length 1."""

    WHAT: ClassVar[str] = "identity"
    OPTION: ClassVar[str] = "identity"
    MAXIMIZED_AS: ClassVar[str] = "maximize-vectors"

    @classmethod
    def refusal(cls) -> RecipeError:
        message = "this network gives vectors of identities and has no classes whose evidence or inputs could be drawn"
        return RecipeError(
            message, hint="cnncli feature-maps and visualize-filters show what it sees; maximize takes --layer"
        )

    def told(self, target: Any) -> str:
        assert isinstance(self.targets, IdentityTargets)
        return self.targets.name_of(int(target))

    def said(self, inputs: InputValues) -> NDArray[np.float32]:
        """Vectors: float32 (count, size)."""
        return outputs_of(self.network.model, inputs)

    def answer(self, said: NDArray[np.float32]) -> dict[str, Any]:
        return {}

    def mistakes(
        self, targets: NDArray[Any], said: NDArray[np.float32]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64] | None]:
        """Those whose nearest neighbour is of another identity, the nearest first."""
        found = find_neighbours(said, targets)
        wrong = np.flatnonzero(found.counted & ~found.right)
        return wrong[np.argsort(-found.values[wrong], kind="stable")], None

    def predicted_text(self, said: NDArray[np.float32]) -> str:
        return ""


SUBJECT = VectorSubject


def choose(
    samples: Samples,
    targets: NDArray[Any],
    wrong: NDArray[np.int64] | None = None,
    predicted: NDArray[np.int64] | None = None,
) -> NDArray[np.int64]:
    """Which examples: their indices.

    Args:
        samples: a number: the first of each identity, in turn. `most_wrong`: the first 12 of `wrong`.
        targets: int (count,).
        wrong: int (any,), the examples with a wrong nearest neighbour; needed for `most_wrong`.
        predicted: None, as there are no classes.

    Raises:
        DataError: they are wanted by class.
    """
    if isinstance(samples, int):
        order = np.argsort(targets, kind="stable")
        _, begins, counts = np.unique(targets[order], return_index=True, return_counts=True)
        rank = np.empty(len(targets), np.int64)
        rank[order] = np.arange(len(targets)) - np.repeat(begins, counts)
        return np.lexsort((targets, rank))[:samples]
    if samples != "most_wrong":
        hint = "a number takes the first of each identity; most_wrong those with a wrong nearest neighbour"
        raise DataError(f"{samples} chooses by class, and identities are none", hint=hint)
    assert wrong is not None
    return wrong[:MOST]
