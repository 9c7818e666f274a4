"""The examples of a prediction as they were before they became inputs."""

from __future__ import annotations

import numpy as np

from cnncli.data.image_geometry import Geometry
from cnncli.data.input_values import rows
from cnncli.inference.batch import Batch
from cnncli.interpretability.original_photos import read_photo
from cnncli.tasks.decoder import Original


def original_of(batch: Batch, row: int, geometry: Geometry | None, *, stem: str) -> Original:
    """An example of a batch.

    Args:
        geometry: how it became the input; None where that is no image.
        stem: of the names of its files.
    """
    name = batch.names[row]
    if batch.geometries and geometry is not None:
        form, longest = geometry.form, max(geometry.height, geometry.width)
        return Original(stem, name.file, geometry, lambda: read_photo(name.file, form, longest=longest).pixels)
    shown = name.file if batch.volumes else str(name)
    return Original(stem, shown, geometry, lambda: np.asarray(rows(batch.inputs, row)), batch.volumes)
