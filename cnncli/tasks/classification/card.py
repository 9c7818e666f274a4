"""The model card of a classification: scores for its header, precision and recall of each class, limits, code."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from cnncli.messages import counted, listed
from cnncli.model_card.parts import FEW, WORST, ClassTable, Metric, first_rows, shown
from cnncli.report import values
from cnncli.tasks.classification.intervals import wilson
from cnncli.tasks.classification.result import ClassificationResult
from cnncli.tasks.classification.targets import ClassTargets
from cnncli.tasks.result import Interval

PIPELINES = {"image": "image-classification", "text": "text-classification", "row of numbers": "tabular-classification"}
TAGS: tuple[str, ...] = ()
EXAMPLES = ("most_wrong",)
_IMBALANCE = 3  # the largest class has so many times the examples of the smallest
_MISCALIBRATED = 0.05


def does(targets: ClassTargets, inputs: str) -> str:
    """What the network does, as the end of a sentence."""
    return f"classifies {inputs} into {counted(targets.count, 'class', 'classes')}"


def metrics(result: ClassificationResult) -> list[Metric]:
    """The scores of the header."""
    return [
        Metric("accuracy", "Accuracy", result.accuracy),
        Metric("f1", "Macro F1", result.macro_f1),
        Metric("precision", "Macro precision", result.macro_precision),
        Metric("recall", "Macro recall", result.macro_recall),
        Metric("roc_auc", "Macro ROC AUC", result.roc.macro_auc),
    ]


def class_table(result: ClassificationResult, counts: Mapping[str, Sequence[int]]) -> ClassTable:
    """Precision and recall of each class with Wilson's intervals.

    Args:
        counts: of the examples of each class, by split.
    """
    level = result.intervals.level
    trained = counts.get("train", ())
    rows = []
    for number, row in enumerate(result.per_class):
        bounds = _bounds(result, number, level)
        train = f"{trained[number]:,}" if number < len(trained) else values.MISSING
        scores = (shown(row.precision, bounds[0]), shown(row.recall, bounds[1]), values.rate(row.f1))
        rows.append([row.name, train, f"{row.support:,}", *scores])
    first, left = first_rows(rows, "classes")
    interval = f"{level:.0%} interval"
    titles = ["class", "train", result.split, f"precision ({interval})", f"recall ({interval})", "F1"]
    return ClassTable(titles, first, " ".join(filter(None, ["The intervals are Wilson score intervals.", left])))


def _bounds(result: ClassificationResult, number: int, level: float) -> tuple[Interval | None, Interval | None]:
    """The intervals of precision and recall of a class."""
    right = result.confusion[number][number]
    said, there = sum(row[number] for row in result.confusion), sum(result.confusion[number])
    precision = wilson(right, said, level=level) if said else None
    return precision, wilson(right, there, level=level) if there else None


def limits(result: ClassificationResult, targets: ClassTargets, counts: Mapping[str, Sequence[int]]) -> Iterator[str]:
    """What the scores and the counts tell of the limits of the model."""
    yield f"It answers with one of its {targets.count:,} classes for every input, also for inputs of none of them."
    best = result.baseline
    yield f"Always predicting class {best.name} reaches an accuracy of {values.percent(best.accuracy)} on these examples."
    yield from _imbalance(targets, counts)
    yield from _worst(result)
    few = [f"{row.name} ({row.support:,})" for row in result.per_class if row.support < FEW]
    if few:
        yield f"Few {result.split} examples, so that scores of the class are rough: {listed(few, 8)}."
    if never := [row.name for row in result.per_class if row.support and row.precision is None]:
        yield f"Never predicted: {listed(never, 8)}."
    if pairs := [f"{each.true} taken for {each.predicted} ({each.count:,})" for each in result.most_confused[:WORST]]:
        yield f"Most frequent mistakes: {'; '.join(pairs)}."
    yield from _calibration(result)


def _imbalance(targets: ClassTargets, counts: Mapping[str, Sequence[int]]) -> Iterator[str]:
    trained = counts.get("train", ())
    if len(trained) != targets.count or not trained:
        return
    least, most = min(trained), max(trained)
    if most >= _IMBALANCE * max(least, 1):
        names = targets.class_names[list(trained).index(most)], targets.class_names[list(trained).index(least)]
        told = f"{names[0]} has {counted(most, 'training example')}, {names[1]} has {least:,}"
        yield f"The training examples are imbalanced: {told}."


def _worst(result: ClassificationResult) -> Iterator[str]:
    known = [(row, number) for number, row in enumerate(result.per_class) if row.recall is not None and row.recall < 1]
    known.sort(key=lambda each: each[0].recall or 0)
    level = result.intervals.level
    told = [f"{row.name}: {shown(row.recall, _bounds(result, number, level)[1])}" for row, number in known[:WORST]]
    if told:
        yield f"Lowest recall, with its {level:.0%} interval: {'; '.join(told)}."


def _calibration(result: ClassificationResult) -> Iterator[str]:
    found = result.calibration
    if found is None:
        yield "Its outputs are no probabilities: they say which class comes first, and not how likely it is."
        return
    filled = [each for each in found.bins if each.count and each.confidence is not None and each.accuracy is not None]
    gap = sum(each.count * ((each.confidence or 0) - (each.accuracy or 0)) for each in filled) / max(1, result.count)
    error = found.expected_calibration_error
    told = f"The expected calibration error is {values.rate(error)}"
    if error < _MISCALIBRATED:
        yield f"{told}: probabilities are close to how often the prediction is correct."
        return
    direction = "more" if gap > 0 else "less"
    yield f"{told}: on average the network is {abs(gap):.1%} {direction} confident than it is correct."


def code(predicted: str, targets: ClassTargets, *, are_logits: bool) -> list[str]:
    """Lines of Python that print the outputs of one example.

    Args:
        predicted: the expression of the outputs of a batch.
        are_logits: the outputs are not activated.
    """
    of_one = "keras.ops.sigmoid(outputs) if len(outputs) == 1 else " if targets.count == 2 else ""
    activated = f"np.asarray({of_one}keras.ops.softmax(outputs))"
    return [
        f"outputs = {predicted}[0]",
        *([f"outputs = {activated}"] if are_logits else []),
        'print(dict(zip(about["class_names"][-len(outputs) :], outputs.tolist())))',
    ]
