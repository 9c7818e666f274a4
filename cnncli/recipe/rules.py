"""A registry of rules across the sections of a recipe."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from cnncli.errors import Problem

Rule = Callable[[Any], Iterator[Problem]]  # of a Recipe


@dataclass(frozen=True)
class Rules:
    """Rules by what they find; its methods are decorators.

    Attributes:
        errors: what they find is wrong.
        warnings: what they find is not wrong, but worth a note.
        without_network: the errors that do not look at the network, so that a mistake there does not hide what they find.
    """

    errors: list[Rule] = field(default_factory=list)
    warnings: list[Rule] = field(default_factory=list)
    without_network: list[Rule] = field(default_factory=list)

    def error(self, rule: Rule) -> Rule:
        self.errors.append(rule)
        return rule

    def error_without_network(self, rule: Rule) -> Rule:
        self.without_network.append(rule)
        return self.error(rule)

    def warning(self, rule: Rule) -> Rule:
        self.warnings.append(rule)
        return rule


GENERAL = Rules()  # of every recipe, whatever its targets
