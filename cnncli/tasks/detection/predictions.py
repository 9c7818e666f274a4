"""predictions.csv of an object detection: a line for each image, its true and its predicted boxes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncli.tasks.predictions_csv import cell, line
from cnncli.tasks.spooled_rows import SpooledRows


def to_csv(targets: SpooledRows, outputs: SpooledRows, *, files: Sequence[str] | None = None) -> Iterator[str]:
    """Yield a line for the titles, then one for each image.

    Columns: `example`, its number in the split from 0; `true` and `predicted`; `file`, when the images came from files. Boxes
    have `; ` between them. Each is `class top left bottom right`, a predicted one with its score behind: the number of the
    class, and shares of the image that the network saw.

    Args:
        targets: float32 (images, boxes * 5).
        outputs: float32 (images, boxes * 6).
    """
    yield line("example", "true", "predicted", *(["file"] if files is not None else []))
    for index, (true, found) in enumerate(zip(targets, outputs, strict=True)):
        cells = [_text(true.reshape(-1, 5)), _text(found.reshape(-1, 6))]
        yield line(str(index), *map(cell, cells), *([cell(files[index])] if files is not None else []))


def _text(boxes: NDArray[np.floating[Any]]) -> str:
    kept = boxes[boxes[:, 4] >= 0]
    return "; ".join(" ".join([str(int(row[4])), *(f"{value:.6g}" for value in (*row[:4], *row[5:]))]) for row in kept)


def read_boxes(text: str, width: int) -> NDArray[np.float64]:
    """The boxes of a cell.

    Args:
        width: 5 of true boxes, 6 of predicted ones.

    Returns:
        float64 (boxes, width): top, left, bottom, right, class and, of predicted ones, score.

    Raises:
        ValueError: it holds something else.
    """
    rows = [list(map(float, box.split())) for box in text.split(";") if box.strip()]
    if any(len(row) != width for row in rows):
        raise ValueError(f"a box has {width} numbers")
    boxes = np.array(rows, np.float64).reshape(-1, width)
    return boxes[:, [1, 2, 3, 4, 0, *range(5, width)]]
