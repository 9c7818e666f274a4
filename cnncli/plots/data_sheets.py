"""Draw sheets of a data set: examples of each class, what `prepare` and `augment` make of some, and copies side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from cnncli import task_registry
from cnncli.data.columns import as_array, take
from cnncli.data.dataset import Examples, Splits
from cnncli.data.input_values import InputValues
from cnncli.data_checks.findings import Example, Finding
from cnncli.plots.example_grid import Row, can_draw, draw_grid
from cnncli.plots.text_fitting import Title
from cnncli.plots.text_sheets import draw_prepared_texts, draw_text_pairs, draw_text_samples
from cnncli.recipe.named_inputs import by_name, without_names

MOST_CLASSES, MOST_EACH = 20, 8
MOST_PAIRS = 12
_ROWS_WITHOUT_CLASSES = 3
_SOME = 1000  # examples whose range of values pictures get


def chosen_by_class(splits: Splits) -> dict[str, NDArray[np.int64]]:
    """Some training examples of each class or label, by its name; the same for the same data.

    Where there are no classes, some of all, under an empty name.
    """
    targets = splits.targets
    labels = targets.whole(splits.train.targets)
    names = targets.class_names[:MOST_CLASSES]
    if not names:
        return {"": _spread(np.arange(len(labels)), MOST_EACH * _ROWS_WITHOUT_CLASSES)}
    rows = {name: targets.rows_of(labels, number) for number, name in enumerate(names)}
    return {name: _spread(found, MOST_EACH) for name, found in rows.items() if len(found)}


def draw_samples(splits: Splits, *, title: str | Title) -> Figure | None:
    """Draw training examples of each class in a row of their own; None where no input can be drawn."""
    train = splits.train
    limits = _limits(train)
    counts = splits.targets.counts_by_name(splits.targets.whole(train.targets))
    rows = []
    for name, chosen in chosen_by_class(splits).items():
        count = counts.get(name, len(train))
        for begin in range(0, len(chosen), MOST_EACH):
            some = chosen[begin : begin + MOST_EACH]
            texts = [name, f"{count:,}"] if name else ["", *_ends(splits, some)]
            rows.append(Row([text for text in texts if text], _marked(splits, some), limits))
    if not rows or not can_draw(rows[0].examples):
        return draw_text_samples(splits, chosen_by_class(splits), title=title)
    names = splits.targets.class_names
    left_out = f", {MOST_CLASSES} of {len(names):,} classes" if len(names) > MOST_CLASSES else ""
    what = "some examples of each class, and how many there are" if names else "some examples of the training split"
    return draw_grid(rows, title=title, subtitle=f"{what}{left_out}")


def _marked(splits: Splits, rows: NDArray[np.int64]) -> InputValues:
    """Training examples, with their targets drawn on them where the task has `marked` in its `figures`."""
    examples = splits.train.read(rows)
    mark = getattr(task_registry.part(splits.targets.task, "figures"), "marked", None)
    return examples if mark is None else mark(examples, _targets(splits, rows), splits.targets)


def _targets(splits: Splits, rows: NDArray[np.int64]) -> NDArray[Any]:
    return as_array(take(splits.train.targets, rows))


def _ends(splits: Splits, rows: NDArray[np.int64]) -> list[str]:
    """The targets of the first and of the last example of a row."""
    first, last = splits.targets.texts_of(_targets(splits, rows[[0, -1]]))
    return [f"{first} to", last]


def draw_pipeline(
    splits: Splits,
    rows: NDArray[np.int64],
    augmented: Sequence[InputValues],
    prepared: InputValues | None,
    *,
    title: str | Title,
) -> Figure | None:
    """Draw training examples as they are read, after `augment`, and after `prepare`.

    Args:
        rows: of the training examples.
        augmented: the same examples after `augment`, several times; empty where there is none.
        prepared: the same after `prepare`, as validation and test examples; None where there is none.
    """
    raw = splits.train.read(rows)
    if not can_draw(raw):
        return None if prepared is None else draw_prepared_texts(splits, rows, prepared, title=title)
    limits = _limits(splits.train)
    shown = [Row(["as read"], raw, limits)]
    for number, values in enumerate(augmented, 1):
        shown.append(Row(["after augment", f"pass {number}"], values, limits or _bytes(raw)))
    if prepared is not None and can_draw(prepared):
        shown.append(Row(["after prepare", *_range_texts(prepared)], prepared, _range(prepared)))
    names = splits.targets.texts_of(_targets(splits, rows))
    subtitle = "augment changes the training examples in every epoch; prepare is part of the model"
    return draw_grid(shown, title=title, subtitle=subtitle, columns=names)


def draw_pairs(splits: Splits, findings: Sequence[Finding], *, title: str | Title) -> Figure | None:
    """Draw the copies of findings side by side, with their names and labels; None where there are none."""
    pairs = [pair for finding in findings for pair in finding.pairs]
    pairs = list(dict.fromkeys(pairs))
    count, pairs = len(pairs), pairs[:MOST_PAIRS]
    if not pairs:
        return None
    parts = {part.name: part.examples for part in splits.parts}
    limits = _limits(splits.train)
    rows = [Row(_pair_lines(*pair), _together([_read(parts, each) for each in pair]), limits) for pair in pairs]
    if not can_draw(rows[0].examples):
        return draw_text_pairs(splits, findings, title=title)
    which = f"{len(pairs)} of {count:,} pairs" if count > len(pairs) else "all pairs"
    return draw_grid(rows, title=title, subtitle=f"equal and nearly equal examples: {which}")


def draw_listed(splits: Splits, findings: Sequence[Finding], *, title: str | Title, subtitle: str) -> Figure | None:
    """Draw the examples that findings list, in rows; None where there are none."""
    listed = [example for finding in findings for example in finding.examples][: 2 * MOST_EACH]
    if not listed:
        return None
    parts = {part.name: part.examples for part in splits.parts}
    limits = _limits(splits.train)
    rows = []
    for begin in range(0, len(listed), MOST_EACH):
        some = listed[begin : begin + MOST_EACH]
        rows.append(Row([], _together([_read(parts, each) for each in some]), limits))
    return draw_grid(rows, title=title, subtitle=subtitle) if can_draw(rows[0].examples) else None


def _pair_lines(one: Example, other: Example) -> list[str]:
    first, second = ([each.name, f"{each.part}{f', {each.label}' if each.label else ''}"] for each in (one, other))
    return [*first, *second]


def _read(parts: Mapping[str, Examples], example: Example) -> InputValues:
    return parts[example.part].read([example.index])


def _together(values: Sequence[InputValues]) -> InputValues:
    named = [by_name(each) for each in values]
    found: InputValues = without_names({name: np.concatenate([each[name] for each in named]) for name in named[0]})
    return found


def _spread(rows: NDArray[np.int64], most: int) -> NDArray[np.int64]:
    return rows[np.unique(np.linspace(0, len(rows) - 1, min(len(rows), most)).astype(np.int64))]


def _limits(examples: Examples) -> dict[str, tuple[float, float]] | None:
    """The range of the values of inputs that are no bytes; None where all are."""
    some = by_name(examples.read(_spread(np.arange(len(examples)), _SOME)))
    return _range({name: values for name, values in some.items() if values.dtype != np.uint8}) or None


def _range(values: InputValues) -> dict[str, tuple[float, float]]:
    return {name: _ends_of(array) for name, array in by_name(values).items() if array.dtype.kind in "biuf"}


def _ends_of(array: NDArray[Any]) -> tuple[float, float]:
    finite = array[np.isfinite(array)]
    return (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)


def _bytes(values: InputValues) -> dict[str, tuple[float, float]]:
    """The range of bytes, for what was made of them."""
    return dict.fromkeys(by_name(values), (0.0, 255.0))


def _range_texts(values: InputValues) -> list[str]:
    """The range of the values of the only input."""
    ends = [f"{low:.3g} to {high:.3g}" for low, high in _range(values).values()]
    return ends if len(ends) == 1 else []
