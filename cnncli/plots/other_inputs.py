"""What the other inputs of examples are, beside a picture of one input: images, and lines of text for what is short."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncli.inputs import TEXT, kind_of
from cnncli.inputs.numbers import NUMBERS
from cnncli.messages import first_of, listed, number_text, printable, shortened

_MOST_NUMBERS = 6  # of a row; of longer ones the first and the last


@dataclass(frozen=True)
class OtherInputs:
    """The inputs of examples that a picture is not about.

    Attributes:
        images: by name, (count, height, width, 1 or 3).
        lines: for each example, `age: 0.41`, `title: 'a text'`.
        left_out: the names of those that are neither: signals, for example.
    """

    images: Mapping[str, NDArray[Any]]
    lines: tuple[tuple[str, ...], ...]
    left_out: tuple[str, ...]

    def beside(self, number: int) -> tuple[NDArray[Any], ...]:
        """The images of an example."""
        return tuple(images[number] for images in self.images.values())

    def notes(self, *, with_images: bool) -> list[str]:
        """What stands where, and what is not drawn."""
        shown, hidden = list(self.images), list(self.left_out)
        if not with_images:
            shown, hidden = [], [*shown, *hidden]
        right = [f"Right of the heat: {listed(shown)}."] if shown else []
        return right + ([f"Inputs that are not drawn: {listed(hidden)}."] if hidden else [])


def other_inputs(inputs: Any, about: str) -> OtherInputs:
    """All inputs but one; of examples with one input there are none.

    Args:
        inputs: (count, *shape of one), or by name.
        about: the name of the input that a picture is about.
    """
    if not isinstance(inputs, Mapping):
        return OtherInputs({}, ((),) * len(inputs), ())
    images: dict[str, NDArray[Any]] = {}
    lines: list[list[str]] = [[] for _ in inputs[about]]
    left_out = []
    for name, values in inputs.items():
        if name == about:
            continue
        kind = kind_of(values.shape[1:])
        if kind in (TEXT, NUMBERS):
            for own, value in zip(lines, values, strict=True):
                own.append(f"{printable(name)}: {_text(value)}")
        elif kind.can_show(values.shape[1:]) and not kind.ARE_CURVES:
            images[name] = kind.for_tile(np.asarray(values))[0]
        else:
            left_out.append(name)
    return OtherInputs(images, tuple(map(tuple, lines)), tuple(left_out))


def _text(value: Any) -> str:
    if isinstance(value, str):
        return f"'{shortened(str(value))}'"
    return first_of([number_text(float(one)) for one in value], most=_MOST_NUMBERS)
