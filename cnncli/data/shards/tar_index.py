"""Tar archives of samples, as WebDataset has them: the members of a sample have one name and different endings."""

from __future__ import annotations

import os
import tarfile
from collections.abc import Iterator

from cnncli.data.shards.example_proto import BYTES
from cnncli.data.shards.span_index import IndexBuilder, SpanIndex
from cnncli.data.sources.paths import cannot_read
from cnncli.errors import DataError, Problem
from cnncli.messages import listed, printable, shortened

_BLOCK = 512
_MOST_LISTED = 5


def index_tar(path: str) -> SpanIndex:
    """Find the members of every sample of an archive; nothing is unpacked.

    The name of a sample is the path of a member up to the first dot behind the last `/`, the rest is its column:
    `cats/1.seg.png` is the column `seg.png` of `cats/1`. Hidden files and folders do not count.

    Returns:
        The samples in the order in which they begin, with the names of the samples.

    Raises:
        DataError: it cannot be read, is no tar archive, is compressed, damaged or cut off, or has a member twice.
    """
    samples: dict[str, dict[str, tuple[str, list[tuple[int, int]]]]] = {}
    twice: list[str] = []
    for member in _members(path):
        folder, _, base = member.name.removeprefix("./").rpartition("/")
        key, _, ending = base.partition(".")
        if not key or not ending or any(part.startswith(".") for part in folder.split("/")):
            continue
        members = samples.setdefault(f"{folder}/{key}" if folder else key, {})
        if ending.lower() in members:
            twice.append(member.name)
        members[ending.lower()] = (BYTES, [(member.offset_data, member.offset_data + member.size)])
    if twice:
        message = f"{printable(path)} has members twice: {listed(map(shortened, twice), _MOST_LISTED)}"
        raise DataError(Problem(message, "each member of a sample has a name of its own"))
    if not samples:
        raise DataError(Problem(f"{printable(path)} has no samples", "a sample is `0001.jpg` with `0001.cls`"))
    builder = IndexBuilder(path)
    for key, members in samples.items():
        builder.add(members, key)
    return builder.index()


def _members(path: str) -> Iterator[tarfile.TarInfo]:
    try:
        size = os.stat(path).st_size
        with tarfile.open(path, "r:") as archive:
            for member in archive:
                if member.offset_data + member.size > size:
                    raise DataError(_damaged(path, f"`{shortened(member.name)}` is cut off"))
                if member.isreg() and not member.issparse():
                    yield member
            _refuse_early_end(path, archive.offset, size)
    except tarfile.TarError as error:
        raise DataError(_not_a_tar(path, error)) from error
    except OSError as error:
        raise cannot_read(path, error) from error


def _refuse_early_end(path: str, offset: int, size: int) -> None:
    """`tarfile` ends at a header that it cannot read as it does at the end of the archive, a block of zeros."""
    with open(path, "rb") as file:
        file.seek(offset)
        if any(file.read(_BLOCK)):
            raise DataError(_damaged(path, f"the header at byte {offset:,} of {size:,} cannot be read"))


def _damaged(path: str, what: str) -> Problem:
    return Problem(f"{printable(path)} is damaged or cut off", f"{what}; copy the file or make it again")


def _not_a_tar(path: str, error: Exception) -> Problem:
    with open(path, "rb") as file:
        beginning = file.read(6)
    for magic, name, command in _COMPRESSED:
        if beginning.startswith(magic):
            message = f"{printable(path)} is compressed with {name}: its samples cannot be read one by one"
            return Problem(message, f"unpack it once: {command} {printable(os.path.basename(path))}")
    if not beginning:
        return Problem(f"{printable(path)} is empty (0 bytes)")
    if "unexpected end" in str(error):
        return _damaged(path, "it ends in the middle of a member")
    return Problem(f"{printable(path)} is no tar archive")


_COMPRESSED = (
    (b"\x1f\x8b", "gzip", "gunzip"),
    (b"BZh", "bzip2", "bunzip2"),
    (b"\xfd7zXZ", "xz", "unxz"),
    (b"\x28\xb5\x2f\xfd", "zstd", "unzstd"),
)
