"""The model card of a multi-label classification: scores for its header, precision and recall of each label, limits, code."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from cnncli.messages import counted, listed
from cnncli.model_card.parts import FEW, WORST, ClassTable, Metric, first_rows, shown
from cnncli.report import values
from cnncli.tasks.classification.intervals import wilson
from cnncli.tasks.multilabel.result import MultilabelResult
from cnncli.tasks.multilabel.scores import THRESHOLD, LabelScore
from cnncli.tasks.multilabel.targets import LabelTargets
from cnncli.tasks.result import Interval

PIPELINES = {"image": "image-classification", "text": "text-classification", "row of numbers": "tabular-classification"}
TAGS = ("multi-label-classification",)
EXAMPLES = ("most_wrong",)


def does(targets: LabelTargets, inputs: str) -> str:
    """What the network does, as the end of a sentence."""
    return f"finds which of {counted(targets.count, 'label')} apply to {inputs}"


def metrics(result: MultilabelResult) -> list[Metric]:
    """The scores of the header."""
    return [
        Metric("f1", "Macro F1", result.macro_f1),
        Metric("f1", "Micro F1", result.micro_f1),
        Metric("precision", "Micro precision", result.micro_precision),
        Metric("recall", "Micro recall", result.micro_recall),
        Metric("accuracy", "Exact match", result.exact_match),
    ]


def class_table(result: MultilabelResult, counts: Mapping[str, Sequence[int]]) -> ClassTable:
    """Precision and recall of each label with Wilson's intervals."""
    level = result.intervals.level
    rows = []
    for row in result.per_label:
        precision, recall = _bounds(row, level)
        scores = (shown(row.precision, precision), shown(row.recall, recall), values.rate(row.f1))
        rows.append([row.name, f"{row.support:,}", *scores, values.rate(row.average_precision)])
    first, left = first_rows(rows, "labels")
    interval = f"{level:.0%} interval"
    titles = ["label", result.split, f"precision ({interval})", f"recall ({interval})", "F1", "average precision"]
    return ClassTable(titles, first, " ".join(filter(None, ["The intervals are Wilson score intervals.", left])))


def _bounds(row: LabelScore, level: float) -> tuple[Interval | None, Interval | None]:
    """The intervals of precision and recall of a label."""
    right = round((row.recall or 0) * row.support)
    recall = wilson(right, row.support, level=level) if row.support else None
    if not row.precision:
        return None, recall
    return wilson(right, max(right, round(right / row.precision)), level=level), recall


def limits(result: MultilabelResult, targets: LabelTargets, counts: Mapping[str, Sequence[int]]) -> Iterator[str]:
    """What the scores tell of the limits of the model."""
    yield f"It knows {counted(targets.count, 'label')} and no other. A label is predicted above a probability of {THRESHOLD:g}."
    yield f"All labels are correct for {values.percent(result.exact_match)} of the examples."
    base = values.rate(result.baseline.macro_f1)
    yield f"Always predicting every label gives a macro F1 of {base} on these examples."
    worst = sorted((row for row in result.per_label if row.f1 is not None and row.f1 < 1), key=lambda row: row.f1 or 0)
    if worst:
        yield f"Lowest F1: {'; '.join(f'{row.name}: {values.rate(row.f1)}' for row in worst[:WORST])}."
    if few := [f"{row.name} ({row.support:,})" for row in result.per_label if row.support < FEW]:
        yield f"Labels with few {result.split} examples, so that their scores are rough: {listed(few, 8)}."
    if never := [row.name for row in result.per_label if row.support and row.precision is None]:
        yield f"Never predicted: {listed(never, 8)}."


def code(predicted: str, targets: LabelTargets, *, are_logits: bool) -> list[str]:
    """Lines of Python that print the outputs of one example."""
    return [
        f"outputs = {predicted}[0]",
        *(["outputs = np.asarray(keras.ops.sigmoid(outputs))"] if are_logits else []),
        'print({name: value for name, value in zip(about["class_names"], outputs.tolist()) if value > 0.5})',
    ]
