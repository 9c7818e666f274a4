"""A column of texts: UTF-8 bytes one after the other with their offsets, in memory or in a temporary file."""

from __future__ import annotations

import hashlib
import os
import tempfile
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from io import FileIO
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncli.data import cache
from cnncli.data.columns import LARGE, Indexes
from cnncli.errors import ResourceError

_OBJECT = np.dtype(object)
_FEW_WORDS = 4


@dataclass(frozen=True, slots=True, eq=False)
class TextColumn:
    """Texts that are read when they are needed.

    Attributes:
        content: all texts in UTF-8, one after the other: in memory, or an open file without a name.
        offsets: int64 (stored + 1,): where each begins in `content`, and the end of the last one.
        rows: int64 (count,): which of the stored texts, in which order.
    """

    content: bytes | bytearray | FileIO
    offsets: NDArray[np.int64]
    rows: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def shape(self) -> tuple[int, ...]:
        """(count,): a text has no axes."""
        return (len(self.rows),)

    @property
    def dtype(self) -> np.dtype[Any]:
        """That of `read`, an array of `str`."""
        return _OBJECT

    def take(self, indices: Indexes) -> TextColumn:
        return replace(self, rows=self.rows[np.asarray(indices, np.int64)])

    def and_then(self, others: Sequence[TextColumn]) -> TextColumn:
        """With more texts, of the same source or of another one."""
        if all(other.content is self.content for other in others):
            return replace(self, rows=np.concatenate([self.rows, *(other.rows for other in others)]))
        return text_column(text for column in (self, *others) for text in column.encoded(np.arange(len(column))))

    def read(self, indices: Indexes) -> NDArray[Any]:
        """Some of the texts: an object array of `str`, (k,)."""
        found = np.empty(len(indices), object)
        for number, text in enumerate(self.encoded(indices)):
            found[number] = text.decode()
        return found

    def encoded(self, indices: Indexes) -> Iterator[bytes]:
        """Some of the texts in UTF-8."""
        for row in self.rows[np.asarray(indices, np.int64)]:
            begin, end = int(self.offsets[row]), int(self.offsets[row + 1])
            if isinstance(self.content, FileIO):
                yield os.pread(self.content.fileno(), end - begin, begin)
            else:
                yield bytes(self.content[begin:end])

    def digests(self) -> Iterator[bytes]:
        """The SHA-256 of each text in UTF-8: the same in every process."""
        return (hashlib.sha256(text).digest() for text in self.encoded(np.arange(len(self))))


class TextStore:
    """Texts that are appended in order: in memory, or in a temporary file where they take more than 256 MiB."""

    def __init__(self) -> None:
        self._content, self._offsets = bytearray(), array("q", [0])
        self._file: FileIO | None = None

    def append(self, text: str | bytes) -> None:
        """Add a text: `str`, or bytes in UTF-8.

        Raises:
            ResourceError: the disk is full.
        """
        encoded = text.encode() if isinstance(text, str) else text
        self._content += encoded
        self._offsets.append(self._offsets[-1] + len(encoded))
        if len(self._content) > LARGE:
            self._write()

    def column(self) -> TextColumn:
        """All texts.

        Raises:
            ResourceError: the disk is full.
        """
        if self._file:
            self._write()
        rows = np.arange(len(self._offsets) - 1, dtype=np.int64)
        return TextColumn(self._file or self._content, np.array(self._offsets, np.int64), rows)

    def _write(self) -> None:
        try:
            self._file = self._file or _temporary_file()
            self._file.write(self._content)
        except OSError as error:
            message = f"there is no room for the texts in {cache.folder()}: {(error.strerror or str(error)).lower()}"
            raise ResourceError(message) from error
        self._content.clear()


def text_column(texts: Iterable[str | bytes]) -> TextColumn:
    """Store texts: in memory, or in a temporary file where they take more than 256 MiB.

    Args:
        texts: `str`, or bytes in UTF-8; read once.

    Raises:
        ResourceError: the disk is full.
    """
    store = TextStore()
    for text in texts:
        store.append(text)
    return store.column()


def is_telling(text: str | bytes) -> bool:
    """Whether a text that is equal to another is a copy of it: one of few words may well occur twice."""
    return len(text.split(None, _FEW_WORDS)) > _FEW_WORDS


def fault_of(text: str) -> str:
    """Why a text cannot be an example, as `holds a NUL character`; empty where it can."""
    if "\0" in text:
        return "holds a NUL character, which is no text"
    try:
        text.encode()
    except UnicodeEncodeError as error:
        return f"holds {text[error.start]!r}, half of a character"
    return ""


def _temporary_file() -> FileIO:
    """A file without a name: it is gone when the process is, however that ends."""
    folder = cache.folder()
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder) as file:
        return FileIO(os.dup(file.fileno()), "r+")
