"""Check that data and network agree on the shape of one example."""

from __future__ import annotations

import math
from collections.abc import Sequence

from cnncli.errors import Problem
from cnncli.inputs import IMAGE, TEXT, kind_of

Shape = Sequence[int | None]


def written(shape: Shape) -> str:
    """`28x28x1`; a size that is not fixed is `?`."""
    return "x".join("?" if size is None else str(size) for size in shape) or f"a {TEXT.WORD}"


def fits(shape: Sequence[int], wanted: Shape) -> bool:
    return len(shape) == len(wanted) and all(
        size == want or want is None for size, want in zip(shape, wanted, strict=True)
    )


def mismatch(shape: Sequence[int], wanted: Shape, *, whose: str, path: tuple[str, ...] = ()) -> Problem:
    """Say how they differ.

    Args:
        shape: of one example of the data.
        wanted: what the network takes.
        whose: `model expects` or the like: what stands before the wanted shape.
        path: the key of the recipe to mend.
    """
    return Problem(f"{whose} {written(wanted)}, the data is {written(shape)}", _hint(shape, wanted), path=path)


def _hint(shape: Sequence[int], wanted: Shape) -> str:
    sizes = [size for size in wanted if size is not None]
    if len(sizes) < len(wanted) or TEXT in (kind_of(shape), kind_of(wanted)):
        return ""
    if kind_of(shape) is IMAGE and fits((*shape[1:], shape[0]), wanted):
        return "the data has its channels first: `np.moveaxis(x, 1, -1)` puts them last"
    if math.prod(shape) == math.prod(sizes):
        return f"the numbers are as many: `x.reshape(-1, {', '.join(map(str, sizes))})`, if they stand in that order"
    return ""
