"""The pictures that the demo shows of a prediction: those that `cnncli predict --to` writes of an image."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cnncli import task_registry
from cnncli.data.image_geometry import Geometry
from cnncli.inference.batch import Batch
from cnncli.interpretability.original_examples import original_of
from cnncli.tasks.decoder import Decoder

_MODULE, _STEM = "prediction_files", "image"
_SHOWN = 336  # pixels: smaller pictures are enlarged


def titles_of(decoder: Decoder) -> Mapping[str, str]:
    """The titles of the pictures of an image, by the ends of the names of their files; empty where a task has none."""
    task = decoder.targets.task
    if not task_registry.has(task, _MODULE):
        return {}
    titles: Mapping[str, str] = task_registry.part(task, _MODULE).FILES.PICTURES
    return titles


class Pictures:
    """Takes what a network says of images and keeps the pictures of the last one.

    Attributes:
        found: uint8 (height, width, 3), by title.
    """

    def __init__(self, decoder: Decoder) -> None:
        self._decoder = decoder
        self.found: dict[str, NDArray[np.uint8]] = {}

    def add(self, batch: Batch, geometries: Sequence[Geometry], outputs: Any) -> None:
        """A batch; see `Predictor.predict`."""
        titles = titles_of(self._decoder)
        if not titles:
            return
        files = task_registry.part(self._decoder.targets.task, _MODULE).FILES(self._decoder)
        geometry = geometries[-1] if geometries else None
        original = original_of(batch, len(batch.names) - 1, geometry, stem=_STEM)
        last = {name: each[-1:] for name, each in outputs.items()} if isinstance(outputs, Mapping) else outputs[-1:]
        for name, content in files.of([original], last):
            title = titles.get(name.removeprefix(_STEM))
            if title is not None:
                self.found[title] = _enlarged(np.asarray(Image.open(io.BytesIO(content)).convert("RGB")))


def _enlarged(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    times = max(1, _SHOWN // max(pixels.shape[:2]))
    return pixels.repeat(times, axis=0).repeat(times, axis=1)
