"""A layer of a Keras model as an item of a recipe's flat list of layers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

_COUNTER = re.compile(r"(0|[1-9][0-9]*|(?<=[0-9])[a-z](?=_|$))")  # 1 and a of block1a_bn


@dataclass(frozen=True)
class Item:
    """A layer of a recipe.

    Attributes:
        kind: its class.
        args: its arguments, without its name.
        name: in the flat list.
        is_counted: the name is what a recipe counts anyway.
        inputs: the layers that it takes.
        shares: the name of the layer that it calls once more; empty where it has weights of its own.
    """

    kind: str
    args: dict[str, Any]
    name: str
    is_counted: bool
    inputs: tuple[str, ...]
    shares: str = ""


def name_parts(name: str) -> tuple[tuple[str, ...], list[int | str]]:
    """The texts of a name, and what counts between them: numbers, and letters after a number."""
    pieces = _COUNTER.split(name)
    return tuple(pieces[::2]), [int(piece) if piece.isdecimal() else piece for piece in pieces[1::2]]
