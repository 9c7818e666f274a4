"""Text output of `cnncli evaluate` for a verification of identities."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cnncli.messages import FEW_EXAMPLES, cell, rough
from cnncli.tasks.identities.result import ExamplePair, IdentitiesResult
from cnncli.tasks.result import Interval
from cnncli.tasks.text_report import FEW_EXAMPLES_HINT, Lines, Table

_PAIRS = 5  # of each kind; --json has more


def show(result: IdentitiesResult) -> Iterator[Lines | Table]:
    """The scores beside the loss."""
    number, intervals = (rough if result.count < FEW_EXAMPLES else cell), result.intervals

    def scored(value: float | None, bounds: Interval | None) -> str:
        interval = f", {intervals.level:.0%} interval {' to '.join(map(number, bounds))}" if bounds else ""
        return f"{number(value)}{interval}"

    kinds = f"{result.same_pairs:,} pairs of one identity, {result.different_pairs:,} of two"
    which = f"; a sample of all pairs of {result.count:,} examples" if result.are_sampled else ""
    lines = [
        ("identities", f"{result.identities:,}; {kinds}{which}"),
        ("AUC", f"{scored(result.auc, intervals.auc)} (verification; guessing gives 0.5)"),
        ("TAR", f"{scored(result.tar_at_far_0_01, intervals.tar_at_far_0_01)} at FAR 0.01"),
        ("", f"{scored(result.tar_at_far_0_001, intervals.tar_at_far_0_001)} at FAR 0.001"),
        ("EER", f"{scored(result.equal_error_rate, intervals.equal_error_rate)} (equal error rate)"),
    ]
    if result.threshold is not None:
        wrong = f"accepts {number(result.false_acceptance)} wrongly, rejects {number(result.false_rejection)} wrongly"
        lines.append(("threshold", f"{result.threshold:.4f}, chosen on the validation split: {wrong}"))
    recall = f"{scored(result.recall_at_1, intervals.recall_at_1)}; a random neighbour gives {number(result.chance_of_recall)}"
    lines.append(("recall@1", recall))
    yield Lines(lines)
    if result.most_alike:
        yield _table("most similar pairs of two identities", result.most_alike)
    if result.least_alike:
        yield _table("least similar pairs of one identity", result.least_alike)


def _table(title: str, pairs: Sequence[ExamplePair]) -> Table:
    rows = [[pair.first.shown, pair.second.shown, pair.similarity] for pair in pairs[:_PAIRS]]
    return Table(title, ["example", "and", "similarity"], rows, text_columns=2)


def few_examples_hint(count: int) -> str:
    """What scores on so few examples tell."""
    return FEW_EXAMPLES_HINT
