"""Rules for the section `tune` of a recipe: metric, direction, grid."""

from __future__ import annotations

import math
from collections.abc import Iterator

from cnncli.errors import Problem
from cnncli.messages import did_you_mean, listed
from cnncli.recipe.metrics import best_direction, metric_names
from cnncli.recipe.rules import GENERAL
from cnncli.recipe.schema import Recipe
from cnncli.recipe.schema_tune import Parameter

MOST_GRID_POINTS = 10_000  # that are tried without being asked for


@GENERAL.error_without_network
def _unknown_tune_metric(recipe: Recipe) -> Iterator[Problem]:
    """Trials are compared on the validation examples; the test examples choose nothing."""
    if recipe.tune is None:
        return
    names, metric = metric_names(recipe), recipe.tune.metric
    known = [f"val_{name}" for name in names]
    if metric in known:
        return
    own = metric.removeprefix("test_")
    if own in names:
        kind = "test" if metric.startswith("test_") else "training"
        hint = f"trials are compared on the validation examples, not the {kind} examples: `metric: val_{own}`"
    else:
        hint = did_you_mean(metric, known) or f"one of: {listed(known, 20)}"
    yield Problem(f"`metric`: no validation metric is named `{metric}`", hint, path=("tune", "metric"))


@GENERAL.error_without_network
def _tune_direction(recipe: Recipe) -> Iterator[Problem]:
    """A direction that is missing where the metric does not tell it, or the wrong one."""
    if recipe.tune is None or recipe.tune.metric not in [f"val_{name}" for name in metric_names(recipe)]:
        return
    metric, direction, best = recipe.tune.metric, recipe.tune.direction, best_direction(recipe.tune.metric)
    if direction is None and best is None:
        hint = "write `direction: minimize` or `direction: maximize`"
        yield Problem(
            f"`direction` is missing: `{metric}` does not tell whether low or high is best", hint, None, _METRIC
        )
    elif direction is not None and best is not None and direction != best:
        which = "low" if best == "minimize" else "high"
        message = f"`direction`: {direction} is wrong for `{metric}`: a {which} value is best"
        yield Problem(message, f"write `direction: {best}`, or leave it out", path=("tune", "direction"))


_METRIC = ("tune", "metric")


@GENERAL.error_without_network
def _grid_of_ranges(recipe: Recipe) -> Iterator[Problem]:
    """A grid needs values that can be counted."""
    if recipe.tune is None or recipe.tune.sampler != "grid":
        return
    for key, parameter in recipe.tune.parameters.items():
        if parameter.kind == "float" and parameter.step is None and parameter.low < parameter.high:
            hint = "add `step`, list the values in `choice`, or use another sampler"
            message = f"`{key}`: the sampler `grid` needs a step for a range of numbers"
            yield Problem(message, hint, path=("tune", "parameters", key))
        elif parameter.kind == "int" and parameter.log:
            hint = "list the values in `choice`, or use another sampler"
            message = f"`{key}`: the sampler `grid` takes no logarithmic range"
            yield Problem(message, hint, path=("tune", "parameters", key))
    count = math.prod(map(value_count, recipe.tune.parameters.values()))
    if recipe.tune.trials is None and MOST_GRID_POINTS < count < math.inf:
        hint = "set `trials`, which takes that many of them at random, or use larger steps"
        yield Problem(f"the grid has {int(count):,} combinations", hint, path=("tune", "sampler"))


@GENERAL.warning
def _fewer_values_than_trials(recipe: Recipe) -> Iterator[Problem]:
    """Samplers try values again that they have tried before."""
    if recipe.tune is None or recipe.tune.sampler == "grid" or recipe.tune.trials is None:
        return
    count = math.prod(map(value_count, recipe.tune.parameters.values()))
    if count < recipe.tune.trials:
        message = f"`trials`: {recipe.tune.trials:,} are more than the {int(count):,} combinations that there are"
        yield Problem(message, "`sampler: grid` tries each of them once", path=("tune", "trials"))


def value_count(parameter: Parameter) -> float:
    """How many values a parameter can have; infinite for a range of numbers without a step."""
    if parameter.choice is not None:
        return len(parameter.choice)
    if parameter.low == parameter.high:
        return 1
    if parameter.kind == "float" and parameter.step is None:
        return math.inf
    # The tolerance: 0.1 / 0.01 is 10.000000000000002, and (0.3 - 0.1) / 0.1 is below 2.
    return math.floor((parameter.high - parameter.low) / (parameter.step or 1) + 1e-9) + 1


@GENERAL.error_without_network
def _keys_that_choose_the_examples(recipe: Recipe) -> Iterator[Problem]:
    """Trials are compared on the same validation examples, and draw and test nothing."""
    for key in recipe.tune.parameters if recipe.tune else ():
        path = ("tune", "parameters", key)
        parts = key.split(".")
        if parts[:2] == ["data", "split"]:
            hint = "trials can only be compared on the same validation examples; change it with --set"
            yield Problem(f"`{key}` cannot be searched", hint, path=path)
        elif parts[0] in ("version", "name", "about", "extends", "tune", "evaluate", "visualize", "expect"):
            yield Problem(f"`{key}` cannot be searched: it has no effect on a trial", "leave it out", path=path)
