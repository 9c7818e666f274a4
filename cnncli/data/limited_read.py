"""Read a file whole, up to a limit."""

from __future__ import annotations

import os
from typing import BinaryIO


def read_at_most(file: BinaryIO, most: int) -> bytes:
    """The bytes of an open file; of a larger one `most + 1`.

    Python allocates as many bytes as it may read, which takes 0.1 ms for 512 MB: the limit alone would be slow for small files.

    Raises:
        OSError: it cannot be read.
    """
    size = min(os.fstat(file.fileno()).st_size, most)
    content = file.read(size + 1)
    if len(content) > size:  # it has grown, or its system does not tell its size
        content += file.read(most - size)
    return content
