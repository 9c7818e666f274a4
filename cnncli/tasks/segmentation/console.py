"""Text output of `cnncli evaluate` for a segmentation."""

from __future__ import annotations

from collections.abc import Iterator

from cnncli.messages import FEW_EXAMPLES, cell, percent, rough
from cnncli.tasks.segmentation.result import SegmentationResult
from cnncli.tasks.text_report import FEW_EXAMPLES_HINT, Lines, Table

_WORST = 5  # images; --json has more
_CONFUSIONS = 5


def show(result: SegmentationResult) -> Iterator[Lines | Table]:
    """The scores beside loss and metrics."""
    number = rough if result.count < FEW_EXAMPLES else cell
    intervals, baseline = result.intervals, result.baseline
    level = f"{intervals.level:.0%} interval"
    yield Lines(
        [
            ("mean IoU", f"{number(result.mean_iou)}, {level} {' to '.join(map(number, intervals.mean_iou))}"),
            ("baseline", f"{number(baseline.mean_iou)} by always predicting {baseline.class_name}"),
            ("mean Dice", f"{number(result.mean_dice)}, {level} {' to '.join(map(number, intervals.mean_dice))}"),
            ("pixels", f"{number(result.pixel_accuracy)} of {result.pixels:,} are correct"),
            *boundary_line(result),
        ]
    )
    rows = [
        [
            row.name,
            number(row.iou),
            _interval(row.iou_interval),
            *map(number, (row.dice, row.precision, row.recall)),
            percent(row.pixels / max(result.pixels, 1)),
            row.images,
        ]
        for row in result.per_class
    ]
    titles = ["class", "IoU", level, "Dice", "precision", "recall", "pixels", "images"]
    yield Table("", titles, rows)
    if mixed := list(most_confused(result))[:_CONFUSIONS]:
        rows = [[true, said, percent(share)] for true, said, share in mixed]
        yield Table("most often confused", ["true", "predicted", "of its pixels"], rows, text_columns=2)
    wrong = [each for each in result.worst if each.wrong][:_WORST]
    if wrong:
        rows = [
            [each.file or f"example {each.index}", number(each.mean_iou), percent(each.wrong or 0.0)] for each in wrong
        ]
        yield Table("lowest mean IoU", ["", "mean IoU", "wrong pixels"], rows)


def boundary_line(result: SegmentationResult) -> Iterator[tuple[str, str]]:
    """How far the boundaries lie apart, where that is known."""
    if result.boundary_error is not None:
        bounds = result.intervals.boundary_error
        between = f", {result.intervals.level:.0%} interval {bounds[0]:.2f} to {bounds[1]:.2f}" if bounds else ""
        yield "boundaries", f"{result.boundary_error:.2f} pixels from the true ones{between}"


def most_confused(result: SegmentationResult) -> Iterator[tuple[str, str, float]]:
    """Pairs of classes, true and predicted, with the share of the true class's pixels, the most pixels first."""
    names = [row.name for row in result.per_class]
    cells = [
        (pixels, row, column)
        for row, of_row in enumerate(result.confusion)
        for column, pixels in enumerate(of_row)
        if row != column and pixels
    ]
    for pixels, row, column in sorted(cells, key=lambda each: (-each[0], each[1], each[2])):
        yield names[row], names[column], pixels / sum(result.confusion[row])


def _interval(bounds: tuple[float, float] | None) -> str:
    return " to ".join(f"{bound:.3f}" for bound in bounds) if bounds else "–"


def few_examples_hint(count: int) -> str:
    """What scores on so few examples tell."""
    return FEW_EXAMPLES_HINT
