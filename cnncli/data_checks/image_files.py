"""Read the headers of image files: format, mode, size before resizing."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydantic import BaseModel, ConfigDict

from cnncli.data.deep_color import is_deep_png
from cnncli.data.images import mode_in_words
from cnncli.data.sources.loaded_data import Progress
from cnncli.data.threads import in_threads

_CHUNK = 256  # files that a thread takes at a time
_HEADER = 32  # bytes that tell the depth of a PNG


@dataclass(frozen=True, slots=True)
class Header:
    """What the header of one file says; all empty where it cannot be read.

    Attributes:
        ending: of the file's name, in lower case, with the dot.
        format: as Pillow calls it: `JPEG`.
        mode: how its values are stored, in words: `RGB`, `gray`, `palette`, `16-bit gray`; with `transparent` behind a comma.
        width, height: as they are stored, whatever the EXIF orientation.
    """

    ending: str
    format: str
    mode: str
    width: int
    height: int


class ImageFilesSummary(BaseModel):
    """All image files of a data set, before they are resized.

    Attributes:
        formats, modes, endings: how many files have each, the most frequent first.
        width, height: the smallest, the median and the largest.
        aspect_ratio: width / height, likewise.
        size_count: how many sizes there are.
        become: (height, width, channels) of all examples.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    formats: dict[str, int]
    modes: dict[str, int]
    endings: dict[str, int]
    width: tuple[int, int, int]
    height: tuple[int, int, int]
    aspect_ratio: tuple[float, float, float]
    size_count: int
    become: tuple[int, ...]


def read_headers(paths: Sequence[str], progress: Progress | None = None) -> list[Header]:
    """The headers of files, in their order; their pixels are not read.

    Args:
        progress: called with ("reading headers", count, all).
    """

    def some(begin: int) -> list[Header]:
        return [_header(path) for path in paths[begin : begin + _CHUNK]]

    found: list[Header] = []
    for headers in in_threads(some, range(0, len(paths), _CHUNK)):
        found += headers
        if progress:
            progress("reading headers", len(found), len(paths))
    return found


def _header(path: str) -> Header:
    ending = os.path.splitext(path)[1].lower()
    try:
        with open(path, "rb") as file:
            beginning = file.read(_HEADER)
            file.seek(0)
            with Image.open(file) as image:
                is_transparent = "A" in image.mode or "transparency" in image.info
                mode = mode_in_words(image.mode, is_deep=is_deep_png(beginning))
                return Header(
                    ending, image.format or "", f"{mode}, transparent" if is_transparent else mode, *image.size
                )
    except Exception:  # Pillow raises about anything; that the file is broken is known already
        return Header(ending, "", "", 0, 0)


def summarise(headers: Sequence[Header], become: Sequence[int]) -> ImageFilesSummary | None:
    """The files in numbers; None where no header can be read."""
    known = [header for header in headers if header.width and header.height]
    if not known:
        return None
    widths = np.array([header.width for header in known])
    heights = np.array([header.height for header in known])
    ratios = widths / heights
    return ImageFilesSummary(
        formats=_counts([header.format for header in known]),
        modes=_counts([header.mode for header in known]),
        endings=_counts([header.ending for header in known]),
        width=_spread(widths),
        height=_spread(heights),
        aspect_ratio=(round(float(ratios.min()), 3), round(float(np.median(ratios)), 3), round(float(ratios.max()), 3)),
        size_count=len({(header.width, header.height) for header in known}),
        become=tuple(become),
    )


def _counts(words: Sequence[str]) -> dict[str, int]:
    return dict(Counter(words).most_common())


def _spread(values: NDArray[np.int64]) -> tuple[int, int, int]:
    return int(values.min()), int(np.median(values)), int(values.max())


def features_of(headers: Sequence[Header]) -> Mapping[str, NDArray[np.float64]]:
    """What a header tells as numbers, by name, each (count,): for a test whether it predicts the class."""
    width, height = (
        np.array([getattr(header, name) for header in headers], np.float64) for name in ("width", "height")
    )
    return {
        "image width": width,
        "image height": height,
        "aspect ratio": width / np.maximum(height, 1),
        "file format": _numbered([header.format for header in headers]),
        "file ending": _numbered([header.ending for header in headers]),
        "color mode": _numbered([header.mode for header in headers]),
    }


def _numbered(words: Sequence[str]) -> NDArray[np.float64]:
    return np.unique(np.array(words), return_inverse=True)[1].astype(np.float64)
