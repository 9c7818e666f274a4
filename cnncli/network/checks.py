"""A recipe's shapes and counts, checked by Keras without data and without memory for weights."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import keras

from cnncli.errors import CnncliError, ExpectationError, Problem, RecipeError
from cnncli.network import budget
from cnncli.network.build import Network, build_symbolically, layers_matching
from cnncli.recipe.check import declared_classes
from cnncli.recipe.layers import name_of
from cnncli.recipe.load import LoadedRecipe
from cnncli.recipe.phases import TrainingPhase, phases_of
from cnncli.recipe.schema import Recipe

# The shape of one example of the data sets that have a name.
_BUILTIN_SHAPES = {
    "mnist": (28, 28, 1),
    "mnist-sample": (28, 28, 1),
    "fashion_mnist": (28, 28, 1),
    "cifar10": (32, 32, 3),
    "cifar100": (32, 32, 3),
}


@dataclass(frozen=True)
class Checked:
    """What was checked.

    Attributes:
        params: of the network; None when its input's shape is not known without the data.
        trainable_params: those that training changes.
        what: in words.
    """

    params: int | None
    trainable_params: int | None
    what: str


def check_shapes(loaded: LoadedRecipe) -> Checked:
    """Let Keras build the network of a recipe symbolically.

    Raises:
        RecipeError: a layer that does not fit, at its place.
        ExpectationError: `expect.params`, `expect.trainable_params` or `expect.shapes` does not hold.
    """
    shape = input_shape(loaded.recipe)
    if shape is None:
        return Checked(None, None, "its shapes depend on the data: give `model.input` to have them checked")
    classes = declared_classes(loaded.recipe)
    try:
        loaded = loaded.resolve(classes=classes)
        network = build_symbolically(loaded.recipe, input_shape=shape)
        learning = learning_params(network, loaded.recipe)
        counted = budget.measure(network, batch_size=loaded.recipe.train.batch_size, trainable_params=max(learning))
        # Without the number of classes the last layer has a placeholder's size.
        known = classes is not None or "$classes" not in loaded.content.decode("utf-8", "replace")
        check_expected(loaded.recipe, network, counted if known else None)
    except CnncliError as error:
        raise loaded.located(error) from error
    if not known:
        return Checked(None, None, "every shape fits; its parameters depend on the number of classes (`data.classes`)")
    return Checked(counted.params, counted.trainable_params, "every shape fits")


def input_shape(recipe: Recipe) -> tuple[int, ...] | None:
    """The shape of one raw example, where the recipe alone tells it."""
    source = recipe.data.source
    if recipe.model.input:
        return tuple(recipe.model.input)
    if source.builtin:
        return _BUILTIN_SHAPES[source.builtin]
    if source.image_folder and source.image_folder.image_size:
        return (*source.image_folder.image_size, 1 if source.image_folder.color == "grayscale" else 3)
    return None


def freeze(network: Network, recipe: Recipe, phase: TrainingPhase) -> None:
    """Let those layers learn that a phase lets learn.

    The BatchNormalization layers of an application that is frozen in some phase stay in inference mode when a later one
    unfreezes it by a glob or as a whole: their statistics are those of far more images than a fine-tuning sees. Named
    one by one they learn.

    Raises:
        RecipeError: `freeze` or `unfreeze` names a layer that is not there; told at the key.
    """
    frozen = _names(network, phase, "freeze")
    unfrozen = _names(network, phase, "unfreeze") - (_kept_statistics(network, recipe) - set(phase.unfreeze))
    said = {name_of(layer): layer.args.get("trainable", True) for layer in recipe.model.layers}
    kept = _kept_statistics(network, recipe)
    for layer in network.full_model.layers:
        learns = bool(said.get(layer.name, True)) and layer.name not in frozen and layer.name not in kept
        layer.trainable = learns or layer.name in unfrozen


def _names(network: Network, phase: TrainingPhase, key: str) -> set[str]:
    try:
        return set(layers_matching(network, getattr(phase, key)))
    except RecipeError as error:
        raise RecipeError([replace(p, path=(*phase.path, key, *p.path)) for p in error.problems]) from error


def _kept_statistics(network: Network, recipe: Recipe) -> set[str]:
    """The BatchNormalization layers of applications that are frozen in some phase."""
    frozen = {name for phase in phases_of(recipe) for name in layers_matching(network, phase.freeze)}
    inside = {name for application in network.applications for name in network.groups[application]}
    return {
        layer.name
        for layer in network.full_model.layers
        if isinstance(layer, keras.layers.BatchNormalization) and layer.name in frozen & inside
    }


def learning_params(network: Network, recipe: Recipe) -> list[int]:
    """For each phase, how many parameters learn in it; leaves the network as the first phase has it."""
    phases = phases_of(recipe)
    counts = []
    for phase in phases:
        freeze(network, recipe, phase)
        counts.append(sum(math.prod(variable.shape) for variable in network.full_model.trainable_variables))
    freeze(network, recipe, phases[0])
    return counts


def check_expected(recipe: Recipe, network: Network, counted: budget.Budget | None) -> None:
    """`expect.params`, `expect.trainable_params` (where they are known) and `expect.shapes`.

    Raises:
        ExpectationError: with all that do not hold.
    """
    problems = []
    for key in ("params", "trainable_params") if counted else ():
        wanted, got = getattr(recipe.expect, key), getattr(counted, key)
        if wanted is not None and wanted != got:
            problems.append(Problem(f"expected {wanted:,} {key}, the network has {got:,}", path=("expect", key)))
    for name, shape in recipe.expect.shapes.items():
        path = ("expect", "shapes", name)
        try:
            found = list(network.output_shape(name))
        except ValueError:
            problems.append(Problem(f"no layer is named `{name}`", path=path))
            continue
        if found != shape:
            problems.append(Problem(f"expected the shape {shape} after `{name}`, got {found}", path=path))
    if problems:
        raise ExpectationError(problems)
