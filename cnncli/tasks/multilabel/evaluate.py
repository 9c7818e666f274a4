"""Evaluate a multi-label classifier: loss, metrics and scores in one pass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import keras
import numpy as np

from cnncli.data.dataset import Examples
from cnncli.data.pipeline import Batches
from cnncli.recipe.keras_objects.objects import KerasObject
from cnncli.tasks import predictions_csv
from cnncli.tasks.classification.evaluate import run_once
from cnncli.tasks.multilabel.result import MultilabelResult
from cnncli.tasks.multilabel.scores import THRESHOLD, multilabel_scores
from cnncli.tasks.multilabel.targets import LabelTargets


@dataclass(frozen=True)
class Scored:
    """Examples that a model has scored.

    Attributes:
        outputs: float32 (count, labels), probabilities; logits have become such.
    """

    result: MultilabelResult
    outputs: np.ndarray


def evaluate(
    model: keras.Model,
    examples: Examples,
    *,
    batch_size: int,
    loss: KerasObject,
    metrics: Sequence[KerasObject],
    targets: LabelTargets,
    split: str = "test",
    examples_sha256: str | None = None,
) -> Scored:
    """Run a model once over examples and score what it gives.

    Args:
        model: raw examples -> outputs (batch, labels).
        examples: with labels uint8 (count, labels).
        split, examples_sha256: what the examples are; see `Result`.

    Raises:
        DataError: the model has another count of outputs.
    """
    encoding = targets.encoding(loss, units=model.output_shape[-1])
    batches = Batches(examples, batch_size=batch_size, encodings={"": encoding})
    measured, outputs = run_once(model, batches, loss, metrics)
    if loss.args.get("from_logits"):
        outputs = np.asarray(keras.ops.convert_to_numpy(keras.ops.sigmoid(outputs)), np.float32)
    scores = multilabel_scores(examples.labels, outputs, targets.class_names, files=examples.files)
    result = MultilabelResult(
        split=split, examples_sha256=examples_sha256, loss=measured.pop("loss"), metrics=measured, **dict(scores)
    )
    return Scored(result, outputs)


def few_examples_hint(count: int) -> str:
    """What scores on so few examples tell."""
    return "see the intervals of the scores, and set more examples aside where there are more"


def to_csv(scored: Scored, examples: Examples, targets: LabelTargets) -> str:
    """predictions.csv: a row for each example.

    Columns: `example`, its number in the split; `labels` and `predicted_labels`, their names with `|` between them; `file`,
    when the examples came from files; and for each label, by its number, `true_0` and `predicted_0`, 0 or 1, and `output_0`,
    its probability.
    """
    names = targets.class_names
    titles = [f"{word}_{index}" for index in range(len(names)) for word in ("true", "predicted", "output")]
    files = [] if examples.files is None else ["file"]
    lines = [",".join(["example", "labels", "predicted_labels", *files, *titles])]
    said = scored.outputs > THRESHOLD
    for index, (true, found, outputs) in enumerate(zip(examples.labels, said, scored.outputs, strict=True)):
        texts = ["|".join(names[column] for column in np.flatnonzero(row)) for row in (true, found)]
        texts += [] if examples.files is None else [examples.files[index]]
        cells = zip(
            true.tolist(), found.astype(int).tolist(), (f"{value:.6g}" for value in outputs.tolist()), strict=True
        )
        numbers = [str(value) for row in cells for value in row]
        lines.append(",".join([str(index), *map(predictions_csv.cell, texts), *numbers]))
    return "\n".join(lines) + "\n"
