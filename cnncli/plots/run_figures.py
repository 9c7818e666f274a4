"""Draw the pictures of a finished run: learning curves, evaluation, filters, and the section `visualize`."""

from __future__ import annotations

from pathlib import Path

from cnncli.data.dataset import Splits
from cnncli.network.build import Network
from cnncli.network.kernels import convolutions
from cnncli.plots.curves import draw_curves
from cnncli.plots.data_sheets import draw_samples
from cnncli.plots.evaluation_figures import draw_evaluation
from cnncli.plots.kernels import draw_layers
from cnncli.plots.learning_curves import history_of, phases_of
from cnncli.plots.save import save
from cnncli.plots.style import look
from cnncli.plots.text_fitting import Title
from cnncli.plots.visualize_section import draw_picture
from cnncli.recipe.schema import Recipe
from cnncli.recipe.schema_pictures import MOST_PICTURES
from cnncli.tasks.result import Scored
from cnncli.training.fit import Fitted


def draw_results(
    folder: Path, recipe: Recipe, network: Network, fitted: Fitted, scored: Scored, splits: Splits, samples: list[Path]
) -> list[Path]:
    """Draw what every run gets after its training and what its recipe asks for.

    Args:
        folder: `figures/` of the run.
        samples: what `draw_training_examples` has drawn.

    Returns:
        All files, in the order of the report.
    """
    title = Title(recipe.name, f": {recipe.evaluate.split} split")
    examples = getattr(splits, recipe.evaluate.split)
    with look():
        files = [*_curves(folder, recipe, fitted), *samples]
        files += draw_evaluation(folder, scored, examples, title=title, model=network.model)
        if not any(picture.filters for picture in recipe.visualize) and convolutions(network.full_model):
            files += draw_layers(network.full_model, None, folder)
        for number, picture in enumerate(recipe.visualize, 1):
            to_come = sum(later.least_pictures for later in recipe.visualize[number:])
            most = MOST_PICTURES - to_come - sum(file.suffix == ".png" for file in files)
            files += draw_picture(folder, recipe, network, scored, splits, picture, most=most)
    return files


def draw_training_examples(folder: Path, recipe: Recipe, splits: Splits) -> list[Path]:
    """Draw training examples of each class; nothing where no input can be drawn."""
    with look():
        figure = draw_samples(splits, title=Title(recipe.name, ": training examples"))
        return save(figure, folder / "samples.png") if figure else []


def _curves(folder: Path, recipe: Recipe, fitted: Fitted) -> list[Path]:
    rows = fitted.history
    figure = draw_curves(history_of(rows), title=recipe.name, best_epoch=fitted.best_epoch, phases=phases_of(rows))
    return save(figure, folder / "curves.png")
