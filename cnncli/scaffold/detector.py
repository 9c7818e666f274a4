"""Lines of a detector for a new recipe: a pyramid of maps, and two maps of centres and sides at its end."""

from __future__ import annotations

_FILTERS = (24, 48, 96, 128, 160)  # by how often maps are halved
_SMALLEST_MAP = 4  # positions along a side of the coarsest map
_SMALL = 128  # pixels: cells of the last maps have 4 pixels up to this side, 8 above
LARGEST_SIDE = 256  # of images, in pixels


def fitting_side(height: int, width: int) -> int:
    """The side of the square that images become: near their longer side, a multiple of 32, at most 256."""
    return max(32, min(LARGEST_SIDE, 32 * round(max(height, width) / 32)))


def levels_of(side: int) -> int:
    """How often maps are halved."""
    return max(level for level in range(1, len(_FILTERS) + 1) if level <= 3 or side >> level >= _SMALLEST_MAP)


def blocks() -> list[str]:
    """The section `blocks`: a convolution, the unit of which the network is made."""
    return [
        "conv:",
        "  params: [filters]",
        "  defaults: {strides: 1}",
        "  layers:",
        "    - Conv2D: {filters: $filters, kernel_size: 3, strides: $strides, padding: same, use_bias: false}",
        "    - BatchNormalization: {momentum: 0.9}  # follows after few steps, as there are on little data",
        "    - ReLU",
    ]


def detector(side: int) -> list[str]:
    """The layers; the network has the outputs centres and sides."""
    last = 2 if side <= _SMALL else 3
    lines = []
    for level, filters in enumerate(_FILTERS[: levels_of(side)], start=1):
        lines.append(f"- conv: {{filters: {filters}, strides: 2}}")
        if level >= last:
            lines.append(f"- conv: {{name: cells_of_{1 << level}, filters: {filters}}}  # pixels")
    for level in range(levels_of(side) - 1, last - 1, -1):
        lines += [
            f"- UpSampling2D: {{name: up_to_{1 << level}}}",
            f"- Concatenate: {{from: [up_to_{1 << level}, cells_of_{1 << level}]}}",
            f"- conv: {{{'name: neck, ' if level == last else ''}filters: 64}}",
        ]
    return lines + _HEADS


_HEADS = [
    "- conv: {name: what, filters: 48, from: neck}",
    "- conv: {name: where, filters: 48, from: neck}",
    "# Few cells hold a centre: a bias of -4 says 2% everywhere before training.",
    "- Conv2D:",
    "    {name: centres, filters: $classes, kernel_size: 1, activation: sigmoid, bias_initializer: {Constant: -4.0}, from: what}",
    "- Conv2D: {name: sides, filters: 4, kernel_size: 1, activation: softplus, from: where}",
]
