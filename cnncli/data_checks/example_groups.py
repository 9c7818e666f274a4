"""Check the groups of examples, such as patients: how many, how large, and whether one lies in two parts."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

from pydantic import BaseModel, ConfigDict

from cnncli.data.dataset import Splits
from cnncli.data_checks.findings import Finding
from cnncli.messages import counted, listed

_MOST_NAMED = 5


class GroupsSummary(BaseModel):
    """The groups of a data set.

    Attributes:
        count: how many in each part, by part.
        largest: the name of the largest one.
        largest_count: its examples.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    count: dict[str, int]
    largest: str
    largest_count: int


def summarise_groups(splits: Splits) -> GroupsSummary | None:
    """The groups in numbers; None where examples have none."""
    names = _names(splits)
    if not names:
        return None
    every = Counter(name for part in names.values() for name in part.elements())
    [(largest, count)] = every.most_common(1)
    return GroupsSummary(
        count={part: len(found) for part, found in names.items()}, largest=str(largest), largest_count=count
    )


def check_groups(splits: Splits) -> list[Finding]:
    """Groups that lie in two parts."""
    found = []
    for (one, first), (other, second) in combinations(_names(splits).items(), 2):
        if shared := sorted(map(str, first.keys() & second.keys())):
            verb = "lies" if len(shared) == 1 else "lie"
            message = f"{counted(len(shared), 'group')} {verb} in {one} and in {other}: {listed(shared, _MOST_NAMED)}"
            hint = "scores measured with them are too good: keep each group in one part"
            found.append(Finding(kind="leakage", message=message, hint=hint, count=len(shared)))
    return found


def _names(splits: Splits) -> dict[str, Counter[str]]:
    """By part, how many examples each group has."""
    return {
        part.name: Counter(part.examples.groups.tolist()) for part in splits.parts if part.examples.groups is not None
    }
