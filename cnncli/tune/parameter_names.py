"""Short names and values of parameters, for tables and pictures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cnncli.messages import shortened
from cnncli.recipe.write import as_flow

_LONGEST = 28  # letters of a value


def value_text(value: Any) -> str:
    """A value of a parameter: a number with four digits, all else as YAML writes it."""
    if isinstance(value, float):
        return f"{value:.4g}"
    return shortened(as_flow(value), _LONGEST)


def short_names(keys: Sequence[str]) -> list[str]:
    """The shortest endings of dotted keys that tell them apart; of a layer's argument with the layer.

    Example:
        >>> short_names(["train.batch_size", "model.C1.filters", "model.C2.filters"])
        ['batch_size', 'C1.filters', 'C2.filters']
    """
    parts = [key.split(".") for key in keys]
    lengths = [2 if part[0] == "model" and len(part) > 2 else 1 for part in parts]
    while True:
        names = [".".join(part[-length:]) for part, length in zip(parts, lengths, strict=True)]
        same = [index for index, own in enumerate(names) if names.count(own) > 1 and lengths[index] < len(parts[index])]
        if not same:
            return names
        for index in same:
            lengths[index] += 1
