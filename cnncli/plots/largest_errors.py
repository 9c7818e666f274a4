"""Draw the examples with the largest errors of a regression."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

from cnncli.data.input_values import InputValues
from cnncli.data.input_values import count as count_of
from cnncli.inputs import InputKind
from cnncli.messages import number_text
from cnncli.plots.confident_errors import Caption, draw_sheet, prediction_lines, where_line
from cnncli.plots.text_fitting import Title
from cnncli.tasks.regression.scores import Worst


def draw_largest_errors(
    examples: InputValues,
    worst: Sequence[Worst],
    *,
    title: str | Title,
    count: int,
    kinds: Mapping[str, InputKind] | None = None,
) -> Figure:
    """Draw a sheet of examples, each with what was predicted and what is true, the largest error first.

    Args:
        examples: those of `worst` in the same order; shapes as of `draw_confident_errors`.
        worst: what is said of each.
        title: the heading, any text.
        count: how many examples were scored.
        kinds: as of `draw_sheet`.

    Raises:
        ValueError: examples of another shape, or not one for each of `worst`.
    """
    if count_of(examples) != len(worst):
        raise ValueError(f"{len(worst)} images or curves are needed; received {count_of(examples)}")

    def caption(number: int, width: float) -> Caption:
        each = worst[number]
        where = where_line(each.index, each.file, width)
        return prediction_lines(_numbers(each.predicted), _numbers(each.true), where, width)

    which = "the largest error first" if len(worst) == count else f"the {len(worst)} largest errors"
    return draw_sheet(examples, caption, title=title, subtitle=f"{count:,} predictions: {which}", kinds=kinds)


def _numbers(values: Sequence[float]) -> str:
    return ", ".join(number_text(value) for value in values)
