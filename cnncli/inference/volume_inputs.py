"""Files of volumes as inputs of a prediction, in the form of the volumes that trained the model."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from cnncli.data.sources.volume_folder import form_of
from cnncli.data.sources.volume_tree import volumes_below
from cnncli.data.volume_file import is_volume, read_volume, suffix_of
from cnncli.data.volume_form import VolumeForm
from cnncli.errors import CnncliError, DataError
from cnncli.inference.batch import Bad, Batch, Name, bad_file
from cnncli.recipe.sources.volumes import VolumeFolder

if TYPE_CHECKING:
    from cnncli.inference.model_loading import TrainedModel


def volume_form(trained: TrainedModel) -> VolumeForm | None:
    """What volumes of files become for a model; None where its recipe does not read such files."""
    settings = trained.recipe.recipe.data.source.settings if trained.recipe else None
    if not isinstance(settings, VolumeFolder) or isinstance(trained.input_shape, dict):
        return None
    return form_of(settings, trained.input_shape)


def volumes_at(path: str) -> list[str]:
    """The volumes that a path names: a file, a folder of DICOM slices, or those below a folder; none where it has others."""
    if os.path.exists(path) and is_volume(path):
        return [] if suffix_of(path) == ".npy" and _axes_of(path) > 3 else [path]
    return volumes_below(path) if os.path.isdir(path) else []


def _axes_of(path: str) -> int:
    """How many axes the array of a file has, by its header; 0 where there is none: `read_volume` says what is wrong."""
    try:
        return int(np.load(path, mmap_mode="r").ndim)
    except (OSError, ValueError, EOFError):
        return 0


def volume_batches(paths: Sequence[str], form: VolumeForm, size: int) -> Iterator[Batch]:
    """Read volumes, a batch at a time: float32 (count, depth, height, width, 1)."""
    for begin in range(0, len(paths), size):
        names, values, bad = list[Name](), [], list[Bad]()
        for path in paths[begin : begin + size]:
            try:
                volume = read_volume(path)
                if wrong := form.fault(volume):
                    raise DataError(wrong)
                values.append(form.values(volume)[..., None])
                names.append(Name(path))
            except CnncliError as error:
                bad.append(bad_file(Name(path), error))
        yield Batch(names, np.stack(values) if values else np.empty((0, *form.shape, 1), np.float32), bad, volumes=form)
