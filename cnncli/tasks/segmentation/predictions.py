"""predictions.csv of a segmentation: a line for each image, with its scores and the pixels of each class."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from cnncli.tasks.predictions_csv import cell, line
from cnncli.tasks.segmentation.scores import RIGHT, SAID, TRUE, Overlaps

MEAN_IOU = "mean_iou"  # the column that runs are compared by


def to_csv(counts: NDArray[np.integer], names: Sequence[str], *, files: Sequence[str] | None = None) -> Iterator[str]:
    """Yield a line for the titles, then one for each image.

    Columns: `example`, its number in the split; `true` and `predicted`, the names of the classes in its mask and in the
    predicted one, with `|` between them; `mean_iou` of the classes in either, `pixel_accuracy`; `file`, when the images came
    from files; and for each class, by its number, `true_pixels_0`, `predicted_pixels_0` and `right_pixels_0`.

    Args:
        counts: int (images, classes, 3): RIGHT, TRUE and SAID.
        names: of the classes.
        files: one an image.
    """
    numbered = [f"{word}_pixels_{n}" for n in range(len(names)) for word in ("true", "predicted", "right")]
    file_title = ["file"] if files is not None else []
    yield line("example", "true", "predicted", MEAN_IOU, "pixel_accuracy", *file_title, *numbered)
    found = Overlaps.of(counts)
    scores = zip(found.mean_iou.tolist(), found.accuracy.tolist(), strict=True)
    for index, (own, (mean_iou, accuracy)) in enumerate(zip(counts, scores, strict=True)):
        texts = ["|".join(names[n] for n in np.flatnonzero(own[:, which]).tolist()) for which in (TRUE, SAID)]
        file = [cell(files[index])] if files is not None else []
        pixels = own[:, [TRUE, SAID, RIGHT]].ravel().tolist()
        yield line(str(index), *map(cell, texts), f"{mean_iou:.6g}", f"{accuracy:.6g}", *file, *map(str, pixels))
