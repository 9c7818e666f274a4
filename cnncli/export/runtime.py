"""The base of runtimes: what computes an exported model from arrays by name."""

from __future__ import annotations

import errno
import os
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from numpy.typing import NDArray

from cnncli.network.keras_messages import first_sentence

Arrays = Mapping[str, NDArray[Any]]


_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO)  # which TensorFlow has in its own errors


class LibraryError(Exception):
    """A converter or a runtime failed; says in one sentence what it said."""


@contextmanager
def calling(library: str) -> Iterator[None]:
    """Around calls of a converter or a runtime alone: they raise about anything.

    Raises:
        LibraryError: the library failed.
        OSError, MemoryError: the disk or the memory is full.
    """
    try:
        yield
    except (OSError, MemoryError):
        raise
    except Exception as error:
        for number in _DISK:
            if os.strerror(number) in str(error):
                raise OSError(number, os.strerror(number)) from error
        raise LibraryError(f"{library}: {first_sentence(error)}") from error


class Runtime(ABC):
    """A model file, opened by the program that will use it."""

    @abstractmethod
    def run(self, inputs: Arrays) -> Arrays:
        """Compute outputs by name, float32 (batch, …).

        Args:
            inputs: by name (batch, …), in the types of the export.
        """
