"""The section `tune` of a recipe: a hyperparameter search, its metric and its search space."""

from __future__ import annotations

import builtins
import math
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from cnncli.messages import described, did_you_mean
from cnncli.recipe.deferred import Deferred
from cnncli.recipe.growth import LARGEST_INTEGER
from cnncli.recipe.keras_objects.objects import Fault
from cnncli.recipe.schema_fields import Count, Duration, Section, read_integer

KINDS = ("choice", "int", "float")
MOST_CHOICES = 1000
MOST_STEPS = 1_000_000  # of a range of numbers; with tiny steps Optuna fails


def _as_integers(value: Any) -> Any:
    return [read_integer(end) for end in value] if value is not None else None


def _as_floats(value: Any) -> Any:
    return [float(end) for end in value] if value is not None else None


# `Parameter` checks the values of all its keys together, and a class with a field `int` cannot name that type.
_TwoIntegers = Annotated[list[int], Field(min_length=2, max_length=2)]
_TwoNumbers = Annotated[list[float], Field(min_length=2, max_length=2)]
_Integers = Annotated[Any, BeforeValidator(_as_integers, json_schema_input_type=_TwoIntegers | None)]
_Numbers = Annotated[Any, BeforeValidator(_as_floats, json_schema_input_type=_TwoNumbers | None)]
_Positive = Annotated[float, Field(gt=0)]
_Step = Annotated[Any, BeforeValidator(lambda value: value, json_schema_input_type=_Positive | None)]


class Parameter(Section):
    """The values of a hyperparameter: exactly one of `choice`, `int` and `float`."""

    choice: list[Any] | None = Field(None, description="a list of values, of any kind")
    int: _Integers = Field(None, description="[low, high], two integers; both ends belong to the range")
    float: _Numbers = Field(None, description="[low, high], two numbers; both ends belong to the range")
    step: _Step = Field(None, description="distance between two values of the range")
    log: bool = Field(False, description="search on a logarithmic scale, for example for a learning rate")

    @model_validator(mode="wrap")
    @classmethod
    def _consistent(cls, value: Any, handler: Any) -> Any:
        if isinstance(value, dict) and (faults := list(_faults(value))):
            raise PydanticCustomError("keras_object", "not usable", {"faults": faults})
        if not isinstance(value, (dict, Parameter)):
            fault = Fault((), f"expected a mapping of values, got {described(value)}", _FORMS)
            raise PydanticCustomError("keras_object", "not usable", {"faults": [fault]})
        return handler(value)

    @property
    def kind(self) -> str:
        """`choice`, `int` or `float`."""
        return next(kind for kind in KINDS if getattr(self, kind) is not None)

    @property
    def low(self) -> builtins.float:
        return (self.float if self.int is None else self.int)[0]  # type: ignore[no-any-return]

    @property
    def high(self) -> builtins.float:
        return (self.float if self.int is None else self.int)[1]  # type: ignore[no-any-return]

    @property
    def ends(self) -> list[Any]:
        """Values that tell whether all are allowed: both ends of a range, or every choice."""
        if self.choice is not None:
            return list(self.choice)
        return [self.low] if self.low == self.high else [self.low, self.high]


_FORMS = "as in `{choice: [16, 32]}`, `{int: [4, 64]}` or `{float: [1e-4, 1e-1], log: true}`"
_RANGES = {"int": "two integers, [low, high]", "float": "two numbers, [low, high]"}


def _faults(written: dict[str, Any]) -> Iterator[Fault]:
    """What is wrong with the values of a parameter, each with the key where it stands."""
    for key in written:
        if key not in Parameter.model_fields:
            yield Fault((key,), f"unknown key `{key}`", did_you_mean(str(key), Parameter.model_fields), on_key=True)
    kinds = [kind for kind in KINDS if written.get(kind) is not None]
    if not kinds and any(key not in Parameter.model_fields for key in written):
        return  # the unknown key is what was meant
    if len(kinds) != 1:
        got = " and ".join(f"`{kind}`" for kind in kinds) or "none of them"
        yield Fault((), f"expected one of `choice`, `int` and `float`, got {got}", _FORMS)
        return
    [kind] = kinds
    if not isinstance(written.get("log", False), bool):
        yield Fault(("log",), f"`log`: expected true or false, got {described(written['log'])}")
    if kind == "choice":
        yield from _faults_of_choices(written)
    else:
        yield from _faults_of_range(kind, written)


