"""Draw an item of a recipe's section `visualize`, as the command of that name does."""

from __future__ import annotations

from pathlib import Path

from cnncli.data.dataset import Splits
from cnncli.data.windowed_examples import central_windows
from cnncli.interpretability.attribution import METHODS
from cnncli.interpretability.examples import from_split, range_of
from cnncli.interpretability.initial_network import initial_model
from cnncli.interpretability.layer_selection import check_input
from cnncli.interpretability.subject import subject_for
from cnncli.network.build import Network
from cnncli.network.flatten_submodels import opened
from cnncli.plots.feature_map_sheets import draw_feature_maps_of
from cnncli.plots.heat_sheets import draw_heat_of
from cnncli.plots.kernels import draw_layers
from cnncli.plots.maximized_sheets import draw_maximized_of
from cnncli.recipe.schema import Recipe
from cnncli.recipe.schema_pictures import BY_PREDICTION, MOST_SHEETS, Filters, Picture
from cnncli.tasks.result import Scored


def draw_picture(
    folder: Path, recipe: Recipe, network: Network, scored: Scored, splits: Splits, picture: Picture, *, most: int
) -> list[Path]:
    """Draw an item of `visualize`.

    Args:
        folder: `figures/` of the run.
        recipe: resolved.
        scored: the evaluated split.
        most: pictures that the run has room for.

    Returns:
        The files; none where the examples that the network gets wrong are asked for, and there are none.
    """
    if picture.filters:
        return _filters(folder, recipe, network, picture.filters)
    # Filters may lie in a part that only another output takes; what speaks for a class is the main one's.
    model = network.full_model if picture.feature_maps else network.model
    shown = check_input(opened(model, network.tensors), "the network", picture.input, network.tensors)
    subject = subject_for(shown, recipe.name, splits.targets)
    if asked := picture.maximize:
        value_range = range_of(splits.train, shown.about)
        return [
            *draw_maximized_of(subject, folder, value_range=value_range, **asked.model_dump(exclude={"input"})).files
        ]
    examples = central_windows(getattr(splits, recipe.evaluate.split), splits.windows)
    heat, maps = picture.grad_cam, picture.feature_maps
    samples = maps.samples if maps else None
    if heat:
        samples = heat.samples or METHODS[heat.method][1]
    if samples in BY_PREDICTION and not len(scored.wrong):
        return []
    task, wrong, predicted = splits.targets.task, scored.wrong, scored.predicted
    chosen = from_split(examples, recipe.evaluate.split, samples, task=task, wrong=wrong, predicted=predicted)
    if heat:
        return [*draw_heat_of(subject, chosen, folder, **heat.model_dump(exclude={"samples", "input"})).files]
    layers = maps.layers if maps else None
    said = subject.completed(scored.outputs.rows(chosen.indices))
    most_sheets = max(1, min(MOST_SHEETS, most))
    return [*draw_feature_maps_of(subject, layers, chosen, folder, shares=said, most_sheets=most_sheets).files]


def _filters(folder: Path, recipe: Recipe, network: Network, asked: Filters) -> list[Path]:
    return draw_layers(
        network.full_model,
        asked.layers,
        folder,
        scale=asked.scale,
        per_filter=asked.per_filter,
        strongest=asked.strongest,
        initial=initial_model(recipe) if asked.change else None,
    )
