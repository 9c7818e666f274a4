"""The search space of a recipe in Optuna's terms: suggested values, settings, grid points."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import optuna

from cnncli.recipe.check_tune import value_count
from cnncli.recipe.schema_tune import Parameter
from cnncli.recipe.search_space import setting_of
from cnncli.recipe.write import as_flow

_MOST_ORDERED = 1_000_000  # grid points that are put in random order as a whole


@dataclass(frozen=True)
class Space:
    """The parameters of a sweep by key.

    Optuna keeps numbers as they are, and of a choice its text in YAML: choices may be lists and mappings.
    """

    parameters: Mapping[str, Parameter]

    def suggest(self, trial: optuna.Trial) -> dict[str, Any]:
        """The values of a trial by key, as Optuna keeps them."""
        return {key: self._suggest(trial, key, parameter) for key, parameter in self.parameters.items()}

    def _suggest(self, trial: optuna.Trial, key: str, parameter: Parameter) -> Any:
        if parameter.choice is not None:
            return trial.suggest_categorical(key, [as_flow(value) for value in parameter.choice])
        low, high = parameter.low, _last(parameter)
        if parameter.kind == "int":
            return trial.suggest_int(key, int(low), int(high), step=int(parameter.step or 1), log=parameter.log)
        return trial.suggest_float(key, low, high, step=parameter.step, log=parameter.log)

    def values(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """What a recipe gets for the values that Optuna keeps, by key in the order of the recipe."""
        return {key: self._value(parameter, params[key]) for key, parameter in self.parameters.items() if key in params}

    def _value(self, parameter: Parameter, kept: Any) -> Any:
        if parameter.choice is None:
            return int(kept) if parameter.kind == "int" else float(kept)
        return next(value for value in parameter.choice if as_flow(value) == kept)

    def settings(self, params: Mapping[str, Any]) -> list[str]:
        """The values as `--set` takes them."""
        return [setting_of(key, value) for key, value in self.values(params).items()]

    def grid(self, seed: int) -> Iterator[dict[str, Any]]:
        """Every combination of the values, as Optuna keeps them, in an order that the seed decides."""
        columns = [_grid_values(parameter) for parameter in self.parameters.values()]
        for index in _shuffled(math.prod(map(len, columns)), random.Random(seed)):
            yield dict(zip(self.parameters, _point(columns, index), strict=True))

    @property
    def grid_size(self) -> float:
        return math.prod(map(value_count, self.parameters.values()))


def _shuffled(count: int, chance: random.Random) -> Iterable[int]:
    """The numbers below a count in random order; of very many in steps that meet each of them once."""
    if count <= _MOST_ORDERED:
        return chance.sample(range(count), count)
    step = next(step for step in iter(lambda: chance.randrange(count // 3, count), None) if math.gcd(step, count) == 1)
    first = chance.randrange(count)
    return ((first + number * step) % count for number in range(count))


def _point(columns: Sequence[Sequence[Any]], index: int) -> list[Any]:
    values = []
    for column in reversed(columns):
        index, place = divmod(index, len(column))
        values.append(column[place])
    return values[::-1]


def _last(parameter: Parameter) -> float:
    """The last value of a range that its step reaches."""
    if parameter.step is None:
        return parameter.high
    return parameter.low + (value_count(parameter) - 1) * float(parameter.step)


def _grid_values(parameter: Parameter) -> list[Any]:
    if parameter.choice is not None:
        return [as_flow(value) for value in parameter.choice]
    count = int(value_count(parameter))
    values = [parameter.low + index * (parameter.step or 1) for index in range(count)]
    return [int(value) for value in values] if parameter.kind == "int" else [float(value) for value in values]
