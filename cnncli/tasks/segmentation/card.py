"""The model card of a segmentation: scores for its header, IoU of each class, limits, code."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from cnncli.messages import counted, listed
from cnncli.model_card.parts import FEW, WORST, ClassTable, Metric, first_rows, shown
from cnncli.report import values
from cnncli.tasks.segmentation.console import most_confused
from cnncli.tasks.segmentation.result import SegmentationResult
from cnncli.tasks.segmentation.targets import MaskTargets

PIPELINES = {"image": "image-segmentation"}
TAGS = ("semantic-segmentation",)
EXAMPLES = ("worst",)


def does(targets: MaskTargets, inputs: str) -> str:
    """What the network does, as the end of a sentence."""
    return f"gives every pixel of {inputs} one of {counted(targets.count, 'class', 'classes')}"


def metrics(result: SegmentationResult) -> list[Metric]:
    """The scores of the header."""
    return [
        Metric("mean_iou", "Mean IoU", result.mean_iou),
        Metric("dice", "Mean Dice", result.mean_dice),
        Metric("accuracy", "Pixel accuracy", result.pixel_accuracy),
    ]


def class_table(result: SegmentationResult, counts: Mapping[str, Sequence[int]]) -> ClassTable:
    """IoU and Dice of each class with the intervals of the bootstrap over images."""
    rows = [
        [
            row.name,
            f"{row.images:,}",
            values.percent(row.pixels / max(result.pixels, 1)),
            shown(row.iou, row.iou_interval),
            shown(row.dice, row.dice_interval),
            values.rate(row.precision),
            values.rate(row.recall),
        ]
        for row in result.per_class
    ]
    first, left = first_rows(rows, "classes")
    interval = f"{result.intervals.level:.0%} interval"
    titles = ["class", "images", "pixels", f"IoU ({interval})", f"Dice ({interval})", "precision", "recall"]
    return ClassTable(titles, first, left)


def limits(result: SegmentationResult, targets: MaskTargets, counts: Mapping[str, Sequence[int]]) -> Iterator[str]:
    """What the scores tell of the limits of the model."""
    yield f"Every pixel gets one of {targets.count:,} classes, also pixels of none of them."
    base = values.rate(result.baseline.mean_iou)
    yield f"Predicting {result.baseline.class_name} everywhere gives a mean IoU of {base} on these images."
    worst = sorted(
        (row for row in result.per_class if row.iou is not None and row.iou < 1), key=lambda row: row.iou or 0
    )
    if worst:
        yield f"Lowest IoU: {'; '.join(f'{row.name}: {shown(row.iou, row.iou_interval)}' for row in worst[:WORST])}."
    if few := [f"{row.name} ({row.images:,})" for row in result.per_class if row.images < FEW]:
        yield f"Classes in few {result.split} images, so that their scores are rough: {listed(few, 8)}."
    if mixed := [f"{true} taken for {said} ({share:.1%} of its pixels)" for true, said, share in most_confused(result)]:
        yield f"Most frequent mistakes: {'; '.join(mixed[:WORST])}."
    if result.boundary_error is not None:
        yield f"Predicted boundaries are {result.boundary_error:.2f} pixels from the true ones on average."


def code(predicted: str, targets: MaskTargets, *, are_logits: bool) -> list[str]:
    """Lines of Python that print the outputs of one example."""
    return [
        f"outputs = {predicted}[0]",
        "classes = outputs.argmax(axis=-1)  # the number of the class of each pixel",
        'print({name: int((classes == number).sum()) for number, name in enumerate(about["class_names"])})',
    ]
