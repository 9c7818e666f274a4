"""Score a multi-label classifier batch by batch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncli.data.dataset import Examples
from cnncli.tasks.classification.thresholds import above_thresholds, sweep_of_counts
from cnncli.tasks.diverged_outputs import refuse_diverged
from cnncli.tasks.multilabel.predictions import to_csv
from cnncli.tasks.multilabel.result import MultilabelResult
from cnncli.tasks.multilabel.scores import (
    MOST_WRONG,
    THRESHOLD,
    Baseline,
    LabelScore,
    Wrong,
    areas,
    bootstrap,
    divided,
    losses,
    mean_of,
    micro_of,
    most_together,
)
from cnncli.tasks.multilabel.targets import LabelTargets
from cnncli.tasks.spooled_rows import SpooledRows


@dataclass(frozen=True)
class Scored:
    """Examples that a multi-label classifier has scored.

    Attributes:
        targets: uint8 (count, labels).
        outputs: float32 (count, labels), probabilities; logits have become such.
        wrong: int64 (any,), which examples have a wrong label, those with the largest loss first.
        predicted: there is no single class.
    """

    result: MultilabelResult
    targets: SpooledRows
    outputs: SpooledRows
    wrong: NDArray[np.int64]
    predicted: None = None

    def csv_lines(self, examples: Examples, targets: LabelTargets) -> Iterator[str]:
        """predictions.csv: a line for each example."""
        return to_csv(self.targets, self.outputs, targets.class_names, files=examples.files)


class MultilabelScorer:
    """Scores of batches; see `Scorer`. Beside the spooled targets and outputs it keeps about 20 bytes for each example.

    Args:
        targets: with the names of the labels.
        files: one an example, when the examples came from files.
    """

    def __init__(self, targets: LabelTargets, *, files: Sequence[str] | None = None) -> None:
        names = targets.class_names
        self._names, self._files = names, files
        self._targets, self._outputs = SpooledRows(), SpooledRows()
        # Of each batch: the loss of each example, how many of its labels are wrong, whether an output is not finite.
        self._examples: list[tuple[NDArray[Any], ...]] = []
        count = len(names)
        self._right, self._said = np.zeros(count, np.int64), np.zeros(count, np.int64)
        self._together = np.zeros((count, count), np.int64)
        self._above: NDArray[np.int64] = np.zeros((2, 1), np.int64)

    def update(self, targets: NDArray[np.uint8], outputs: NDArray[np.floating[Any]]) -> None:
        """Take a batch.

        Args:
            targets: (batch, labels), 0 or 1.
            outputs: (batch, labels), probabilities.
        """
        true, said, floats = targets.astype(bool), outputs > THRESHOLD, targets.astype(np.float32)
        is_diverged = ~np.isfinite(outputs).all(axis=1)
        self._examples.append((losses(targets, outputs), (true != said).sum(axis=1), is_diverged))
        self._right += (true & said).sum(axis=0)
        self._said += said.sum(axis=0)
        self._together += (floats.T @ floats).astype(np.int64)
        self._above = self._above + above_thresholds(true.ravel(), outputs.ravel())
        self._targets.append(targets)
        self._outputs.append(outputs)

    def result(self, **common: Any) -> Scored:
        """Score all batches.

        Args:
            common: the fields that every `Result` has.

        Raises:
            DivergedError: an output is not a number.
        """
        loss, errors, is_diverged = (np.concatenate(each) for each in zip(*self._examples, strict=True))
        refuse_diverged(is_diverged, "not a number")
        count, right, said, support = len(loss), self._right, self._said, np.diag(self._together)
        precision, recall, f1 = divided(right, said), divided(right, support), divided(2 * right, said + support)
        pairs = zip(self._targets.column_blocks(), self._outputs.column_blocks(), strict=True)
        columns = (pair for true, scores in pairs for pair in zip(true.T.astype(bool), scores.T, strict=True))
        found = [areas(true, scores) for true, scores in columns]
        wrong = np.flatnonzero(errors)
        wrong = wrong[np.argsort(-loss[wrong], kind="stable")]
        sweep = sweep_of_counts(self._above, int(support.sum()), count * len(self._names))
        rows = zip(self._names, precision.tolist(), recall.tolist(), f1.tolist(), found, support.tolist(), strict=True)
        result = MultilabelResult(
            **common,
            count=count,
            intervals=bootstrap(self._targets, self._outputs),
            macro_precision=mean_of(precision),
            macro_recall=mean_of(recall),
            macro_f1=mean_of(f1),
            macro_average_precision=mean_of(average_precision for average_precision, _ in found),
            micro_precision=micro_of(right, said),
            micro_recall=micro_of(right, support),
            micro_f1=micro_of(2 * right, said + support),
            exact_match=float(np.mean(errors == 0)),
            hamming_loss=float(errors.sum() / (count * len(self._names))),
            baseline=Baseline(
                macro_f1=mean_of(divided(2 * support, support + count)), micro_f1=micro_of(2 * support, support + count)
            ),
            per_label=tuple(
                LabelScore(
                    name=name, precision=p, recall=r, f1=f, average_precision=area, roc_auc=auc, support=examples
                )
                for name, p, r, f, (area, auc), examples in rows
            ),
            together=tuple(most_together(self._together, self._names)),
            thresholds=sweep.rows,
            best_threshold=sweep.best,
            most_wrong=tuple(self._described(index, loss) for index in wrong[:MOST_WRONG].tolist()),
        )
        return Scored(result, self._targets, self._outputs, wrong)

    def _described(self, index: int, loss: NDArray[np.float64]) -> Wrong:
        true, said = self._targets.rows([index])[0], self._outputs.rows([index])[0] > THRESHOLD
        return Wrong(
            index=index,
            file=self._files[index] if self._files is not None else None,
            true=tuple(self._names[column] for column in np.flatnonzero(true).tolist()),
            predicted=tuple(self._names[column] for column in np.flatnonzero(said).tolist()),
            loss=float(loss[index]),
        )


SCORER = MultilabelScorer
