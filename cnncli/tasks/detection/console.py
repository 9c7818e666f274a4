"""Text output of `cnncli evaluate` for an object detection."""

from __future__ import annotations

from collections.abc import Iterator

from cnncli.messages import FEW_EXAMPLES, cell, rough
from cnncli.tasks.detection.matching import KINDS
from cnncli.tasks.detection.result import DetectionResult
from cnncli.tasks.text_report import FEW_EXAMPLES_HINT, Lines, Table

# Where the threshold of the scores comes from.
THRESHOLD_OF = {True: "the best F1 on the validation split", False: "the best F1 on these images"}
_COSTLY = 5  # mistakes; --json has more


def show(result: DetectionResult) -> Iterator[Lines | Table]:
    """The scores beside the loss."""
    number = rough if result.count < FEW_EXAMPLES else cell
    intervals = result.intervals
    level = f"{intervals.level:.0%} interval"
    whose = THRESHOLD_OF[result.is_chosen_on_validation]
    yield Lines(
        [
            ("mAP50-95", f"{number(result.map50_95)}, {level} {' to '.join(map(number, intervals.map50_95))}"),
            ("mAP50", f"{number(result.map50)}, {level} {' to '.join(map(number, intervals.map50))}"),
            ("mAP75", number(result.map75)),
            (
                "F1",
                f"{number(result.f1)} with boxes of score {result.threshold:.2f} and more, {whose}: "
                f"precision {number(result.precision)}, recall {number(result.recall)}",
            ),
        ]
    )
    rows = [[row.name, *map(number, (row.ap, row.ap50, row.recall)), row.objects] for row in result.per_class]
    yield Table("", ["class", "AP50-95", "AP50", "recall", "objects"], rows)
    mistakes = [[KINDS[kind], count] for kind, count in result.mistakes.items()]
    yield Table(f"mistakes of {result.objects:,} objects", ["", "count"], mistakes)
    if result.most_costly:
        costly = [
            [each.file or f"example {each.index}", each.kind, each.predicted or "", each.true or "", each.cost]
            for each in result.most_costly[:_COSTLY]
        ]
        yield Table("most costly mistakes", ["", "kind", "predicted", "true", "cost"], costly, text_columns=4)


def few_examples_hint(count: int) -> str:
    """What scores on so few examples tell."""
    return FEW_EXAMPLES_HINT
