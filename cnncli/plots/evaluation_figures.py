"""Draw the pictures of an evaluation; the task says which ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import keras
from matplotlib.figure import Figure

from cnncli import task_registry
from cnncli.data.dataset import Examples
from cnncli.inputs import InputKind, kind_of
from cnncli.interpretability.places import input_kinds
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
    model: keras.Model | None = None,
    formats: Sequence[str] = ("png",),
    option: str = "",
) -> list[Path]:
    """Draw everything that an evaluation shows.

    Args:
        folder: where to, there already.
        examples: those that were scored.
        title: the heading of every picture, any text.
        model: that was scored; its layers tell sequences of tokens from rows of numbers.
        option: what the examples are called in the files' names, `confusion--train.png`; empty for a run's own pictures.

    Returns:
        The files, in the order in which they were drawn.
    """
    files: list[Path] = []
    figures: Iterator[tuple[str, Figure]] = task_registry.part(scored.result.task, "figures").draw(
        scored, examples, title=title, kinds=input_kinds(model) if model else {}
    )
    for name, figure in figures:
        files += save(figure, folder / f"{naming.stem(name, [option])}.png", formats=formats)
    return files


def can_show(examples: Examples, kinds: Mapping[str, InputKind]) -> bool:
    """Whether examples, or some inputs of each, can be shown in a sheet: images, volumes of images, curves, texts, tokens.

    Args:
        kinds: of the inputs by name; of those that are left out what their shape says.
    """
    shapes = {name: column.shape[1:] for name, column in examples.inputs.items()}
    return any(kinds.get(name, kind_of(shape)).can_show(shape) for name, shape in shapes.items())
