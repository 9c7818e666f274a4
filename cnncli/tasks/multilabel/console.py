"""Text output of `cnncli evaluate` for a multi-label classification."""

from __future__ import annotations

from collections.abc import Iterator

from cnncli.messages import FEW_EXAMPLES, cell, rough
from cnncli.tasks.multilabel.result import MultilabelResult
from cnncli.tasks.text_report import FEW_EXAMPLES_HINT, Lines, Table

_PAIRS = 5  # of labels; --json has more
_WRONG = 5  # examples; --json has more


def show(result: MultilabelResult) -> Iterator[Lines | Table]:
    """The scores beside loss and metrics."""
    number = rough if result.count < FEW_EXAMPLES else cell
    intervals, best = result.intervals, result.best_threshold
    level = f"{intervals.level:.0%} interval"
    lines = [
        ("macro F1", f"{number(result.macro_f1)}, {level} {' to '.join(map(number, intervals.macro_f1))}"),
        ("baseline", f"{number(result.baseline.macro_f1)} by always predicting every label"),
        ("micro F1", f"{number(result.micro_f1)}, {level} {' to '.join(map(number, intervals.micro_f1))}"),
        ("exact match", f"{number(result.exact_match)}; wrong labels {number(result.hamming_loss)} (Hamming loss)"),
    ]
    if best:
        lines.append(("threshold", f"best micro F1 {number(best.f1)} at {best.threshold:.2f}, on these examples"))
    yield Lines(lines)
    rows = [
        [row.name, *map(number, (row.precision, row.recall, row.f1, row.average_precision)), row.support]
        for row in result.per_label
    ]
    yield Table("", ["label", "precision", "recall", "F1", "AP", "support"], rows)
    if result.together:
        pairs = [[pair.first, pair.second, pair.count] for pair in result.together[:_PAIRS]]
        yield Table("most often together", ["label", "and", "count"], pairs, text_columns=2)
    if result.most_wrong:
        wrong = [
            [each.file or f"example {each.index}", labels_text(each.true), labels_text(each.predicted), each.loss]
            for each in result.most_wrong[:_WRONG]
        ]
        yield Table("largest errors", ["", "true", "predicted", "loss"], wrong, text_columns=3)


def labels_text(labels: tuple[str, ...]) -> str:
    """`cat, dog`, or `none`."""
    return ", ".join(labels) or "none"


def few_examples_hint(count: int) -> str:
    """What scores on so few examples tell."""
    return FEW_EXAMPLES_HINT
