"""Write what a network made of its inputs: pictures of the output and of the error, or arrays of them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from matplotlib import colormaps
from numpy.typing import NDArray

from cnncli.data.image_geometry import Geometry
from cnncli.plots.file_contents import npy, png
from cnncli.tasks.decoder import Decoder, Original
from cnncli.tasks.reconstruction.targets import InputTargets

_COLOURS = "inferno"  # of errors: black where there is none
_BRIGHTEST = 6  # times the root of the median squared error of the validation examples is shown as the brightest colour


class ReconstructionFiles:
    """Of an image the output and the absolute error as PNG, in the size of the upright original; of others `.npy` files.

    The brightest colour of errors is the same for every image: 6 times the root of the median mean squared error of the
    validation examples, at most the range of the values. What `resize: crop` cut of an image is black.
    """

    PICTURES: ClassVar[Mapping[str, str]] = {"_output.png": "Output", "_error.png": "Error"}

    def __init__(self, decoder: Decoder) -> None:
        assert isinstance(decoder.targets, InputTargets)
        self._low, self._range = decoder.targets.low, decoder.targets.data_range
        errors = decoder.targets.errors
        usual = math.sqrt(errors[len(errors) // 2]) if errors else self._range
        self._brightest = min(self._range, _BRIGHTEST * usual) or self._range

    def of(
        self, originals: Sequence[Original], outputs: Mapping[str, NDArray[np.float32]]
    ) -> Iterator[tuple[str, bytes]]:
        """The files of a batch.

        Args:
            outputs: as `InputDecoder.observed` gives them.
        """
        for original, given, output in zip(originals, outputs["inputs"], outputs["outputs"], strict=True):
            error = np.abs(output - given)
            geometry = original.geometry
            if geometry is None or output.ndim != 3 or output.shape[-1] not in (1, 3):
                yield f"{original.stem}_output.npy", npy(output)
                yield f"{original.stem}_error.npy", npy(error)
                continue
            shares = np.clip((output - self._low) / self._range, 0, 1)
            yield f"{original.stem}_output.png", png(_original(shares, geometry))
            heat = np.clip(error.mean(axis=-1) / self._brightest, 0, 1)
            yield f"{original.stem}_error.png", png(_original(colormaps[_COLOURS](heat)[..., :3], geometry))

    def end(self) -> Iterator[tuple[str, bytes]]:
        """Nothing more."""
        return iter(())


def _original(image: NDArray[Any], geometry: Geometry) -> NDArray[np.uint8]:
    """An image (height, width, 1 or 3) in [0, 1], which may be smaller than the network's input, in the original's size."""
    found = np.rint(geometry.back_image(image) * 255).astype(np.uint8)
    return found[..., 0] if found.shape[-1] == 1 else found


FILES = ReconstructionFiles
