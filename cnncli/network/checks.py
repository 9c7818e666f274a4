"""Check a recipe's shapes and counts with Keras, without data and without memory for weights."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import keras

from cnncli.data.dataset import InputShape
from cnncli.errors import CnncliError, ExpectationError, Problem, RecipeError, dotted
from cnncli.network import budget, symbolic_shapes
from cnncli.network.build import Network, build_symbolically, layers_matching
from cnncli.network.merging import unintended_broadcasts
from cnncli.network.structures import constant_name
from cnncli.recipe.keras_objects.structure_entries import LEARNED
from cnncli.recipe.known_data import declared_classes, declared_shape
from cnncli.recipe.layers import name_of
from cnncli.recipe.load import LoadedRecipe
from cnncli.recipe.phases import TrainingPhase, phases_of
from cnncli.recipe.schema import Recipe


@dataclass(frozen=True)
class Checked:
    """A network that Keras has built symbolically.

    Attributes:
        loaded: its recipe, with what was known then.
        input_shape: of one raw example; of several inputs by name.
        class_count: None where the recipe alone does not tell it.
        network: takes no memory; computes in the precision that the recipe names, and in float32 where it says `auto`.
        budget: as it will be; without the number of classes the last layer has a placeholder's size.
        learning_params: for each phase, how many parameters learn in it.
        is_complete: every number is final.
        notes: what is not wrong, but probably not meant; each with its place.
    """

    loaded: LoadedRecipe
    input_shape: InputShape
    class_count: int | None
    network: Network
    budget: budget.Budget
    learning_params: tuple[int, ...]
    is_complete: bool
    notes: tuple[Problem, ...] = ()

    @property
    def params(self) -> int | None:
        """All parameters; None while the number of classes decides."""
        return self.budget.params if self.is_complete else None

    @property
    def trainable_params(self) -> int | None:
        """Those that training changes; None likewise."""
        return self.budget.trainable_params if self.is_complete else None


def check_shapes(loaded: LoadedRecipe) -> Checked | None:
    """Let Keras build the network of a recipe symbolically, with what the recipe alone tells; None when that is too little.

    Raises: as `check_network`.
    """
    shape, classes = declared_shape(loaded.recipe), declared_classes(loaded.recipe)
    if shape is None:
        return None
    if classes is not None:
        return check_network(_resolved(loaded, classes, shape), input_shape=shape, class_count=classes)
    one, other = (_resolved(loaded, count, shape) for count in _STAND_INS)
    is_complete = one.recipe.model == other.recipe.model
    try:
        return check_network(one, input_shape=shape, class_count=None, is_complete=is_complete)
    except (RecipeError, ExpectationError) as error:
        # What is wrong with one number of classes and not, or not so, with another says nothing about the data's.
        if is_complete or _problems(other, shape) == error.problems:
            raise
        return None


_STAND_INS = (2, 11)  # numbers of classes


def _resolved(loaded: LoadedRecipe, classes: int, shape: InputShape) -> LoadedRecipe:
    try:
        return symbolic_shapes.resolve(loaded, shape, classes=classes)
    except CnncliError as error:
        raise loaded.located(error) from error


def _problems(loaded: LoadedRecipe, shape: InputShape) -> tuple[Problem, ...]:
    try:
        check_network(loaded, input_shape=shape, class_count=None, is_complete=False)
    except CnncliError as error:
        return error.problems
    return ()


def check_network(
    loaded: LoadedRecipe, *, input_shape: InputShape, class_count: int | None, is_complete: bool = True
) -> Checked:
    """Let Keras build the network of a recipe symbolically.

    Args:
        is_complete: the recipe holds no number that only stands in for the number of classes.

    Raises:
        RecipeError: a layer that does not fit, at its place.
        ExpectationError: `expect.params`, `expect.trainable_params` or `expect.shapes` does not hold.
    """
    recipe = loaded.recipe
    try:
        network = build_symbolically(recipe, input_shape=input_shape, policy=_policy(recipe), find_weights=True)
        learning = learning_params(network, recipe)
        counted = budget.measure(network, batch_size=recipe.train.batch_size, trainable_params=max(learning))
        check_expected(loaded, network, counted if is_complete else None)
    except CnncliError as error:
        raise loaded.located(error) from error
    notes = tuple(loaded.locate(unintended_broadcasts(recipe, network)))
    return Checked(loaded, input_shape, class_count, network, counted, tuple(learning), is_complete, notes)


def _policy(recipe: Recipe) -> str:
    return "float32" if recipe.train.precision == "auto" else recipe.train.precision


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
    said |= {constant_name(name_of(item)): said[name_of(item)] for item in recipe.model.layers if item.name == LEARNED}
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


def check_expected(loaded: LoadedRecipe, network: Network, counted: budget.Budget | None) -> None:
    """`expect.params`, `expect.trainable_params` (where they are known) and `expect.shapes`.

    Raises:
        ExpectationError: with all that do not hold.
    """
    expect, problems = loaded.recipe.expect, []
    for key in ("params", "trainable_params") if counted else ():
        wanted, got = getattr(expect, key), getattr(counted, key)
        if wanted is not None and wanted != got:
            message = f"expected {wanted:,} {key}, the network has {got:,}"
            problems.append(Problem(message, _way_out(loaded, ("expect", key)), path=("expect", key)))
    for name, shape in expect.shapes.items():
        path = ("expect", "shapes", name)
        try:
            found = list(network.output_shape(name))
        except ValueError:
            problems.append(Problem(f"no layer is named `{name}`", _way_out(loaded, path), path=path))
            continue
        if found != shape:
            message = f"expected the shape {shape} after `{name}`, got {found}"
            problems.append(Problem(message, _way_out(loaded, path), path=path))
    if problems:
        raise ExpectationError(problems)


def _way_out(loaded: LoadedRecipe, path: tuple[str, ...]) -> str:
    """How to remove a condition that comes from `extends` or the command line; empty if the recipe itself has it."""
    if loaded.place(path).file == loaded.place(()).file and not loaded.settings:
        return ""
    return f"if the network is meant to be different, remove the condition: --set {dotted(path)}=null"
