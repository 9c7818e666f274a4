"""Pictures and arrays as the bytes of files: PNG and NumPy's `.npy`."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def png(image: Image.Image | NDArray[np.uint8]) -> bytes:
    """A PNG file.

    Args:
        image: an array is uint8 (height, width, 3), or (height, width) of gray.
    """
    file = io.BytesIO()
    (image if isinstance(image, Image.Image) else Image.fromarray(image)).save(file, "PNG")
    return file.getvalue()


def npy(array: NDArray[Any]) -> bytes:
    """A file of one array, which `numpy.load` reads."""
    file = io.BytesIO()
    np.save(file, array, allow_pickle=False)
    return file.getvalue()
