"""Check that the pictures that a recipe asks for can be drawn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import keras

from cnncli.errors import CnncliError, Problem, RecipeError
from cnncli.interpretability.layer_selection import check_input, check_no_tokens, count_of, find_maps, layers_to_show
from cnncli.messages import did_you_mean, shortened
from cnncli.network.build import Network
from cnncli.network.flatten_submodels import Opened, opened
from cnncli.network.kernels import NO_CONVOLUTION, convolutions, find
from cnncli.plots.filter_scale import check_scale
from cnncli.recipe.schema import Recipe
from cnncli.recipe.schema_pictures import MOST_PICTURES, Picture

_OWN_PICTURES = 10  # that a run draws of itself, at the most
# What to do where there is no first convolution to take.
_NAME_LAYERS = {
    "filters": "leave it out",
    "feature_maps": "name the layers: `feature_maps: {layers: […]}`",
    "maximize": "name the layer: `maximize: {layer: …}`",
}


def check_pictures(recipe: Recipe, network: Network) -> None:
    """See, before training, that pictures can be made of the inputs, and that every layer and filter is there.

    Raises:
        RecipeError: it is not; its problem names the key.
    """
    count = _OWN_PICTURES + sum(picture.least_pictures for picture in recipe.visualize)
    if count > MOST_PICTURES:
        message = f"`visualize` asks for {count - _OWN_PICTURES} pictures or more; the report of a run has room for"
        hint = "draw others later: cnncli visualize-filters RUN --to DIR"
        raise RecipeError(Problem(f"{message} {MOST_PICTURES - _OWN_PICTURES}", hint, path=("visualize",)))
    for index, picture in enumerate(recipe.visualize):
        # As they are drawn: what speaks for a class, and what it likes, is the main output's.
        model = network.model if picture.grad_cam or picture.maximize else network.full_model
        if _needs_convolution(picture) and not convolutions(model):
            raise RecipeError(Problem(NO_CONVOLUTION, _NAME_LAYERS[picture.kind], path=("visualize", index)))
        opened_model = opened(model, network.tensors)
        if not picture.filters:
            with _problems_at(index, *((picture.kind, "input") if picture.input else ())):
                opened_model = check_input(opened_model, "the network", picture.input, network.tensors)
        if picture.maximize:
            with _problems_at(index):
                check_no_tokens(opened_model, "activation maximization", "leave it out")
        if picture.grad_cam and picture.grad_cam.method == "smoothgrad":
            with _problems_at(index, "grad_cam", "method"):
                check_no_tokens(opened_model, "SmoothGrad", "use grad-cam or occlusion")
        for name, path in picture.layers:
            with _problems_at(index, *path):
                _search(picture, model, opened_model, name)
        if picture.filters and not picture.layers:
            with _problems_at(index, "filters", "scale"):
                check_scale(convolutions(model)[0], picture.filters.scale)
        if problems := _wrong_filters(picture, opened_model):
            raise RecipeError(replace(problem, path=("visualize", index, *problem.path)) for problem in problems)


@contextmanager
def _problems_at(*path: str | int) -> Iterator[None]:
    try:
        yield
    except CnncliError as error:
        raise RecipeError([replace(problem, path=("visualize", *path)) for problem in error.problems]) from error


def check_classes(recipe: Recipe, class_names: Sequence[str]) -> None:
    """See, before training, that every class that `visualize` names is there.

    Raises:
        RecipeError: it is not; its problem names the key.
    """
    problems = []
    for index, picture in enumerate(recipe.visualize):
        for name, path in _classes(picture):
            if name not in class_names:
                hint = did_you_mean(name, map(shortened, class_names))
                problems.append(
                    Problem(f"there is no class `{shortened(name)}`", hint, path=("visualize", index, *path))
                )
    if problems:
        raise RecipeError(problems)


def _needs_convolution(picture: Picture) -> bool:
    if picture.grad_cam or picture.layers:
        return False
    return picture.maximize is None or picture.maximize.filters is not None


def _search(picture: Picture, model: keras.Model, network: Opened, name: str) -> None:
    if picture.filters:
        check_scale(find(model, name), picture.filters.scale)
    elif picture.grad_cam:
        find_maps(network, name)
    else:
        layers_to_show(network, [name])


def _wrong_filters(picture: Picture, network: Opened) -> list[Problem]:
    asked = picture.maximize
    if not (asked and asked.filters and asked.layer in network.tensors):
        return []
    count = count_of(network, asked.layer)
    hint = f"they count from 0 to {count - 1}"
    return [
        Problem(f"layer `{asked.layer}` has no filter {number}", hint, path=("maximize", "filters", place))
        for place, number in enumerate(asked.filters)
        if number >= count
    ]


def _classes(picture: Picture) -> list[tuple[str, tuple[str | int, ...]]]:
    """The classes that it names, each with where it stands within the item."""
    if picture.maximize:
        return [(name, ("maximize", "classes", place)) for place, name in enumerate(picture.maximize.classes or ())]
    if picture.grad_cam and picture.grad_cam.class_name not in ("predicted", "true"):
        return [(picture.grad_cam.class_name, ("grad_cam", "class_name"))]
    return []
