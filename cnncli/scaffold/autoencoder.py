"""Lines of an autoencoder for a new recipe: convolutions that halve their maps, a narrow layer, and the way back."""

from __future__ import annotations

from collections.abc import Sequence

from cnncli.scaffold.halvings import halvings_of

_FIRST_FILTERS = 16
_SMALLEST_MAP = 4  # positions along the shortest axis at the narrowest place
_WIDEST, _NARROWEST = 64, 8  # units of a network of rows of numbers


def levels_of(sides: Sequence[int]) -> int:
    """How often maps are halved."""
    return halvings_of(sides, smallest=_SMALLEST_MAP)


def fitting_sides(sides: Sequence[int]) -> list[int]:
    """Sides near these that can be halved twice or more, where the maps are large enough."""
    return [4 * max(1, round(side / 4)) if side >= 2 * _SMALLEST_MAP else side for side in sides]


def convolutional(sides: Sequence[int], channels: int, suffix: str, activation: str) -> list[str]:
    """The layers.

    Args:
        sides: of the input, without channels.
        suffix: `1D`, `2D` or `3D`.
        activation: of the last layer; empty: none.
    """
    filters = [_FIRST_FILTERS << level for level in range(levels_of(sides))]
    usual = "kernel_size: 3, strides: 2, padding: same, activation: relu"
    code = max(1, (filters[-1] if filters else _FIRST_FILTERS) // 4)
    lines = [f"- Conv{suffix}: {{filters: {count}, {usual}}}" for count in filters]
    lines.append(
        f"- Conv{suffix}: {{filters: {code}, kernel_size: 1, name: code}}  # narrow: all that the way back gets"
    )
    lines += [f"- Conv{suffix}Transpose: {{filters: {count}, {usual}}}" for count in reversed(filters)]
    last = f", activation: {activation}" if activation else ""
    return [*lines, f"- Conv{suffix}: {{filters: {channels}, kernel_size: 3, padding: same{last}}}"]


def dense(count: int) -> list[str]:
    """The layers for rows of so many numbers."""
    wide, narrow = max(_NARROWEST, min(_WIDEST, 2 * count)), max(1, min(_NARROWEST, count // 2))
    return [
        f"- Dense: {{units: {wide}, activation: relu}}",
        f"- Dense: {{units: {narrow}, name: code}}  # narrow: all that the way back gets",
        f"- Dense: {{units: {wide}, activation: relu}}",
        f"- Dense: {count}",
    ]
