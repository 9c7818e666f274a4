"""Report sections of an object detection: average precision by class, mistakes by kind, the most costly ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from cnncli.report import values
from cnncli.report.headline import Headline, Tile
from cnncli.tasks.detection.console import THRESHOLD_OF
from cnncli.tasks.detection.matching import KINDS
from cnncli.tasks.detection.result import DetectionResult
from cnncli.tasks.detection.scores import ClassAp
from cnncli.tasks.detection.targets import BoxTargets
from cnncli.tasks.result import Interval

_MOST_COSTLY = 20


@dataclass(frozen=True)
class Sections:
    """What the template shows.

    Attributes:
        classes: the scores of each class.
        kinds: of mistakes, in words, with how many there are.
        costly: the image, the kind of the mistake, the predicted and the true class, and its cost.
    """

    classes: Sequence[ClassAp]
    kinds: Sequence[tuple[str, int]]
    costly: Sequence[tuple[str, str, str, str, str]]
    charted: Sequence[str] = ()

    ERRORS: ClassVar[str] = "Most costly mistakes"

    @property
    def has_examples(self) -> bool:
        return bool(self.costly)


def targets_fact(targets: BoxTargets) -> tuple[str, list[str]]:
    """The targets of the training: a word, and the lines behind it."""
    lines = [values.all_names(targets.class_names)]
    if targets.threshold is not None:
        lines.append(f"boxes count from the score {targets.threshold:.2f}, {THRESHOLD_OF[True]}")
    return "Classes", lines


def headline(result: DetectionResult) -> Headline:
    """The mean average precision."""
    return Headline("mAP50-95", values.rate(result.map50_95), _interval(result.intervals.map50_95), "")


def tiles(result: DetectionResult) -> list[Tile]:
    """What stands beside the headline at the top of the page."""
    interval = f"{result.intervals.level:.0%} interval {_interval(result.intervals.map50)}"
    found = f"boxes with a score of {result.threshold:.2f} and more, {THRESHOLD_OF[result.is_chosen_on_validation]}"
    return [Tile("mAP50", values.rate(result.map50), interval), Tile("F1", values.rate(result.f1), found)]


def numbers(result: DetectionResult) -> list[tuple[str, str, str]]:
    """The scores that the head of the page does not have: name, value and interval."""
    rows = [(values.readable(name), values.decimal(value)) for name, value in result.metrics.items()]
    rows += [
        ("mAP75", values.rate(result.map75)),
        (f"precision, at the score {result.threshold:.2f}", values.rate(result.precision)),
        (f"recall, at the score {result.threshold:.2f}", values.rate(result.recall)),
        ("objects", values.whole(result.objects)),
    ]
    return [(name, value, "") for name, value in rows]


def sections(result: DetectionResult) -> Sections:
    """Tables."""
    return Sections(
        classes=result.per_class,
        kinds=[(KINDS[kind], count) for kind, count in result.mistakes.items()],
        costly=[
            (
                each.file or f"example {each.index:,}",
                each.kind,
                each.predicted or "",
                each.true or "",
                values.decimal(each.cost),
            )
            for each in result.most_costly[:_MOST_COSTLY]
        ],
    )


def _interval(bounds: Interval) -> str:
    return " to ".join(map(values.rate, bounds))
