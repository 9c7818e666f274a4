"""Instantiate the Keras objects that a recipe describes."""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import keras

from cnncli import keras_internals
from cnncli.recipe.keras_objects.catalogue import Argument
from cnncli.recipe.keras_objects.generate_catalogue import MODULES
from cnncli.recipe.keras_objects.objects import KerasObject
from cnncli.recipe.metrics import metric_name

Counts = defaultdict[str, int]


def make(found: KerasObject, **more: Any) -> Any:
    """Call the Keras class or function that a recipe names.

    Args:
        found: what the recipe says. A text identifier (`adam`, `relu`) is given on as the text that Keras takes for it.
        more: further arguments; they win.

    Returns:
        The Keras object; for a text identifier the text.

    Raises:
        Whatever Keras raises for arguments that it does not like.
    """
    if found.is_identifier:
        return found.name
    arguments = {name: _value(value) for name, value in found.args.items()}
    if found.kind in ("optimizers", "schedules"):  # a rate of 1 is a number like 0.5; some of them compute in its type
        known = found.entry.arguments or {}
        arguments = {
            name: float(value) if _is_number(known[name]) and type(value) is int else value
            for name, value in arguments.items()
        }
    if found.kind == "schedules" and isinstance(arguments.get("values"), list):  # [1, 0.1] would compute in integers
        arguments["values"] = [float(value) for value in arguments["values"]]
    if found.kind == "metrics":
        arguments["name"] = metric_name(found)  # Keras counts on: the second Precision of a process is `precision_1`
    return getattr(MODULES[found.kind], found.name)(**{**arguments, **more})


@contextlib.contextmanager
def dtype_policy(policy: str) -> Iterator[None]:
    """Keras' global dtype policy within a `with`.

    It reaches what a `dtype` argument does not: layers within layers, and applications. And it leaves alone the layers
    that choose their own, such as Hashing.
    """
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


@contextlib.contextmanager
def names_counted_anew(taken: Iterable[str]) -> Iterator[None]:
    """Let Keras name within a `with` what has no name, as in a new process, and by no name that is taken.

    Keras counts over the whole process (`dense_7`): without this a recipe's second network would not have the names of its
    first, and one of them could be a name of the recipe.
    """
    with names_counted_on(passed_over(taken)):
        yield


def passed_over(taken: Iterable[str]) -> Counts:
    """Keras' counts of names, by kind, from which on no name that it gives is taken."""
    counts: Counts = defaultdict(int)
    for name in taken:
        base, _, number = name.rpartition("_")
        counts[name] = max(counts[name], 1)
        if number.isdecimal():
            counts[base] = max(counts[base], int(number) + 1)
    return counts


def names_counted_on(counts: Counts) -> AbstractContextManager[None]:
    """Let Keras name within a `with` what has no name, and count in `counts`."""
    return keras_internals.global_attribute("object_name_uids", counts)


@contextlib.contextmanager
def shapes_alone() -> Iterator[None]:
    """Let variables that are made within a `with` have a shape and a type but no values: they take no memory.

    Keras keeps them on a list of what the next `StatelessScope` of the process initialises: they are taken off it.
    """
    with (
        keras_internals.global_attribute("uninitialized_variables", []),
        keras.StatelessScope(initialize_variables=False),
    ):
        yield


def make_optimizer(found: KerasObject) -> Any:
    """The optimizer, also where it is written as a text identifier."""
    return keras.optimizers.get(make(found))


def _is_number(argument: Argument) -> bool:
    return argument.type == "number" or argument.kind == "schedules"


def _value(value: Any) -> Any:
    if isinstance(value, KerasObject):
        return make(value)
    if isinstance(value, list):
        return [_value(item) for item in value]
    return value
