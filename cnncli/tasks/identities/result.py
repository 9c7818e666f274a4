"""The result of a verification of identities, as evaluation.json holds it."""

from __future__ import annotations

from typing import Literal

from cnncli.errors import Problem
from cnncli.recipe.targets.identities import SCORES
from cnncli.tasks.result import Interval, Intervals, Part, Result, Score


class IdentityIntervals(Intervals):
    """Intervals over the identities; None where the examples define none."""

    auc: Interval | None
    tar_at_far_0_01: Interval | None
    tar_at_far_0_001: Interval | None
    equal_error_rate: Interval | None
    recall_at_1: Interval | None


class Example(Part):
    """An example as results name it.

    Attributes:
        index: in the split, from 0.
        file: inside the data's folder; None where examples are not files.
        identity: its name.
    """

    index: int
    file: str | None
    identity: str

    @property
    def shown(self) -> str:
        """`anna/3.jpg`, `example 12 (anna)`."""
        return self.file or f"example {self.index} ({self.identity})"


class ExamplePair(Part):
    """Two examples and the cosine of their vectors."""

    first: Example
    second: Example
    similarity: float


class IdentitiesResult(Result):
    """Scores of pairs and of nearest neighbours.

    Attributes:
        identities: how many there are.
        same_pairs, different_pairs: how many pairs of one identity and of two were compared.
        are_sampled: whether there are more pairs than these.
        auc: area under the ROC curve of the pairs; None where there are no pairs of one kind.
        tar_at_far_0_01, tar_at_far_0_001: share of pairs of one identity that are accepted where 1% and 0.1% of the others
            are; None where so few others are there that the rate cannot be measured.
        equal_error_rate: where as many are accepted wrongly as are rejected wrongly.
        threshold: the similarity from which on a pair is taken for one identity, chosen on the validation split; None where
            it is not known.
        false_acceptance, false_rejection: the shares of wrong answers by that threshold.
        recall_at_1: how often the nearest other example is of the same identity.
        chance_of_recall: the same where neighbours are drawn at random.
        most_alike: pairs of two identities, the most similar first.
        least_alike: pairs of one identity, the least similar first.
        wrong_neighbours: examples whose nearest neighbour is of another identity, the nearest first.
    """

    task: Literal["identities"] = "identities"
    intervals: IdentityIntervals
    identities: int
    same_pairs: int
    different_pairs: int
    are_sampled: bool
    auc: Score
    tar_at_far_0_01: Score
    tar_at_far_0_001: Score
    equal_error_rate: Score
    threshold: Score
    false_acceptance: Score
    false_rejection: Score
    recall_at_1: Score
    chance_of_recall: Score
    most_alike: tuple[ExamplePair, ...]
    least_alike: tuple[ExamplePair, ...]
    wrong_neighbours: tuple[ExamplePair, ...]

    @property
    def scores(self) -> dict[str, float]:
        values = {name: getattr(self, name) for name in SCORES}
        return {name: value for name, value in values.items() if value is not None}

    def remarks(self) -> tuple[Problem, ...]:
        if self.same_pairs and self.different_pairs:
            return ()
        kind = "one identity" if self.different_pairs else "two identities"
        return (Problem(f"no pair of examples is of {kind}: verification cannot be scored"),)


RESULT = IdentitiesResult
