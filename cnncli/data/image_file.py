"""Read the bytes of an image file, or of a part of a file that is an image."""

from __future__ import annotations

import os
import stat

from cnncli.data.image_header import BadImage
from cnncli.data.limited_read import read_at_most
from cnncli.data.path_inside import PathInside

_MOST_BYTES = 512 << 20  # of a file; the largest image that is allowed needs no more, even uncompressed


def read(path: str) -> bytes:
    """Read an image file whole, without blocking on what is no regular file.

    Args:
        path: of a file, or of a part of one (`PathInside`).

    Raises:
        BadImage: it cannot be read.
    """
    if isinstance(path, PathInside):
        return _read_inside(path)
    try:
        status = os.stat(path)
    except OSError as error:
        reason = "a link that leads nowhere" if os.path.islink(path) else _os_reason(error)
        raise BadImage(reason) from error
    if not stat.S_ISREG(status.st_mode):
        raise BadImage("not a regular file")
    if status.st_size > _MOST_BYTES:
        raise BadImage(_too_large(status.st_size))
    try:
        with open(path, "rb") as file:
            return read_at_most(file, _MOST_BYTES)
    except OSError as error:
        raise BadImage(_os_reason(error)) from error


def _read_inside(path: PathInside) -> bytes:
    if path.length > _MOST_BYTES:
        raise BadImage(_too_large(path.length))
    try:
        content = path.read()
    except OSError as error:
        raise BadImage(_os_reason(error)) from error
    if len(content) < path.length:
        raise BadImage("cut off: its file is shorter than it was")
    return content


def _too_large(size: int) -> str:
    return f"{size >> 20:,} MB large; the limit for one image file is {_MOST_BYTES >> 20} MB"


def _os_reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
