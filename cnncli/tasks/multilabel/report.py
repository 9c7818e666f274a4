"""Report sections of a multi-label classification: scores by label, labels together, the largest errors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from cnncli.report import values
from cnncli.report.headline import Headline, Tile
from cnncli.tasks.multilabel.console import labels_text
from cnncli.tasks.multilabel.result import MultilabelResult
from cnncli.tasks.multilabel.scores import LabelScore, Together
from cnncli.tasks.multilabel.targets import LabelTargets
from cnncli.tasks.result import Interval

_MOST_WRONG = 20


@dataclass(frozen=True)
class Sections:
    """What the template shows.

    Attributes:
        labels: the scores of each label.
        together: pairs of labels that examples have together.
        wrong: the example, its true and its predicted labels, and its loss.
    """

    labels: Sequence[LabelScore]
    together: Sequence[Together]
    wrong: Sequence[tuple[str, str, str, str]]
    charted: Sequence[str] = ()

    ERRORS: ClassVar[str] = "Largest errors"

    @property
    def has_examples(self) -> bool:
        return bool(self.wrong)


def targets_fact(targets: LabelTargets) -> tuple[str, list[str]]:
    """The targets of the training: a word, and the lines behind it."""
    return "Labels", [values.all_names(targets.class_names)]


def headline(result: MultilabelResult) -> Headline:
    """The macro F1, and what it is compared with."""
    baseline = f"always predicting every label gives {values.rate(result.baseline.macro_f1)}"
    return Headline("macro F1", values.rate(result.macro_f1), _interval(result.intervals.macro_f1), baseline)


def tiles(result: MultilabelResult) -> list[Tile]:
    """What stands beside the headline at the top of the page."""
    interval = f"{result.intervals.level:.0%} interval {_interval(result.intervals.micro_f1)}"
    return [
        Tile("Micro F1", values.rate(result.micro_f1), interval),
        Tile("Exact match", values.rate(result.exact_match), "all labels of an example are correct"),
    ]


def numbers(result: MultilabelResult) -> list[tuple[str, str, str]]:
    """The scores that the head of the page does not have: name, value and interval."""
    rows = [(values.readable(name), values.decimal(value)) for name, value in result.metrics.items()]
    for name in ("macro_precision", "macro_recall", "macro_average_precision", "micro_precision", "micro_recall"):
        rows.append((name.replace("_", " "), values.rate(getattr(result, name))))
    rows.append(("Hamming loss (share of wrong labels)", values.rate(result.hamming_loss)))
    if best := result.best_threshold:
        rows.append((f"best micro F1, at the threshold {best.threshold:.2f}", values.rate(best.f1)))
    return [(name, value, "") for name, value in rows]


def sections(result: MultilabelResult) -> Sections:
    """Tables."""
    return Sections(
        labels=result.per_label,
        together=result.together,
        wrong=[
            (
                each.file or f"example {each.index:,}",
                labels_text(each.true),
                labels_text(each.predicted),
                values.decimal(each.loss),
            )
            for each in result.most_wrong[:_MOST_WRONG]
        ],
    )


def _interval(bounds: Interval) -> str:
    return " to ".join(map(values.rate, bounds))
