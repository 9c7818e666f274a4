"""Draw the pictures of an evaluation; the task says which ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from matplotlib.figure import Figure

from cnncli import task_registry
from cnncli.data.dataset import Examples
from cnncli.inputs import kind_of
from cnncli.plots import naming
from cnncli.plots.save import Folder, save
from cnncli.plots.text_fitting import Title
from cnncli.tasks.result import Scored


def draw_evaluation(
    folder: Folder,
    scored: Scored,
    examples: Examples,
    *,
    title: str | Title,
    formats: Sequence[str] = ("png",),
    option: str = "",
) -> list[Path]:
    """Draw everything that an evaluation shows.

    Args:
        folder: where to, there already.
        examples: those that were scored.
        title: the heading of every picture, any text.
        option: what the examples are called in the files' names, `confusion--train.png`; empty for a run's own pictures.

    Returns:
        The files, in the order in which they were drawn.
    """
    files: list[Path] = []
    figures: Iterator[tuple[str, Figure]] = task_registry.part(scored.result.task, "figures").draw(
        scored, examples, title=title
    )
    for name, figure in figures:
        files += save(figure, folder / f"{naming.stem(name, [option])}.png", formats=formats)
    return files


def can_show(examples: Examples) -> bool:
    """Whether examples, or some inputs of each, can be shown in a sheet: images, volumes of images, and curves."""
    shapes = [column.shape[1:] for column in examples.inputs.values()]
    return any(kind_of(shape).can_show(shape) for shape in shapes)
