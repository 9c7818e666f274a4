"""What a scan finds out about an image file; run as a module, it answers a `ProcessPool` of another process."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncli.data import images, process_pool

DEEP = ("16-bit", "16-bit color", "32-bit")  # oddities of images with more than 8 bits
VERSION = 3  # of the facts

Facts = list[Any]  # for JSON: (reason, SHA-256) of a file that cannot be used; else as `look` has them
Seen = tuple[Facts, NDArray[Any] | None]


def look(path: str, form: images.Form) -> Seen:
    """Read, hash and decode a file.

    Args:
        path: as `images.read` takes it.
        form: what the image becomes.

    Returns:
        The facts: SHA-256, size in bytes, format, width, height, digest of the pixels (empty where all of them are alike),
        number of levels, smallest and largest value, largest value in the file, and the oddities, as `Usable` has them; and
        the pixels, (height, width, channels) of the form's type. Of a file that cannot be used: the reason and its SHA-256
        (empty where it cannot even be read); and None.
    """
    try:
        content = images.read(path)
    except images.BadImage as error:
        return [str(error), ""], None
    digest = hashlib.sha256(content).hexdigest()
    try:
        image = images.decode(content, form)
    except images.BadImage as error:
        return [str(error), digest], None
    size = [image.width, image.height]
    return [digest, len(content), image.format, *size, *_about(image), *image.oddities], image.pixels


def digest_of(facts: Facts) -> str:
    """The SHA-256 of a file; empty where it cannot be read."""
    digest: str = facts[1] if len(facts) == 2 else facts[0]
    return digest


def look_at_all(question: tuple[Sequence[str], images.Form]) -> list[Seen]:
    """`look` at several files."""
    paths, form = question
    return [look(path, form) for path in paths]


def _about(image: images.Decoded) -> tuple[str, int, float, float, float]:
    low, high = float(image.pixels.min()), float(image.pixels.max())
    digest = hashlib.blake2b(np.ascontiguousarray(image.pixels).data, digest_size=16).hexdigest() if low < high else ""
    is_deep = any(oddity in DEEP for oddity in image.oddities)
    return digest, len(np.unique(image.pixels)) if is_deep else 0, low, high, image.top


if __name__ == "__main__":
    process_pool.serve(look_at_all)
