"""Images of a run's own test split, as files that the demo offers."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
from PIL import Image

from cnncli import task_registry
from cnncli.data.columns import as_column
from cnncli.data.dataset import ImageFiles
from cnncli.errors import CnncliError
from cnncli.inference.evaluate_saved_model import own_data
from cnncli.inference.model_loading import TrainedModel
from cnncli.inputs import kind_of

COUNT = 10


def own_images(trained: TrainedModel, folder: Path) -> list[str]:
    """Write some images of the test split, of different classes.

    Args:
        folder: for the files.

    Returns:
        The paths; none where the data is not there any more, or holds other values than those of image files.
    """
    try:
        examples, _ = own_data(trained, "test")
    except CnncliError:
        return []
    column = as_column(examples.input)
    indices = task_registry.part(trained.targets.task, "subject").choose(COUNT, examples.labels)
    if isinstance(column, ImageFiles):
        copies = []
        for index in indices:
            copy = folder / f"test-{index}{Path(column.paths[index]).suffix}"
            copies.append(str(shutil.copyfile(column.paths[index], copy)))
        return copies
    kind = kind_of(column.shape[1:])
    if column.dtype != np.uint8 or not kind.is_gray_or_colour(column.shape[1:]):
        return []
    paths = [folder / f"test-{index}.png" for index in indices]
    for path, pixels in zip(paths, column.read(np.asarray(indices, np.int64)), strict=True):
        Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels).save(path)
    return [str(path) for path in paths]
