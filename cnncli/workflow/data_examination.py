"""Examine the data of a recipe before it trains: load it with its faults, check it, draw it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from matplotlib.figure import Figure

from cnncli.data.dataset import Splits
from cnncli.data.load import load
from cnncli.data.sources.loaded_data import Progress
from cnncli.data_checks import examination_cache
from cnncli.data_checks.examination import Examination, examine
from cnncli.plots.text_fitting import Title
from cnncli.recipe.learned import Learned, learning_steps, with_learned
from cnncli.recipe.load import LoadedRecipe
from cnncli.recipe.named_inputs import inputs_of, shapes_of
from cnncli.recipe.schema import Recipe
from cnncli.recipe.schema_data import Data
from cnncli.workflow.problem_places import placed_in

_SHOWN = 8  # examples after `augment` and `prepare`
_PASSES = 3  # of `augment`


@dataclass(frozen=True)
class Examined:
    """The data of a recipe, and what was found.

    Attributes:
        splits: with what training refuses: broken files left out, copies in two parts kept.
        is_cached: whether the findings were known from an earlier examination.
    """

    splits: Splits
    examination: Examination
    is_cached: bool


def examine_data(loaded: LoadedRecipe, progress: Progress | None = None) -> Examined:
    """Load the data of a recipe and make every check, or find its examination in the cache.

    Args:
        progress: called with what is being done, how much of it is done, how much there is.

    Raises:
        DataError: the data is missing, or so wrong that it cannot be split.
        NetworkError, ResourceError: as `data.load`.
    """
    data = with_faults(loaded.recipe.data)
    with placed_in(loaded):
        splits = load(data, input_shape=shapes_of(loaded.recipe.model), progress=progress)
        found = examination_cache.find(data, splits)
        if found is not None:
            return Examined(splits, found, True)
        found = examine(splits, longest=longest_of(data), progress=progress)
    examination_cache.keep(data, splits, found)
    return Examined(splits, found, False)


def with_faults(data: Data) -> Data:
    """The section so that what can be examined is no error: files that cannot be read are left out, copies are kept."""
    return data.model_copy(update={"on_bad_image": "skip", "allow_leakage": True})


def longest_of(data: Data) -> dict[str, int]:
    """By input, how many words a layer of `prepare` keeps of a text."""
    found = {}
    for own in inputs_of(data):
        for layer in own.prepare:
            length = layer.args.get("output_sequence_length")
            if isinstance(length, int) and layer.args.get("split", "whitespace") == "whitespace":
                found[own.name] = length
    return found


def sheets(loaded: LoadedRecipe, examined: Examined) -> Iterator[tuple[str, Figure]]:
    """Draw the data: pairs of a file's name without its ending and a figure.

    Raises:
        RecipeError: a layer of `prepare` or `augment` that Keras refuses.
    """
    from cnncli.plots import data_sheets

    recipe, splits, found = loaded.recipe, examined.splits, examined.examination
    with placed_in(loaded):
        pipeline = _pipeline(recipe, splits)
    drawn = (
        ("samples", data_sheets.draw_samples(splits, title=Title(recipe.name, ": training examples"))),
        ("pipeline", pipeline),
        ("copies", data_sheets.draw_pairs(splits, found.findings, title=Title(recipe.name, ": copies"))),
        ("blank", _blank(recipe, examined)),
    )
    return ((name, figure) for name, figure in drawn if figure is not None)


def _blank(recipe: Recipe, examined: Examined) -> Figure | None:
    from cnncli.plots import data_sheets

    return data_sheets.draw_listed(
        examined.splits,
        examined.examination.of(["blank"]),
        title=Title(recipe.name, ": blank examples"),
        subtitle="one value everywhere, or hardly any contrast",
    )


def _pipeline(recipe: Recipe, splits: Splits) -> Figure | None:
    """Some examples after `augment` and after `prepare`; None where the recipe has neither."""
    import keras
    import numpy as np

    from cnncli.data.windowed_examples import central_windows
    from cnncli.network.learn_preprocessing import learn
    from cnncli.network.preprocessing import Preprocessing
    from cnncli.plots import data_sheets

    keras.utils.set_random_seed(recipe.train.seed or 0)
    learned = learn(recipe, splits.train) if learning_steps(recipe) else Learned()
    layers = Preprocessing(with_learned(recipe, learned), splits.input_shape)
    by_class = list(data_sheets.chosen_by_class(splits).values())
    rows = np.array([rows[number] for number in range(_SHOWN) for rows in by_class if number < len(rows)])[:_SHOWN]
    examples = central_windows(splits.train, splits.windows).read(rows)
    prepared = layers.prepared(examples)
    augmented = [layers.augmented(examples) for _ in range(_PASSES)] if layers.augments else []
    if prepared is None and not augmented:
        return None
    title = Title(recipe.name, ": augment and prepare")
    return data_sheets.draw_pipeline(splits, rows, augmented, prepared, title=title)
