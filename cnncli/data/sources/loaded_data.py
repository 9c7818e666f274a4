"""The data that a source provides, before any examples are set aside for validation and test."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncli.data.dataset import Examples
from cnncli.data.images import Form
from cnncli.data.targets import TargetInfo
from cnncli.errors import CnncliError, Problem

# What is being done, how much of it is done, how much there is (0: not known): `("reading images", 12, 398)`.
Progress = Callable[[str, int, int], None]

MOST_LISTED = 20  # problems of one kind
PARTS = ("train", "validation", "test")


@dataclass(frozen=True, slots=True, eq=False)
class LoadedData:
    """The parts that a source brings.

    Attributes:
        parts: by name, `train`, `validation` and `test`, those that there are, in this order.
        targets: what is known of the labels; the model's, where the data was read for one.
        source: for people.
        fingerprint: SHA-256, hex.
        notes: notes and warnings about the data.
        skipped: files left out.
        form: what every image became, where they came from files.
        forms: the same of each input, by name.
        settings: of the recipe's source, those that the data itself said.
        duplicate_of: by part, int64 (count,): for each example the first one in that part that is the same, or itself.
    """

    parts: Mapping[str, Examples]
    targets: TargetInfo
    source: str
    fingerprint: str
    notes: tuple[Problem, ...] = ()
    skipped: tuple[str, ...] = ()
    form: Form | None = None
    forms: Mapping[str, Form] = field(default_factory=dict)
    duplicate_of: Mapping[str, NDArray[np.int64]] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)


def sizes(parts: Mapping[str, Any]) -> str:
    """`8,000 + 2,000`: how many in each part."""
    return " + ".join(f"{len(part):,}" for part in parts.values())


def first_of(problems: Sequence[Problem]) -> list[Problem]:
    """The first problems, and how many are left."""
    left = len(problems) - MOST_LISTED
    return [*problems[:MOST_LISTED], *([Problem(f"and {left:,} more")] if left > 0 else [])]


@contextmanager
def problems_at(*path: str | int) -> Iterator[None]:
    """Give the problems raised inside a key of the recipe, those that do not name one themselves."""
    try:
        yield
    except CnncliError as error:
        problems = [problem if problem.path else replace(problem, path=path) for problem in error.problems]
        raise type(error)(problems, details=error.details) from error
