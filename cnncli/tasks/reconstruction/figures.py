"""Figures of a reconstruction: examples with what the network made of them, and those of the largest errors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from matplotlib.figure import Figure

from cnncli.data.dataset import Examples
from cnncli.inputs import InputKind
from cnncli.plots.evaluation_figures import can_show
from cnncli.plots.reconstructions import draw_reconstructions
from cnncli.plots.text_fitting import Title
from cnncli.tasks.reconstruction.scorer import Scored


def draw(
    scored: Scored, examples: Examples, *, title: str | Title, kinds: Mapping[str, InputKind]
) -> Iterator[tuple[str, Figure]]:
    """Draw each picture, with its name.

    Args:
        title: the heading of every picture, any text.
        kinds: of the inputs by name, where their shapes alone do not tell them.
    """
    if not can_show(examples, kinds):
        return
    result = scored.result
    count = f"{result.count:,} examples"
    for name, shown, subtitle in (
        ("reconstructions", scored.first, f"the first {len(scored.first)} of {count}"),
        ("worst", scored.worst, f"the {len(scored.worst)} largest errors of {count}"),
    ):
        figure = draw_reconstructions(
            shown,
            low=result.low,
            high=result.high,
            is_corrupted=result.inputs is not None,
            title=title,
            subtitle=subtitle,
            files=examples.files,
        )
        yield name, figure
