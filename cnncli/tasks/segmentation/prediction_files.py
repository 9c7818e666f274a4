"""Write predicted masks: class numbers of the original's pixels, and pictures of the masks over their images."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cnncli.data.image_geometry import Geometry
from cnncli.data.volume_file import Volume, nifti_like, read_volume
from cnncli.data.volume_form import VolumeForm
from cnncli.plots.boxed_pictures import as_pixels
from cnncli.plots.file_contents import npy, png
from cnncli.plots.mask_overlay import class_colours, overlay
from cnncli.plots.tiles import Pixels
from cnncli.runs.json_text import to_json
from cnncli.tasks.decoder import Decoder, Original
from cnncli.tasks.segmentation.masks import masks_of
from cnncli.tasks.segmentation.targets import IGNORED

JSON = "classes.json"
_UNSEEN = [255, 255, 255]  # in the palette: pixels that the network did not get


class MaskFiles:
    """Of an image a mask as PNG, whose palette shows the classes, and an overlay; of a volume a mask as NIfTI or `.npy`.

    Masks have the size of the upright original. Their numbers are those of `classes.json`; 255 stands where `resize: crop` cut.
    """

    PICTURES: ClassVar[Mapping[str, str]] = {"_overlay.png": "Classes"}

    def __init__(self, decoder: Decoder) -> None:
        self._names = decoder.targets.class_names
        self._colours = class_colours(len(self._names))

    def of(self, originals: Sequence[Original], outputs: NDArray[np.float32]) -> Iterator[tuple[str, bytes]]:
        """The masks of a batch."""
        for original, mask in zip(originals, masks_of(outputs), strict=True):
            if original.volumes is not None:
                yield _mask_of_volume(original.stem, mask, read_volume(original.file), original.volumes)
                continue
            if original.geometry is None:
                yield f"{original.stem}_mask.npy", npy(mask)
                continue
            own = original_mask(mask, original.geometry)
            yield f"{original.stem}_mask.png", self._indexed(own)
            image = as_pixels(original.read())
            yield f"{original.stem}_overlay.png", png(Image.fromarray(self._overlay(image, own)))

    def end(self) -> Iterator[tuple[str, bytes]]:
        """What the numbers mean."""
        pairs = zip(self._names, self._colours.tolist(), strict=True)
        classes = [{"number": number, "name": name, "color": color} for number, (name, color) in enumerate(pairs)]
        yield JSON, to_json({"classes": classes, "unseen": IGNORED}).encode()

    def _overlay(self, image: Pixels, mask: NDArray[np.uint8]) -> Pixels:
        if image.shape[:2] != mask.shape:  # a very large original is read smaller
            mask = np.asarray(Image.fromarray(mask).resize(image.shape[1::-1], Image.Resampling.NEAREST))
        return overlay(image, mask, len(self._names), ignored=IGNORED)

    def _indexed(self, mask: NDArray[np.uint8]) -> bytes:
        image = Image.fromarray(mask)
        palette = np.zeros((256, 3), np.uint8)
        palette[: len(self._colours)] = self._colours
        palette[IGNORED] = _UNSEEN
        image.putpalette(palette.ravel().tolist())  # gray values become indexes
        return png(image)


def original_mask(mask: NDArray[np.uint8], geometry: Geometry) -> NDArray[np.uint8]:
    """A mask of the network -> the same of the upright original, uint8 (height, width), by the nearest pixel."""
    found: NDArray[np.uint8] = geometry.back_labels(mask, outside=IGNORED)
    return found


def _mask_of_volume(stem: str, mask: NDArray[np.uint8], volume: Volume, form: VolumeForm) -> tuple[str, bytes]:
    """The mask of a volume with the voxels of its file: NIfTI of a NIfTI file, else a NumPy array (depth, height, width)."""
    own = form.back(mask, volume)
    if volume.affine is not None:
        return f"{stem}_mask.nii.gz", nifti_like(own, volume)
    return f"{stem}_mask.npy", npy(own)


FILES = MaskFiles
