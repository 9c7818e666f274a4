"""Report sections of a verification of identities: ROC curve, similarities, neighbours, confused pairs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from cnncli.report import values
from cnncli.report.headline import Headline, Tile
from cnncli.tasks.identities.result import ExamplePair, IdentitiesResult
from cnncli.tasks.identities.targets import IdentityTargets
from cnncli.tasks.result import Interval

Row = tuple[str, str, str]


@dataclass(frozen=True)
class Sections:
    """What the template shows.

    Attributes:
        alike: pairs of two identities: both examples and their similarity.
        unlike: pairs of one identity.
        wrong: examples with a wrong nearest neighbour.
    """

    alike: Sequence[Row]
    unlike: Sequence[Row]
    wrong: Sequence[Row]
    charted: Sequence[str] = ()

    ERRORS: ClassVar[str] = "Nearest neighbours and confused pairs"

    @property
    def has_examples(self) -> bool:
        return bool(self.alike or self.unlike)


def targets_fact(targets: IdentityTargets) -> tuple[str, list[str]]:
    """The targets of the training: a word, and the lines behind it."""
    lines = [f"{targets.identities:,} in training"]
    if targets.threshold is not None:
        lines.append(f"threshold {values.decimal(targets.threshold)}, chosen on the validation split")
    return "Identities", lines


def headline(result: IdentitiesResult) -> Headline:
    """The verification AUC, and what it is compared with."""
    return Headline("verification AUC", values.rate(result.auc), _interval(result.intervals.auc), "guessing gives 0.5")


def tiles(result: IdentitiesResult) -> list[Tile]:
    """What stands beside the headline at the top of the page."""
    level = f"{result.intervals.level:.0%} interval"
    shown = (
        ("Equal error rate", result.equal_error_rate, result.intervals.equal_error_rate),
        ("Recall@1", result.recall_at_1, result.intervals.recall_at_1),
    )
    return [
        Tile(name, values.rate(value), f"{level} {_interval(bounds)}" if bounds else "")
        for name, value, bounds in shown
    ]


def numbers(result: IdentitiesResult) -> list[tuple[str, str, str]]:
    """The scores that the head of the page does not have: name, value and interval."""
    intervals = result.intervals
    rows = [
        (
            "true acceptance at a false acceptance of 1%",
            values.rate(result.tar_at_far_0_01),
            _interval(intervals.tar_at_far_0_01),
        ),
        (
            "true acceptance at a false acceptance of 0.1%",
            values.rate(result.tar_at_far_0_001),
            _interval(intervals.tar_at_far_0_001),
        ),
        ("recall@1 of a random neighbour", values.rate(result.chance_of_recall), ""),
        ("identities", values.whole(result.identities), ""),
        ("pairs of one identity", values.whole(result.same_pairs), ""),
        ("pairs of two identities", values.whole(result.different_pairs), ""),
    ]
    if result.threshold is not None:
        rows += [
            ("threshold, chosen on the validation split", values.decimal(result.threshold), ""),
            ("pairs of two identities that it accepts", values.rate(result.false_acceptance), ""),
            ("pairs of one identity that it rejects", values.rate(result.false_rejection), ""),
        ]
    return rows


def sections(result: IdentitiesResult) -> Sections:
    """Tables."""
    return Sections(
        alike=_rows(result.most_alike), unlike=_rows(result.least_alike), wrong=_rows(result.wrong_neighbours)
    )


def _rows(pairs: Sequence[ExamplePair]) -> list[Row]:
    return [(pair.first.shown, pair.second.shown, values.decimal(pair.similarity)) for pair in pairs]


def _interval(bounds: Interval | None) -> str:
    return " to ".join(map(values.rate, bounds)) if bounds else ""
