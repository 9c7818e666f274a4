"""Images of a run's own test split, as files that the demo offers."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
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
    """Write some images of the test split, of different classes; of identities two each, one after the other.

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
    if trained.targets.GROUP:
        indices = _two_of_each(examples.labels)
    else:
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


def _two_of_each(identities: NDArray[Any]) -> NDArray[np.int64]:
    """Two examples each of the first identities that have them, int64 (at most `COUNT`,)."""
    rows = (np.flatnonzero(identities == number)[:2] for number in np.unique(identities))
    pairs = [pair for pair in rows if len(pair) == 2]
    return np.concatenate([*pairs, np.empty(0, np.int64)])[:COUNT].astype(np.int64)
