"""The IDX format of MNIST, gzipped or not: read an array, and refuse a header that does not match the data."""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from cnncli.errors import DataError, Problem, ResourceError
from cnncli.messages import printable
from cnncli.system_memory import available_bytes

_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_MOST_DIMENSIONS = 5
_MOST_RATIO = 1040  # gzip cannot do better: 1032 to 1
_CHUNK = 1 << 22


def read(path: Path) -> NDArray[Any]:
    """Read one file.

    Returns:
        An array of the type and shape that the file states, in the machine's byte order.

    Raises:
        DataError: it is no IDX file, is damaged, or holds more or less than its header says.
        ResourceError: it does not fit into memory.
    """
    name = printable(path.name)
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            zipped = file.read(2) == b"\x1f\x8b"
            file.seek(0)
            return _array(gzip.GzipFile(fileobj=file), name, size * _MOST_RATIO) if zipped else _array(file, name, size)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(Problem(f"{name} is damaged or cut off", "copy or download it again")) from error
    except OSError as error:
        raise DataError(Problem(f"{name} cannot be read: {(error.strerror or str(error)).lower()}")) from error


def _array(file: IO[bytes] | gzip.GzipFile, name: str, most: int) -> NDArray[Any]:
    """Args: `most` is the number of bytes that can be in the file at all."""
    magic = file.read(4)
    dimensions = magic[3] if len(magic) == 4 else 0
    if magic[:2] != b"\0\0" or magic[2:3] not in map(_byte, _TYPES) or not 1 <= dimensions <= _MOST_DIMENSIONS:
        raise DataError(Problem(f"{name} is not an IDX file: it begins with {magic.hex(' ') or 'nothing'}"))
    sizes = file.read(4 * dimensions)
    if len(sizes) < 4 * dimensions:
        raise DataError(Problem(f"{name} is cut off within its header"))
    shape = struct.unpack(f">{dimensions}I", sizes)
    dtype = np.dtype(_TYPES[magic[2]])
    needed = math.prod(shape) * dtype.itemsize
    says = f"{name} says {'x'.join(f'{size:,}' for size in shape)} ({needed:,} bytes) and holds"
    if needed > most:
        raise DataError(Problem(f"{says} less", "the file is damaged, or was never whole"))
    if needed > (free := available_bytes()):
        raise ResourceError(f"{name} needs {needed / 1e9:,.1f} GB of memory, and {free / 1e9:,.1f} GB are free")
    values = np.empty(needed, np.uint8)
    filled = 0
    while filled < needed and (chunk := file.read(min(_CHUNK, needed - filled))):
        values[filled : filled + len(chunk)] = np.frombuffer(chunk, np.uint8)
        filled += len(chunk)
    if filled < needed:
        raise DataError(Problem(f"{says} {filled:,}", "the file is damaged, or was never whole"))
    if file.read(1):
        raise DataError(Problem(f"{says} more", "the file is damaged"))
    return values.view(dtype).reshape(shape).astype(dtype.newbyteorder("="), copy=False)


def _byte(value: int) -> bytes:
    return bytes([value])
