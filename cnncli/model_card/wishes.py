"""What a user adds to a model card: license, author, name, data set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Wishes:
    """What the record of a run does not say.

    Attributes:
        name: of the model; None for that of the recipe.
        license: an identifier of the Hub, such as `apache-2.0`, or another name.
        author: who made the model; with it the card has a citation.
        datasets: identifiers of data sets on the Hub, such as `ylecun/mnist`.
    """

    name: str | None = None
    license: str | None = None
    author: str | None = None
    datasets: Sequence[str] = ()
