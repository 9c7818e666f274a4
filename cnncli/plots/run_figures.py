"""Draw the pictures of a finished run: learning curves, evaluation, filters, and the section `visualize`."""

from __future__ import annotations

from pathlib import Path

from cnncli.data.dataset import Splits
from cnncli.network.build import Network
from cnncli.network.kernels import convolutions
from cnncli.plots.curves import draw_curves
from cnncli.plots.evaluation_figures import draw_evaluation
from cnncli.plots.kernels import draw_layers
from cnncli.plots.save import save
from cnncli.plots.style import look
from cnncli.plots.visualize_section import draw_picture
from cnncli.recipe.schema import Recipe
from cnncli.tasks.result import Scored
from cnncli.training.fit import Fitted

_NOT_CURVES = ("epoch", "phase", "seconds")


def draw_all(
    folder: Path, recipe: Recipe, network: Network, fitted: Fitted, scored: Scored, splits: Splits
) -> list[Path]:
    """Draw what every run gets and what its recipe asks for.

    Args:
        folder: `figures/` of the run.

    Returns:
        The files, in the order in which they were drawn.
    """
    title = f"{recipe.name}: {recipe.evaluate.split} split"
    examples = getattr(splits, recipe.evaluate.split)
    with look():
        files = _curves(folder, recipe, fitted)
        files += draw_evaluation(folder, scored, examples, title=title)
        if not any(picture.filters for picture in recipe.visualize) and convolutions(network.full_model):
            files += draw_layers(network.full_model, None, folder)
        for picture in recipe.visualize:
            files += draw_picture(folder, recipe, network, scored, splits, picture)
    return files


def _number(value: float | None) -> float:
    return float("nan") if value is None else value


def _curves(folder: Path, recipe: Recipe, fitted: Fitted) -> list[Path]:
    names = [name for name in fitted.history[0] if name not in _NOT_CURVES]
    history = {name: [_number(row.get(name)) for row in fitted.history] for name in names}
    phases: dict[str, int] = {}
    for row in fitted.history:
        phases.setdefault(row.get("phase", ""), row["epoch"])
    marks = [(epoch, name) for name, epoch in phases.items() if name]
    figure = draw_curves(history, title=recipe.name, best_epoch=fitted.best_epoch, phases=marks)
    return save(figure, folder / "curves.png")
