"""A recipe's shapes and counts, checked by Keras without data and without memory for weights."""

from __future__ import annotations

from dataclasses import dataclass, replace

from cnncli.errors import CnncliError, ExpectationError, Problem, RecipeError
from cnncli.network import budget
from cnncli.network.build import Network, build_symbolically, layers_matching
from cnncli.recipe.check import declared_classes
from cnncli.recipe.load import LoadedRecipe
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
        freeze(network, loaded.recipe)
        counted = budget.measure(network, batch_size=loaded.recipe.train.batch_size)
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


def freeze(network: Network, recipe: Recipe) -> None:
    """Let the layers learn that the recipe lets learn.

    Raises:
        RecipeError: `freeze` or `unfreeze` names a layer that is not there.
    """
    for trainable, key in ((False, "freeze"), (True, "unfreeze")):
        try:
            names = layers_matching(network, getattr(recipe.train, key))
        except RecipeError as error:
            raise RecipeError([replace(p, path=("train", key, *p.path)) for p in error.problems]) from error
        for name in names:
            network.model.get_layer(name).trainable = trainable


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
