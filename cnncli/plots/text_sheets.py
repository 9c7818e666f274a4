"""Draw sheets of a data set of texts: examples of each class, what `prepare` makes of some, and copies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from cnncli.data.dataset import Splits
from cnncli.data.input_values import InputValues
from cnncli.data_checks.findings import Finding
from cnncli.plots.text_fitting import Title
from cnncli.plots.text_lists import Block, draw_text_lists
from cnncli.recipe.named_inputs import by_name

_MOST_EACH = 5
_MOST_PAIRS = 12
_MOST_NUMBERS = 40


def texts_of(examples: InputValues) -> list[str] | None:
    """The texts of examples, those of several inputs one after the other; None where no input is a text."""
    columns = [values for values in by_name(examples).values() if values.dtype.kind not in "biuf"]
    return [" | ".join(map(str, row)) for row in zip(*columns, strict=True)] if columns else None


def draw_text_samples(splits: Splits, chosen: Mapping[str, NDArray[np.int64]], *, title: str | Title) -> Figure | None:
    """Draw training texts of each class; None where no input is a text.

    Args:
        chosen: the training examples of each class, by its name.
    """
    counts = splits.targets.counts_by_name(splits.train.labels)
    blocks = []
    for name, rows in chosen.items():
        texts = texts_of(splits.train.read(rows[:_MOST_EACH]))
        if texts is None:
            return None
        blocks.append(Block(name or "texts", f"{counts[name]:,}" if name in counts else "", texts))
    return draw_text_lists(blocks, title=title, subtitle="some examples of the training split") if blocks else None


def draw_prepared_texts(
    splits: Splits, rows: NDArray[np.int64], prepared: InputValues, *, title: str | Title
) -> Figure | None:
    """Draw some training texts, each with the numbers that `prepare` makes of it; None where no input is a text."""
    raw = splits.train.read(rows)
    texts = texts_of(raw)
    if texts is None:
        return None
    named = [name for name, values in by_name(raw).items() if values.dtype.kind not in "biuf"]
    numbers = [by_name(prepared)[name] for name in named]
    labels = splits.targets.texts_of(splits.train.labels[rows])
    blocks = [
        Block(label, "", [text, *(_numbers(values[row]) for values in numbers)])
        for row, (label, text) in enumerate(zip(labels, texts, strict=True))
    ]
    return draw_text_lists(blocks, title=title, subtitle="training texts, and the numbers that prepare makes of them")


def draw_text_pairs(splits: Splits, findings: Sequence[Finding], *, title: str | Title) -> Figure | None:
    """Draw the copies of findings one below the other; None where there are none, or where no input is a text."""
    pairs = list(dict.fromkeys(pair for finding in findings for pair in finding.pairs))
    parts = {part.name: part.examples for part in splits.parts}
    blocks = []
    for pair in pairs[:_MOST_PAIRS]:
        found = [texts_of(parts[each.part].read([each.index])) for each in pair]
        texts = [text for each in found if each for text in each]
        if not texts:
            return None
        names = " ~ ".join(f"{each.place}{f', {each.label}' if each.label else ''}" for each in pair)
        blocks.append(Block(names, "", texts))
    which = f"{len(blocks)} of {len(pairs):,} pairs" if len(pairs) > len(blocks) else "all pairs"
    subtitle = f"equal and nearly equal examples: {which}"
    return draw_text_lists(blocks, title=title, subtitle=subtitle) if blocks else None


def _numbers(values: NDArray[Any]) -> str:
    flat = np.ravel(values)
    shown = " ".join(f"{value:.4g}" for value in flat[:_MOST_NUMBERS].tolist())
    return shown if len(flat) <= _MOST_NUMBERS else f"{shown} …"
