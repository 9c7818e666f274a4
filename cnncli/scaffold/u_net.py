"""Lines of a U-Net (Ronneberger, Fischer and Brox, 2015) for a new recipe: an encoder, a decoder and skips between them."""

from __future__ import annotations

from collections.abc import Sequence

from cnncli.scaffold.halvings import MOST, halvings_of

_FIRST_FILTERS = 16
_SMALLEST_MAP = 8  # positions along the shortest axis at the bottom


def levels_of(sides: Sequence[int]) -> int:
    """How often maps are halved."""
    return halvings_of(sides, smallest=_SMALLEST_MAP)


def fitting_side(side: int, most: int) -> int:
    """The largest side of images that can be halved four times."""
    step = 1 << MOST
    return max(2 * step, min(most, step * (side // step)))


def blocks(suffix: str) -> list[str]:
    """The section `blocks`: two convolutions, the unit of which the network is made.

    Args:
        suffix: `2D` or `3D`.
    """
    return [
        "double:",
        "  params: [filters]",
        "  layers:",
        "    - repeat:",
        "        times: 2",
        "        layers:",
        f"          - Conv{suffix}: {{filters: $filters, kernel_size: 3, padding: same, use_bias: false}}",
        "          - BatchNormalization: {momentum: 0.9}  # follows after few steps, as there are on little data",
        "          - ReLU",
    ]


def u_net(sides: Sequence[int], suffix: str) -> list[str]:
    """The layers, without the last one.

    Args:
        sides: of the input, without channels.
        suffix: `2D` or `3D`.
    """
    filters = [_FIRST_FILTERS << level for level in range(levels_of(sides) + 1)]
    lines = []
    for level, count in enumerate(filters[:-1], 1):
        lines += [f"- double: {{name: down{level}, filters: {count}}}", f"- MaxPooling{suffix}: 2"]
    lines.append(f"- double: {{name: bottom, filters: {filters[-1]}}}")
    for level, count in reversed(list(enumerate(filters[:-1], 1))):
        lines += [
            f"- Conv{suffix}Transpose: {{name: up{level}, filters: {count}, kernel_size: 2, strides: 2}}",
            f"- Concatenate: {{from: [up{level}, down{level}]}}",
            f"- double: {{filters: {count}}}",
        ]
    return lines
