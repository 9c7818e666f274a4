"""NumPy archives (`.npz`) from any origin: nothing in them is executed, and every header is checked."""

from __future__ import annotations

import io
import math
import struct
import warnings
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from cnncli.errors import DataError, Problem, ResourceError
from cnncli.messages import printable, shortened
from cnncli.system_memory import available_bytes

_MOST_HEADER = 10_000  # NumPy's own limit
_MOST_MEMBERS = 10_000
_MOST_RATIO = 1040  # deflate cannot do better: 1032 to 1
_CHUNK = 1 << 22
_READERS = {
    (1, 0): npy.read_array_header_1_0,
    (2, 0): npy.read_array_header_2_0,
    (3, 0): npy.read_array_header_2_0,  # the same but for the encoding of names in records, which are refused
}
# What zipfile and zlib raise on broken bytes.
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    OSError,
    ValueError,
    NotImplementedError,
    RuntimeError,
    struct.error,
)


@dataclass(frozen=True, slots=True)
class _Array:
    """An array's header; `begin` is where its values begin in the member."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    fortran_order: bool
    begin: int

    @property
    def nbytes(self) -> int:
        return math.prod(self.shape) * self.dtype.itemsize


def names(path: Path) -> tuple[str, ...]:
    """The names of the arrays in an archive.

    Raises:
        DataError: the file is no archive.
    """
    with _opened(path) as archive:
        return tuple(name.removesuffix(".npy") for name in archive.namelist())


def read(path: Path, wanted: Iterable[str]) -> dict[str, NDArray[Any]]:
    """Read some of an archive's arrays.

    Raises:
        DataError: an array is damaged, holds Python objects, or is not as large as its header says.
        ResourceError: they do not fit into memory.
    """
    with _opened(path) as archive:
        members = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
        problems: list[Problem] = []
        headers: dict[str, _Array] = {}
        for name in wanted:
            try:
                headers[name] = _header(archive, members[name], name, path.stat().st_size)
            except DataError as error:
                problems += error.problems
        if problems:
            raise DataError(problems)
        _refuse_too_large(sum(header.nbytes for header in headers.values()))
        return {name: _values(archive, members[name], name, header) for name, header in headers.items()}


def read_single(path: Path) -> NDArray[Any]:
    """Read a single array (`.npy`).

    Raises:
        DataError: it is no array, is damaged, or holds Python objects.
        ResourceError: it does not fit into memory.
    """
    try:
        with path.open("rb") as file:
            header = _parsed(path.name, file.read(_MOST_HEADER + 12))
            held = path.stat().st_size - header.begin
            if held != header.nbytes:
                shape = f"{header.dtype} {header.shape}"
                raise DataError(
                    _header_mismatch(path.name, f"{shape} takes {header.nbytes:,} bytes, it holds {held:,}")
                )
            _refuse_too_large(header.nbytes)
            file.seek(header.begin)
            return _shaped(np.fromfile(file, np.uint8), header, path.name)
    except OSError as error:
        raise DataError(_damaged(path.name, error)) from error


def _refuse_too_large(needed: int) -> None:
    free = available_bytes()
    if needed > free:
        message = f"its arrays need {needed / 1e9:,.1f} GB of memory, and {free / 1e9:,.1f} GB are free"
        raise ResourceError(
            Problem(message, "store uint8 instead of floats, or use an image folder: it is read as needed")
        )


def _opened(path: Path) -> zipfile.ZipFile:
    try:
        archive = zipfile.ZipFile(path)
    except _BROKEN as error:
        raise DataError(Problem(f"{printable(path.name)} {_not_an_archive(path, error)}", _HOW_TO_MAKE)) from error
    if len(archive.infolist()) > _MOST_MEMBERS:
        archive.close()
        raise DataError(Problem(f"{printable(path.name)} holds more than {_MOST_MEMBERS:,} arrays"))
    return archive


_HOW_TO_MAKE = "`np.savez_compressed('data.npz', x_train=…, y_train=…, x_test=…, y_test=…)` makes one"


def _not_an_archive(path: Path, error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"cannot be read: {error.strerror.lower()}"
    with path.open("rb") as file:
        beginning = file.read(16)
    if not beginning:
        return "is empty (0 bytes)"
    if beginning.startswith(npy.MAGIC_PREFIX):
        return "is a single array (.npy), not an archive of several (.npz)"
    if beginning.startswith(b"PK"):
        return "is cut off or damaged: the list of its arrays cannot be read"
    return "is no NumPy archive (.npz)"


def _header(archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str, archive_bytes: int) -> _Array:
    if info.flag_bits & 1:
        raise DataError(Problem(f"{name} is encrypted"))
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise DataError(Problem(f"{name} is compressed in a way that NumPy does not use"))
    if info.compress_size > archive_bytes or info.file_size > max(info.compress_size, 1) * _MOST_RATIO:
        raise DataError(
            _header_mismatch(name, f"{info.file_size:,} bytes cannot be unpacked from {info.compress_size:,}")
        )
    try:
        with archive.open(info) as member:
            header = _parsed(name, member.read(_MOST_HEADER + 12))
    except _BROKEN as error:
        raise DataError(_damaged(name, error)) from error
    if header.begin + header.nbytes != info.file_size:
        shape = f"{header.dtype} {header.shape}"
        raise DataError(
            _header_mismatch(name, f"{shape} takes {header.nbytes:,} bytes, it holds {info.file_size - header.begin:,}")
        )
    return header


def _parsed(name: str, beginning: bytes) -> _Array:
    stream = io.BytesIO(beginning)
    try:
        read_header = _READERS[npy.read_magic(stream)]
    except (ValueError, KeyError) as error:
        raise DataError(Problem(f"{name} is no NumPy array")) from error
    try:
        with warnings.catch_warnings(action="ignore"):  # of Python 2's integers
            shape, fortran_order, dtype = read_header(stream, max_header_size=_MOST_HEADER)
        if not all(type(size) is int and 0 <= size < 2**62 for size in shape):
            raise ValueError("shape")
    except Exception as error:  # the parsers of Python, too, raise about anything on broken text
        raise DataError(_header_mismatch(name, "it cannot be read")) from error
    if dtype.kind in "VmM":
        raise DataError(Problem(f"{name} holds records, not numbers ({shortened(str(dtype))})"))
    if dtype.hasobject:
        hint = "reading them would run code from the file; store plain numbers: `x.astype(np.float32)`"
        raise DataError(Problem(f"{name} holds Python objects, not numbers", hint))
    if not dtype.itemsize:
        raise DataError(Problem(f"{name} holds values of no size ({dtype})"))
    return _Array(dtype, shape, fortran_order, stream.tell())


def _values(archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str, header: _Array) -> NDArray[Any]:
    values = np.empty(header.nbytes, np.uint8)
    filled = 0
    try:
        with archive.open(info) as member:
            member.read(header.begin)
            while chunk := member.read(_CHUNK):  # up to the end: only there is the checksum compared
                values[filled : filled + len(chunk)] = np.frombuffer(chunk, np.uint8)
                filled += len(chunk)
    except _BROKEN as error:
        raise DataError(_damaged(name, error)) from error
    if filled != header.nbytes:
        raise DataError(_header_mismatch(name, f"{header.nbytes - filled:,} of {header.nbytes:,} bytes are missing"))
    return _shaped(values, header, name)


def _shaped(values: NDArray[np.uint8], header: _Array, name: str) -> NDArray[Any]:
    """The bytes of an array as the numbers that its header says they are."""
    try:
        array = values.view(header.dtype).reshape(header.shape, order="F" if header.fortran_order else "C")
    except ValueError as error:  # more dimensions than NumPy has, or an empty array of an impossible shape
        raise DataError(_header_mismatch(name, f"no array has the shape {header.shape}")) from error
    return np.ascontiguousarray(array)


def _header_mismatch(name: str, what: str) -> Problem:
    return Problem(f"{printable(name)} does not match its header: {what}", "the file is damaged, or was never whole")


def _damaged(name: str, error: Exception) -> Problem:
    return Problem(
        f"{printable(name)} is damaged: {shortened(str(error) or type(error).__name__)}", "copy or make the file again"
    )
