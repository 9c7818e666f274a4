"""The model card of an object detection: scores for its header, average precision of each class, limits, code."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from cnncli.messages import counted, listed
from cnncli.model_card.parts import FEW, WORST, ClassTable, Metric, first_rows, shown
from cnncli.report import values
from cnncli.tasks.classification.intervals import wilson
from cnncli.tasks.detection.console import THRESHOLD_OF
from cnncli.tasks.detection.matching import KINDS
from cnncli.tasks.detection.result import DetectionResult
from cnncli.tasks.detection.targets import BoxTargets

PIPELINES = {"image": "object-detection"}
TAGS: tuple[str, ...] = ()
EXAMPLES = ("most_costly",)


def does(targets: BoxTargets, inputs: str) -> str:
    """What the network does, as the end of a sentence."""
    return f"finds objects of {counted(targets.count, 'class', 'classes')} in {inputs}"


def metrics(result: DetectionResult) -> list[Metric]:
    """The scores of the header."""
    return [
        Metric("map", "mAP50-95", result.map50_95),
        Metric("map_50", "mAP50", result.map50),
        Metric("precision", f"Precision at the score {result.threshold:.2f}", result.precision),
        Metric("recall", f"Recall at the score {result.threshold:.2f}", result.recall),
        Metric("f1", f"F1 at the score {result.threshold:.2f}", result.f1),
    ]


def class_table(result: DetectionResult, counts: Mapping[str, Sequence[int]]) -> ClassTable:
    """Average precision of each class, and recall with Wilson's interval."""
    level = result.intervals.level
    rows = []
    for row in result.per_class:
        bounds = wilson(round((row.recall or 0) * row.objects), row.objects, level=level) if row.objects else None
        scores = (values.rate(row.ap), values.rate(row.ap50), shown(row.recall, bounds))
        rows.append([row.name, f"{row.objects:,}", f"{row.images:,}", *scores])
    first, left = first_rows(rows, "classes")
    note = "Recall is that of boxes with any score; its interval (Wilson) takes objects of one image for independent."
    titles = ["class", "objects", "images", "AP50-95", "AP50", f"recall ({level:.0%} interval)"]
    return ClassTable(titles, first, " ".join(filter(None, [note, left])))


def limits(result: DetectionResult, targets: BoxTargets, counts: Mapping[str, Sequence[int]]) -> Iterator[str]:
    """What the scores tell of the limits of the model."""
    yield f"It finds objects of {counted(targets.count, 'class', 'classes')} and no others."
    origin = THRESHOLD_OF[result.is_chosen_on_validation]
    yield f"Boxes count from a score of {result.threshold:.2f} on: {origin}."
    told = [f"{count:,} {KINDS.get(kind, kind)}" for kind, count in result.mistakes.items() if count]
    if told:
        yield f"Mistakes on {counted(result.objects, 'object')}: {', '.join(told)}."
    worst = sorted((row for row in result.per_class if row.ap is not None), key=lambda row: row.ap or 0)
    if worst:
        yield f"Lowest AP50-95: {'; '.join(f'{row.name}: {values.rate(row.ap)}' for row in worst[:WORST])}."
    if few := [f"{row.name} ({row.objects:,})" for row in result.per_class if row.objects < FEW]:
        yield f"Classes with few {result.split} objects, so that their scores are rough: {listed(few, 8)}."


def code(predicted: str, targets: BoxTargets, *, are_logits: bool) -> list[str]:
    """Lines of Python that print the outputs of one example."""
    return [
        f"maps = {predicted}",
        "print({name: values.shape for name, values in maps.items()})  # `cnncli predict` makes boxes of them",
    ]
