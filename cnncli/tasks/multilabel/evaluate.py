"""Evaluate a multi-label classifier: loss, metrics and scores in one pass."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from cnncli.data.dataset import Examples
from cnncli.data.pipeline import Batches
from cnncli.recipe.keras_objects.objects import KerasObject
from cnncli.tasks.evaluation_loop import run_once
from cnncli.tasks.multilabel.scorer import MultilabelScorer, Scored
from cnncli.tasks.multilabel.scores import THRESHOLD
from cnncli.tasks.multilabel.targets import LabelTargets
from cnncli.tasks.predictions_csv import cell


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
    scorer = MultilabelScorer(targets.class_names, files=examples.files)

    def update(true: NDArray[Any], outputs: NDArray[np.float32]) -> None:
        scorer.update(true, _probabilities(outputs) if loss.args.get("from_logits") else outputs)

    measured = run_once(model, examples, batches, update, loss=loss, metrics=metrics)
    return scorer.result(split=split, examples_sha256=examples_sha256, **measured)


def _probabilities(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(keras.ops.convert_to_numpy(keras.ops.sigmoid(logits)), np.float32)


def to_csv(scored: Scored, examples: Examples, targets: LabelTargets) -> Iterator[str]:
    """The lines of predictions.csv: a row for each example.

    Columns: `example`, its number in the split; `labels` and `predicted_labels`, their names with `|` between them; `file`,
    when the examples came from files; and for each label, by its number, `true_0` and `predicted_0`, 0 or 1, and `output_0`,
    its probability.
    """
    names = targets.class_names
    numbered = [f"{word}_{index}" for index in range(len(names)) for word in ("true", "predicted", "output")]
    file_column = [] if examples.files is None else ["file"]
    yield ",".join(["example", "labels", "predicted_labels", *file_column, *numbered]) + "\n"
    for index, (true, outputs) in enumerate(zip(scored.targets, scored.outputs, strict=True)):
        said = (outputs > THRESHOLD).astype(np.uint8)
        texts = ["|".join(names[column] for column in np.flatnonzero(row).tolist()) for row in (true, said)]
        file = [] if examples.files is None else [examples.files[index]]
        rows = zip(true.tolist(), said.tolist(), (f"{value:.6g}" for value in outputs.tolist()), strict=True)
        yield ",".join([str(index), *map(cell, [*texts, *file]), *(str(each) for row in rows for each in row)]) + "\n"


def few_examples_hint(count: int) -> str:
    """What scores on so few examples tell."""
    return "see the intervals of the scores, and set more examples aside where there are more"
