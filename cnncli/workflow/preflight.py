"""Preflight checks: outputs against targets, losses, metrics and pictures."""

from __future__ import annotations

from dataclasses import dataclass, replace

from cnncli.data.encoding import Encoding
from cnncli.data.targets import TargetInfo, targets_of
from cnncli.errors import Problem, RecipeError
from cnncli.network.build import Network
from cnncli.network.checks import Checked, check_shapes
from cnncli.recipe.load import LoadedRecipe
from cnncli.recipe.named_inputs import inputs_of
from cnncli.recipe.outputs import Output, outputs_of
from cnncli.training.compile_check import try_parts, try_scores
from cnncli.workflow.figure_checks import check_pictures
from cnncli.workflow.initial_values import check_initializers, check_numbers
from cnncli.workflow.problem_places import placed_in
from cnncli.workflow.stand_in_inputs import try_stand_ins
from cnncli.workflow.training_memory import Available, available_memory


@dataclass(frozen=True)
class Feasible:
    """What training needs to know of a network's outputs.

    Attributes:
        outputs: the first is the main one.
        encodings: of the targets, by output.
    """

    outputs: tuple[Output, ...]
    encodings: dict[str, Encoding]


def check_without_data(loaded: LoadedRecipe, available: Available | None = None) -> Checked | None:
    """Check a recipe's network and its outputs with what the recipe alone tells; None when it does not tell the input.

    What depends on the targets is not checked where the recipe does not tell enough of them.

    Args:
        available: the memory to train in; None: that of this machine.

    Raises:
        RecipeError: as `check_network` and `check_feasible`, each problem at its place.
        ExpectationError: as `check_network`.
        ResourceError: the network does not fit into memory.
    """
    with placed_in(loaded):
        check_numbers(loaded.recipe)
    checked = check_shapes(loaded)
    if checked is None:
        with placed_in(loaded):
            check_initializers(loaded.recipe)
        return None
    (available or available_memory()).check(checked)
    recipe = checked.loaded.recipe
    if targets := targets_of(recipe.data.targets).assumed(checked.class_count, _main_shape(checked)):
        [first, *_] = inputs_of(recipe.data)
        targets = targets.of_network(tuple(checked.network.tensors[first.name].shape[1:]))
        feasible = check_feasible(checked, targets)
        with placed_in(checked.loaded):
            try_stand_ins(checked, targets, feasible.encodings)
        return checked
    with placed_in(checked.loaded):
        _checked_outputs(checked)
        try_parts(recipe)
        check_initializers(recipe, checked.network)
        try_stand_ins(checked)
    return checked


def check_feasible(checked: Checked, targets: TargetInfo) -> Feasible:
    """Check everything about a network's outputs that is known without data.

    Args:
        targets: of the data, or as the recipe tells them.

    Raises:
        RecipeError: no loss, an output with other axes than the targets need, a loss or metric that Keras cannot compute, or
            a layer that cannot be drawn.
        DataError: too few outputs for the targets, or too many.
    """
    recipe, network = checked.loaded.recipe, checked.network
    with placed_in(checked.loaded):
        outputs = _checked_outputs(checked)
        encodings = {output.name: _encoding(output, network, targets) for output in outputs}
        try_parts(recipe)
        try_scores(recipe, network, encodings, targets)
        check_initializers(recipe, network)
    return Feasible(tuple(outputs), encodings)


def _checked_outputs(checked: Checked) -> list[Output]:
    """The outputs, each of which has a loss and the axes that the targets need; and pictures that can be drawn."""
    recipe, network = checked.loaded.recipe, checked.network
    check_pictures(recipe, network)
    outputs = outputs_of(recipe)
    _refuse_missing_loss(outputs)
    _refuse_unfit(outputs, network, targets_of(recipe.data.targets))
    return outputs


def _refuse_missing_loss(outputs: list[Output]) -> None:
    missing = next((output for output in outputs if output.loss is None), None)
    if missing:
        message = f"`loss` is missing in `train`: none follows from layer `{missing.name}`"
        raise RecipeError(Problem(message, path=("train",)))


def _refuse_unfit(outputs: list[Output], network: Network, needed: type[TargetInfo]) -> None:
    found = [(output, needed.unfit_output(network.output_shape(output.name), output.name)) for output in outputs]
    problems = [replace(problem, path=output.path) for output, problem in found if problem]
    if problems:
        raise RecipeError(problems)


def _main_shape(checked: Checked) -> tuple[int | None, ...]:
    """Of the main output; of one with other axes than the targets need what tells nothing of them."""
    recipe = checked.loaded.recipe
    [main, *_] = outputs_of(recipe)
    shape = checked.network.output_shape(main.name)
    return (None,) if targets_of(recipe.data.targets).unfit_output(shape, main.name) else shape


def _encoding(output: Output, network: Network, targets: TargetInfo) -> Encoding:
    assert output.loss is not None
    shape = network.output_shape(output.name)
    return targets.encoding(output.loss, output_shape=shape, layer=output.name, path=output.path)
