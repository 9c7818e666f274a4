"""The end of a zip file: whether it is whole, and how large its table of contents is, before anything reads that table."""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from typing import BinaryIO

# The last 22 bytes, before them a locator (20) and a record (56) in the 64-bit form.
_END, _END_64 = struct.Struct("<4s4H2LH"), struct.Struct("<4sQ2H2L4Q")
_END_SIGNATURE, _LOCATOR_SIGNATURE, _END_64_SIGNATURE = b"PK\5\6", b"PK\6\7", b"PK\6\6"
_LOCATOR_BYTES = 20
_LONGEST_COMMENT = 1 << 16


@dataclass(frozen=True)
class ZipEnd:
    """What the end of a file says.

    Attributes:
        size: of the file in bytes.
        is_whole: it ends as a zip file without a comment does.
        has_more_behind: it does not, and an end stands before other bytes.
        directory_bytes: of the table of contents; 0 where it is not whole.
    """

    size: int
    is_whole: bool
    has_more_behind: bool = False
    directory_bytes: int = 0


def zip_end(file: BinaryIO) -> ZipEnd:
    """Read the end of an open file."""
    size = file.seek(0, os.SEEK_END)
    file.seek(-min(size, _END.size + _LONGEST_COMMENT), os.SEEK_END)
    tail = file.read()
    end = tail[-_END.size :]
    if not end.startswith(_END_SIGNATURE) or len(end) < _END.size:
        return ZipEnd(size, is_whole=False, has_more_behind=_END_SIGNATURE in tail)
    directory_bytes = _END.unpack(end)[5]
    before = tail[: -_END.size]
    record = before[-_LOCATOR_BYTES - _END_64.size : -_LOCATOR_BYTES]
    if before[-_LOCATOR_BYTES:].startswith(_LOCATOR_SIGNATURE) and record.startswith(_END_64_SIGNATURE):
        directory_bytes = _END_64.unpack(record)[8]
    return ZipEnd(size, is_whole=True, directory_bytes=directory_bytes)