def _faults_of_choices(written: dict[str, Any]) -> Iterator[Fault]:
    choices = written["choice"]
    for key in ("step", "log"):
        if written.get(key) not in (None, False):
            yield Fault((key,), f"`{key}` belongs to a range, not to `choice`", "leave it out", on_key=True)
    if not isinstance(choices, list) or not choices:
        got = "an empty list" if choices == [] else described(choices)
        yield Fault(("choice",), f"`choice`: expected a list of values, got {got}", "as in `choice: [16, 32, 64]`")
        return
    if len(choices) > MOST_CHOICES:
        yield Fault(("choice",), f"`choice`: expected at most {MOST_CHOICES:,} values, got {len(choices):,}")
        return
    seen: list[tuple[str, Any]] = []
    for index, value in enumerate(choices):
        if _holds_deferred(value):
            message = f"`choice`: `{value}` is not known before the data is read"
            yield Fault(("choice", index), message, "write the value itself")
        found = (type(value).__name__, value)
        if found in seen:
            yield Fault(("choice", index), f"`choice`: {described(value)} is given twice", "leave one of them out")
        seen.append(found)


def _holds_deferred(value: Any) -> bool:
    if isinstance(value, (dict, list)):
        return any(map(_holds_deferred, value.values() if isinstance(value, dict) else value))
    return isinstance(value, Deferred)


def _faults_of_range(kind: str, written: dict[str, Any]) -> Iterator[Fault]:
    pair = written[kind]
    if not isinstance(pair, list) or len(pair) != 2 or not all(_is_number(end, kind) for end in pair):
        yield Fault((kind,), f"`{kind}`: expected {_RANGES[kind]}, got {described(pair)}", _FORMS)
        return
    low, high = (read_integer(end) for end in pair) if kind == "int" else map(float, pair)
    step, log = written.get("step"), written.get("log") is True
    if low > high:
        yield Fault((kind,), f"`{kind}`: the low end {pair[0]} is above the high end {pair[1]}", "exchange them")
    elif log and low <= 0:
        hint = "begin above 0, for example at 1e-5, or leave out `log`"
        yield Fault((kind, 0), f"`{kind}`: a logarithmic range cannot begin at {pair[0]}", hint)
    if step is None:
        return
    if not _is_number(step, kind) or step <= 0:
        noun = "an integer ≥ 1" if kind == "int" else "a number > 0"
        yield Fault(("step",), f"`step`: expected {noun}, got {described(step)}")
    elif log:
        message = "`step` does not go with `log`"
        yield Fault(("step",), message, "leave out one of them, or list the values in `choice`", on_key=True)
    elif low < high and step > high - low:
        yield Fault(("step",), f"`step`: {step} is larger than the range from {pair[0]} to {pair[1]}")
    elif kind == "float" and (high - low) / step > MOST_STEPS:
        yield Fault(
            ("step",), f"`step`: {step} makes more than {MOST_STEPS:,} values", "leave it out, or make it larger"
        )


def _is_number(value: Any, kind: str) -> bool:
    if isinstance(value, (Deferred, bool)) or not isinstance(value, (int, float)):
        return False
    if kind == "int":
        return math.isfinite(value) and float(value).is_integer() and abs(value) <= LARGEST_INTEGER
    return math.isfinite(value)


class Tune(Section):
    """A hyperparameter search with `cnncli tune`; `cnncli train` ignores it."""

    metric: str = Field("val_loss", description="what is compared: `val_loss`, or a metric with `val_`")
    direction: Literal["minimize", "maximize"] | None = Field(
        None, description="whether low or high is best; default: what the metric means"
    )
    trials: Count | None = Field(None, description="number of trials; default: 20, or the whole grid")
    sampler: Literal["tpe", "random", "qmc", "grid"] = Field(
        "tpe",
        description="how values are chosen: tpe learns from finished trials, random and qmc (a Sobol sequence) do not, "
        "grid takes every combination",
    )
    pruner: Literal["median", "hyperband", "successive_halving", "none"] = Field(
        "median", description="which trials are stopped early: those that are worse than the others at the same epoch"
    )
    warmup_epochs: Annotated[int, Field(ge=0), BeforeValidator(read_integer)] = Field(
        0, description="epochs before a trial can be pruned"
    )
    max_time: Duration | None = Field(None, description="no trial begins after this time")
    parameters: Annotated[dict[str, Parameter], Field(min_length=1)] = Field(
        description="values by key, as `--set` takes it: `train.batch_size: {choice: [32, 64]}`; "
        "`model.C1.filters` is an argument of the layer `C1`"
    )
