"""Encode boxes as maps: centres of objects by class, distances to the four sides, and the weight of each cell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import tensorflow as tf

# The part of a box, from its centre to its sides, whose cells give its sides: as the centre sampling of FCOS.
_CORE = 0.4
# Standard deviations of a Gaussian from the centre of a box to its side, as in TTFNet.
_DEVIATIONS = 0.54 / 3
_POWER = 4.0  # CenterNet's beta: how fast cells around a centre count as background


@dataclass(frozen=True)
class Grid:
    """The cells of the maps.

    Attributes:
        height, width: of the maps, in cells.
        classes: number of classes.
    """

    height: int
    width: int
    classes: int


def centres(targets: Any, grid: Grid) -> Any:
    """1 in the cell that holds the centre of a box, in the map of its class; else 0.

    Args:
        targets: float32 (batch, boxes, 5): top, left, bottom, right in [0, 1], class; rows with a class below 0 are none.

    Returns:
        float32 (batch, height, width, classes).
    """
    rows, columns = _centre_cells(targets, grid)
    numbers = tf.cast(targets[..., 4], tf.int32)
    batch = tf.broadcast_to(tf.range(tf.shape(targets)[0])[:, None], tf.shape(numbers))
    places = tf.stack([batch, rows, columns, numbers], axis=-1)  # (batch, boxes, 4)
    found = tf.boolean_mask(places, numbers >= 0)
    shape = tf.stack([tf.shape(targets)[0], grid.height, grid.width, grid.classes])
    counts = tf.scatter_nd(found, tf.ones(tf.shape(found)[:1]), shape)
    return tf.minimum(counts, 1.0)


def centre_weights(targets: Any, grid: Grid) -> Any:
    """How much each cell counts in the loss of the centres.

    Cells near a centre count less as background, by (1 - Gaussian)^4: Zhou et al., Objects as Points (2019), equation 1, with a
    Gaussian for each axis as in Liu et al., Training-Time-Friendly Network (2020). The weights of a picture are divided by
    its number of objects and multiplied by the number of cells, so that the mean over the cells is a sum for each object.

    Args:
        targets: as `centres`.

    Returns:
        float32 (batch, height, width).
    """
    heights, widths = _sizes(targets, grid)
    down, across = _distances(targets, grid, to_centre_cell=True)
    exponents = _square(down, heights)[..., :, None] + _square(across, widths)[..., None, :]
    is_box = targets[..., 4] >= 0
    bumps = tf.where(is_box[..., None, None], tf.exp(-exponents / 2), 0.0)  # (batch, boxes, height, width)
    bump = tf.reduce_max(bumps, axis=1)
    is_centre = tf.reduce_max(centres(targets, grid), axis=-1) > 0
    weights = tf.where(is_centre, 1.0, (1 - bump) ** _POWER)
    return weights * _for_each_object(targets, grid)[:, None, None]


def sides(targets: Any, grid: Grid) -> Any:
    """Distances from the middle of a cell to the sides of its box, in cells: up, left, down, right.

    A cell in the cores of several boxes belongs to the smallest; a cell in none has zeros.

    Args:
        targets: as `centres`.

    Returns:
        float32 (batch, height, width, 4), at least 0.
    """
    owner, is_owned = _owners(targets, grid)
    size = tf.constant([grid.height, grid.width] * 2, tf.float32)
    boxes = tf.gather(targets[..., :4] * size, owner, batch_dims=1)  # (batch, height, width, 4), in cells
    rows = tf.range(grid.height, dtype=tf.float32)[:, None] + 0.5
    columns = tf.range(grid.width, dtype=tf.float32)[None] + 0.5
    found = tf.stack(
        [rows - boxes[..., 0], columns - boxes[..., 1], boxes[..., 2] - rows, boxes[..., 3] - columns], axis=-1
    )
    return tf.where(is_owned[..., None], tf.maximum(found, 0.0), 0.0)


def side_weights(targets: Any, grid: Grid) -> Any:
    """How much each cell counts in the loss of the sides: the cells of objects alone, with a mean of 1 in each picture.

    Args:
        targets: as `centres`.

    Returns:
        float32 (batch, height, width).
    """
    _, is_owned = _owners(targets, grid)
    owned = tf.cast(is_owned, tf.float32)
    count = tf.reduce_sum(owned, axis=(1, 2), keepdims=True)
    return owned * (grid.height * grid.width) / tf.maximum(count, 1.0)


def _owners(targets: Any, grid: Grid) -> tuple[Any, Any]:
    """For each cell the box to which it belongs, int (batch, height, width), and whether there is one."""
    heights, widths = _sizes(targets, grid)
    down, across = _distances(targets, grid, to_centre_cell=False)
    is_row = tf.abs(down) <= tf.maximum(heights[..., None] * (_CORE / 2), 0.5)
    is_column = tf.abs(across) <= tf.maximum(widths[..., None] * (_CORE / 2), 0.5)
    is_core = is_row[..., :, None] & is_column[..., None, :] & (targets[..., 4] >= 0)[..., None, None]
    areas = tf.where(is_core, (heights * widths)[..., None, None], float("inf"))  # (batch, boxes, height, width)
    return tf.argmin(areas, axis=1), tf.reduce_any(is_core, axis=1)


def _for_each_object(targets: Any, grid: Grid) -> Any:
    counts = tf.reduce_sum(tf.cast(targets[..., 4] >= 0, tf.float32), axis=1)
    return grid.height * grid.width / tf.maximum(counts, 1.0)  # (batch,)


def _square(distances: Any, sizes: Any) -> Any:
    """Squared distances in standard deviations of the Gaussian of each box."""
    deviations = tf.maximum(sizes, 1e-3) * _DEVIATIONS
    return (distances / deviations[..., None]) ** 2


def _sizes(targets: Any, grid: Grid) -> tuple[Any, Any]:
    """Heights and widths of the boxes in cells, (batch, boxes)."""
    return (targets[..., 2] - targets[..., 0]) * grid.height, (targets[..., 3] - targets[..., 1]) * grid.width


def _distances(targets: Any, grid: Grid, *, to_centre_cell: bool) -> tuple[Any, Any]:
    """From the centre of each box, or of its cell, to the middles of all rows and columns, in cells: (batch, boxes, n)."""
    down = (targets[..., 0] + targets[..., 2]) / 2 * grid.height
    across = (targets[..., 1] + targets[..., 3]) / 2 * grid.width
    if to_centre_cell:
        rows, columns = _centre_cells(targets, grid)
        down, across = tf.cast(rows, tf.float32) + 0.5, tf.cast(columns, tf.float32) + 0.5
    rows, columns = (tf.range(count, dtype=tf.float32) + 0.5 for count in (grid.height, grid.width))
    return rows - down[..., None], columns - across[..., None]


def _centre_cells(targets: Any, grid: Grid) -> tuple[Any, Any]:
    """Row and column of the cell that holds the centre of each box, int32 (batch, boxes)."""
    down = (targets[..., 0] + targets[..., 2]) / 2 * grid.height
    across = (targets[..., 1] + targets[..., 3]) / 2 * grid.width
    rows = tf.clip_by_value(tf.cast(tf.floor(down), tf.int32), 0, grid.height - 1)
    columns = tf.clip_by_value(tf.cast(tf.floor(across), tf.int32), 0, grid.width - 1)
    return rows, columns
