"""Rules across the sections of a recipe, one function for each rule.

Here are those about the network and its outputs; those about data and training are beside.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby, islice

from cnncli.errors import Place, Problem
from cnncli.messages import did_you_mean, listed
from cnncli.recipe import (  # all but the last bring rules
    check_data,  # noqa: F401
    check_names,  # noqa: F401
    check_splits,  # noqa: F401
    check_tables,  # noqa: F401
    check_text,  # noqa: F401
    check_trackers,  # noqa: F401
    check_training,  # noqa: F401
    check_tune,  # noqa: F401
    targets,
)
from cnncli.recipe.growth import MOST_PROBLEMS
from cnncli.recipe.keras_objects.objects import KerasObject
from cnncli.recipe.language.flat_layers import INPUT
from cnncli.recipe.layers import name_of
from cnncli.recipe.named_inputs import inputs_of
from cnncli.recipe.outputs import outputs_of
from cnncli.recipe.rules import GENERAL, Rules
from cnncli.recipe.schema import Recipe
from cnncli.recipe.yaml.nodes import Mapping, Path, place_of


def check(recipe: Recipe, root: Mapping) -> Iterator[tuple[Problem, bool]]:
    """Every rule's findings.

    Args:
        recipe: the typed recipe.
        root: its tree, for the rules that tell two places.

    Yields:
        A problem that names its key by `path`, and whether it is only a warning.
    """
    for problem in islice(_duplicate_names(recipe, root), MOST_PROBLEMS):
        yield problem, False
    for some in _rules_for(recipe):
        for rules, is_warning in ((some.errors, False), (some.warnings, True)):
            for rule in rules:
                for problem in islice(rule(recipe), MOST_PROBLEMS):
                    yield problem, is_warning


def check_without_network(recipe: Recipe) -> Iterator[Problem]:
    """The errors that can be told while the network itself is wrong."""
    for some in _rules_for(recipe):
        for rule in some.without_network:
            yield from islice(rule(recipe), MOST_PROBLEMS)


def _rules_for(recipe: Recipe) -> tuple[Rules, Rules]:
    return GENERAL, targets.of(recipe.data.targets).RULES


def _layer_path(recipe: Recipe, index: int, *parts: str) -> Path:
    return ("model", "layers", index, recipe.model.layers[index].name, *parts)


def _duplicate_names(recipe: Recipe, root: Mapping) -> Iterator[Problem]:
    first: dict[str, int] = {}
    inputs = recipe.data.inputs or {}
    for index, layer in enumerate(recipe.model.layers):
        name = name_of(layer)
        if name in inputs:
            yield Problem(
                f"an input is named `{name}`, too", "rename the layer", path=_layer_path(recipe, index, "name")
            )
        if name in first:
            before = place_of(root, _layer_path(recipe, first[name], "name"))
            hint = f"first given on line {before.line}" if before.line else ""
            if before.line and _is_same(before, place_of(root, _layer_path(recipe, index, "name"))):
                hint = "it is written out several times: use the variables of all rounds in the name, as in `x$(i)_$j`"
            yield Problem(f"two layers are named `{name}`", hint, path=_layer_path(recipe, index, "name"))
        first.setdefault(name, index)


def _is_same(one: Place, other: Place) -> bool:
    """Whether two places are the same, whatever calls lead there."""
    return (one.file, one.line, one.column) == (other.file, other.line, other.column)


@GENERAL.error
def _unknown_inputs(recipe: Recipe) -> Iterator[Problem]:
    """`from` names layers that stand before."""
    inputs = [each.name for each in inputs_of(recipe.data)]
    earlier = dict.fromkeys(inputs)  # in order
    later = {name_of(layer) for layer in recipe.model.layers}
    has_application = _has_application(recipe)
    ends = sorted(recipe.model.groups, key=lambda group: group.end, reverse=True)
    for index, layer in enumerate(recipe.model.layers):
        while ends and ends[-1].end <= index:
            earlier[ends.pop().name] = None
        for name in layer.inputs:
            if name in earlier or has_application:
                continue
            path = _layer_path(recipe, index, "from")
            if name in later:
                yield Problem(f"`{name}` comes after this layer", "a layer takes those before it", path=path)
            elif name == INPUT:
                yield Problem(f"no input is named `{INPUT}`", f"the inputs: {listed(inputs, 20)}", path=path)
            else:
                yield Problem(f"no layer is named `{name}`", did_you_mean(name, earlier), path=path)
        earlier[name_of(layer)] = None


@GENERAL.error
def _unused_inputs(recipe: Recipe) -> Iterator[Problem]:
    """Every one of several inputs goes into a layer."""
    inputs = [each.name for each in inputs_of(recipe.data)]
    if len(inputs) < 2:
        return
    used = {name for layer in recipe.model.layers for name in layer.inputs}
    for name in inputs:
        if name not in used:
            hint = f"a layer takes it with `from: {name}`; if it is not needed, remove it"
            yield Problem(f"no layer takes the input `{name}`", hint, path=("data", "inputs", name))


@GENERAL.error
def _unknown_layers_in_sections(recipe: Recipe) -> Iterator[Problem]:
    """`visualize` and `expect.shapes` name layers of the network."""
    known = dict.fromkeys(_names_of_layers_and_groups(recipe))
    wanted: list[tuple[str, Path]] = [(name, ("expect", "shapes", name)) for name in recipe.expect.shapes]
    for index, picture in enumerate(recipe.visualize):
        wanted += [(name, ("visualize", index, *path)) for name, path in picture.layers]
    for name, path in wanted:
        # The layers inside an application have names of their own, which only Keras knows.
        if name not in known and not _has_application(recipe):
            yield Problem(f"no layer is named `{name}`", did_you_mean(name, known), path=path)


@GENERAL.warning
def _layers_that_lead_nowhere(recipe: Recipe) -> Iterator[Problem]:
    """Layers that no path leads from to an output are not part of the network."""
    layers, outputs = recipe.model.layers, [output.index for output in outputs_of(recipe)]
    if -1 in outputs:
        return
    reached = _leading_to(outputs, layers)
    for is_reached, run in groupby(range(len(layers)), key=reached.__contains__):
        if not is_reached:
            first, *others = run
            names = listed([f"`{name_of(layers[index])}`" for index in (first, *others)], 3)
            what = "lead to no output: they are" if others else "leads to no output: it is"
            hint = "name what takes it in `from`, or leave it out"
            yield Problem(f"{names} {what} not part of the network", hint, path=_layer_path(recipe, first))


def _leading_to(outputs: Sequence[int], layers: Sequence[KerasObject]) -> set[int]:
    """The layers on a path to one of these; all by their place in the flat list."""
    places = {name_of(layer): index for index, layer in enumerate(layers)}
    # A name that only Keras knows is that of a layer inside an application.
    applications = [index for index, layer in enumerate(layers) if layer.kind == "applications"]
    found, waiting = set[int](), [*outputs]
    while waiting:
        index = waiting.pop()
        if index in found:
            continue
        found.add(index)
        taken = [*layers[index].inputs, *filter(None, [layers[index].shares])]
        if not layers[index].inputs and index > 0:
            waiting.append(index - 1)
        for name in taken:
            waiting += [places[name]] if name in places else applications
    return found


def _names_of_layers_and_groups(recipe: Recipe) -> list[str]:
    return [*(name_of(layer) for layer in recipe.model.layers), *(group.name for group in recipe.model.groups)]


def _has_application(recipe: Recipe) -> bool:
    return any(layer.kind == "applications" for layer in recipe.model.layers)


@GENERAL.error
def _outputs_are_layers(recipe: Recipe) -> Iterator[Problem]:
    known = dict.fromkeys(_names_of_layers_and_groups(recipe))
    for output in outputs_of(recipe):
        if output.index < 0 and not _has_application(recipe):
            yield Problem(f"no layer is named `{output.name}`", did_you_mean(output.name, known), path=output.path)
    outputs, losses = recipe.model.outputs, recipe.train.loss
    named = [("loss", name) for name in losses] if isinstance(losses, dict) else []
    for key, name in [*named, *(("loss_weights", name) for name in recipe.train.loss_weights)]:
        if name not in outputs:
            hint = did_you_mean(name, outputs) or "outputs are named in `model.outputs`"
            yield Problem(f"no output is named `{name}`", hint, path=("train", key, name))
