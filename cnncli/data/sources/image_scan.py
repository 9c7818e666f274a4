"""Every image file looked at once, before anything is trained: hashed, decoded, and told apart from what is broken."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cnncli.data import images
from cnncli.data.memory import available_bytes
from cnncli.data.sources.folder_tree import ImageFile
from cnncli.data.sources.found import Progress
from cnncli.data.threads import in_threads

MEMORY_SHARE = 0.25  # of what is free: parts are copied out of the whole once, and the network needs the rest
_CHUNK = 32  # files that a thread takes at a time


@dataclass(frozen=True, slots=True)
class Usable:
    """A file that can be decoded, and what was seen of it; width and height are those of the image in it, upright."""

    file: ImageFile
    sha256: str
    byte_count: int
    format: str
    width: int
    height: int
    oddities: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Bad:
    """A file that cannot be used; the reason stands after its name."""

    file: ImageFile
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class Scan:
    """What became of the files, in their order.

    Attributes:
        pixels: of the usable ones, uint8 (count, height, width, channels); None when they do not fit into memory.
    """

    usable: list[Usable]
    bad: list[Bad]
    pixels: NDArray[np.uint8] | None


def scan(files: Sequence[ImageFile], form: images.Form, *, progress: Progress | None = None) -> Scan:
    """Read and decode every file.

    Args:
        form: what the images become.
        progress: told ("reading images", count, all).
    """
    height, width, channels = form.shape
    fits = len(files) * height * width * channels <= MEMORY_SHARE * available_bytes()
    pixels = np.empty((len(files), height, width, channels), np.uint8) if fits else None

    def look(begin: int) -> list[Usable | Bad]:
        return [_look(files[number], form, pixels, number) for number in range(begin, min(begin + _CHUNK, len(files)))]

    seen: list[Usable | Bad] = []
    for some in in_threads(look, range(0, len(files), _CHUNK)):
        seen += some
        if progress:
            progress("reading images", len(seen), len(files))
    usable = [each for each in seen if isinstance(each, Usable)]
    bad = [each for each in seen if isinstance(each, Bad)]
    if pixels is not None and bad:
        pixels = pixels[[number for number, each in enumerate(seen) if isinstance(each, Usable)]]
    return Scan(usable, bad, pixels)


def _look(file: ImageFile, form: images.Form, pixels: NDArray[np.uint8] | None, row: int) -> Usable | Bad:
    try:
        content = images.read(file.path)
        image = images.decode(content, form)
    except images.BadImage as error:
        return Bad(file, str(error))
    if pixels is not None:
        pixels[row] = image.pixels
    digest = hashlib.sha256(content).hexdigest()
    return Usable(file, digest, len(content), image.format, image.width, image.height, image.oddities)
