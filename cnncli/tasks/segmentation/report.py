"""Report sections of a segmentation: scores by class, the confusion of pixels, the images with the lowest IoU."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from cnncli.report import values
from cnncli.report.headline import Headline, Tile
from cnncli.tasks.result import Interval
from cnncli.tasks.segmentation.result import SegmentationResult
from cnncli.tasks.segmentation.scores import ClassScore
from cnncli.tasks.segmentation.targets import MaskTargets

_MOST_WORST = 20


@dataclass(frozen=True)
class Sections:
    """What the template shows.

    Attributes:
        classes: the scores of each class, with the interval of its IoU in words.
        worst: the example, its mean IoU and the share of its pixels that are wrong.
    """

    classes: Sequence[tuple[ClassScore, str]]
    worst: Sequence[tuple[str, str, str]]
    charted: Sequence[str] = ()

    ERRORS: ClassVar[str] = "Lowest IoU"

    @property
    def has_examples(self) -> bool:
        return bool(self.worst)


def targets_fact(targets: MaskTargets) -> tuple[str, list[str]]:
    """The targets of the training: a word, and the lines behind it."""
    return "Classes of pixels", [values.all_names(targets.class_names)]


def headline(result: SegmentationResult) -> Headline:
    """The mean IoU, and what it is compared with."""
    baseline = f"always predicting {result.baseline.class_name} gives {values.rate(result.baseline.mean_iou)}"
    return Headline("mean IoU", values.rate(result.mean_iou), _interval(result.intervals.mean_iou), baseline)


def tiles(result: SegmentationResult) -> list[Tile]:
    """What stands beside the headline at the top of the page."""
    level = f"{result.intervals.level:.0%} interval "
    return [
        Tile("Mean Dice", values.rate(result.mean_dice), level + _interval(result.intervals.mean_dice)),
        Tile("Pixel accuracy", values.percent(result.pixel_accuracy), f"of {result.pixels:,} pixels"),
        *_boundary_tile(result, level),
    ]


def _boundary_tile(result: SegmentationResult, level: str) -> Iterator[Tile]:
    if result.boundary_error is not None:
        bounds = result.intervals.boundary_error
        between = f"{level}{bounds[0]:.2f} to {bounds[1]:.2f}" if bounds else ""
        yield Tile("Boundary error", f"{result.boundary_error:.2f} pixels", between)


def numbers(result: SegmentationResult) -> list[tuple[str, str, str]]:
    """The scores that the head of the page does not have: name, value and interval."""
    return [(values.readable(name), values.decimal(value), "") for name, value in result.metrics.items()]


def sections(result: SegmentationResult) -> Sections:
    """Tables."""
    return Sections(
        classes=[(row, _interval(row.iou_interval)) for row in result.per_class],
        worst=[
            (each.file or f"example {each.index:,}", values.rate(each.mean_iou), values.percent(each.wrong))
            for each in result.worst[:_MOST_WORST]
        ],
    )


def _interval(bounds: Interval | None) -> str:
    return " to ".join(map(values.rate, bounds)) if bounds else ""
