"""The registry of rules across the sections of a recipe."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import wraps

from cnncli.errors import Problem
from cnncli.recipe.schema import Recipe

Rule = Callable[[Recipe], Iterator[Problem]]

ERRORS: list[Rule] = []
WARNINGS: list[Rule] = []
# Rules that do not look at the network, so that a mistake there does not hide what they find.
WITHOUT_NETWORK: list[Rule] = []


def error(rule: Rule) -> Rule:
    """What it finds is wrong."""
    ERRORS.append(rule)
    return rule


def error_without_network(rule: Rule) -> Rule:
    """The same, told also where the network itself is wrong."""
    WITHOUT_NETWORK.append(rule)
    return error(rule)


def about_classes(rule: Rule) -> Rule:
    """It looks at recipes alone whose labels are classes."""

    @wraps(rule)
    def asked(recipe: Recipe) -> Iterator[Problem]:
        return rule(recipe) if recipe.data.targets == "classes" else iter(())

    return asked


def about_numbers(rule: Rule) -> Rule:
    """It looks at recipes alone whose labels are quantities."""

    @wraps(rule)
    def asked(recipe: Recipe) -> Iterator[Problem]:
        return rule(recipe) if recipe.data.targets == "numbers" else iter(())

    return asked


def warning(rule: Rule) -> Rule:
    """What it finds is not wrong, but worth a word."""
    WARNINGS.append(rule)
    return rule
