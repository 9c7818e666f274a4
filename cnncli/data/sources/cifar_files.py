"""The files of CIFAR-10 and CIFAR-100, in Toronto's Python version (pickles of arrays) and in its binary version."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import IO, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from cnncli.errors import DataError, Problem

Arrays = dict[str, NDArray[Any]]
_PIXELS = 3 * 32 * 32


@dataclass(frozen=True, slots=True)
class CifarFiles:
    """A version of one of the two.

    Attributes:
        train, test: names of the files of each part.
        names: of the file with the names of the classes.
        read: a file -> pixels uint8 (count, 3072), channels first, and labels (count,).
        read_names: the file with the names -> the names.
    """

    train: tuple[str, ...]
    test: tuple[str, ...]
    names: str
    read: Callable[[IO[bytes]], tuple[NDArray[Any], NDArray[Any]]]
    read_names: Callable[[IO[bytes]], list[str]]

    @property
    def files(self) -> tuple[str, ...]:
        return (*self.train, *self.test, self.names)


def read_cifar(version: CifarFiles, files: Mapping[str, IO[bytes]]) -> tuple[Arrays, tuple[str, ...]]:
    """Read `x_train`, `y_train`, `x_test` and `y_test`, images (count, 32, 32, 3), and the names of the classes.

    Args:
        files: open, by name; all of the version.

    Raises:
        DataError: a file is damaged, or another one.
    """
    arrays: Arrays = {}
    for part, names in (("train", version.train), ("test", version.test)):
        read = [_read(name, files[name], version.read) for name in names]
        flat = np.concatenate([pixels for pixels, _ in read])
        arrays[f"x_{part}"] = flat.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)  # (count, 32, 32, 3)
        arrays[f"y_{part}"] = np.concatenate([labels for _, labels in read])
    class_names = _read(version.names, files[version.names], version.read_names)
    for name, labels in arrays.items():
        if name.startswith("y_") and labels.max(initial=0) >= len(class_names):
            raise DataError(
                Problem(f"{name} goes up to {labels.max()}, and {version.names} names {len(class_names)} classes")
            )
    return arrays, tuple(class_names)


def version_in(names: Iterable[str]) -> CifarFiles | None:
    """The version of which a folder with these names has a training file; None where it has none."""
    there = set(names)
    return next(
        (each for each in VERSIONS if each.train[0] in there and (len(each.train) > 1 or each.names in there)), None
    )


def _read(name: str, file: IO[bytes], read: Callable[[IO[bytes]], Any]) -> Any:
    try:
        return read(file)
    except Exception as error:  # unpickling broken bytes raises about anything
        raise DataError(Problem(f"{name} is damaged, or no file of CIFAR", "unpack the archive again")) from error


def _pickled(labels: bytes) -> Callable[[IO[bytes]], tuple[NDArray[Any], NDArray[Any]]]:
    def read(file: IO[bytes]) -> tuple[NDArray[Any], NDArray[Any]]:
        batch = _ArraysOnly(file, encoding="bytes").load()
        return batch[b"data"].reshape(-1, _PIXELS), np.asarray(batch[labels], np.int64)

    return read


def _pickled_names(key: bytes) -> Callable[[IO[bytes]], list[str]]:
    return lambda file: [name.decode() for name in _ArraysOnly(file, encoding="bytes").load()[key]]


def _binary(label_bytes: int) -> Callable[[IO[bytes]], tuple[NDArray[Any], NDArray[Any]]]:
    """Rows of labels, of which the last counts, and pixels."""

    def read(file: IO[bytes]) -> tuple[NDArray[Any], NDArray[Any]]:
        rows = np.frombuffer(file.read(), np.uint8).reshape(-1, label_bytes + _PIXELS)
        return rows[:, label_bytes:], rows[:, label_bytes - 1].astype(np.int64)

    return read


def _lines(file: IO[bytes]) -> list[str]:
    return [line for line in file.read().decode().splitlines() if line]


class _ArraysOnly(pickle.Unpickler):
    """Toronto's batches are pickles; nothing but NumPy arrays may come out of them."""

    _ALLOWED: ClassVar[dict[str, Any]] = {
        "numpy.ndarray": np.ndarray,
        "numpy.dtype": np.dtype,
        "numpy.core.multiarray._reconstruct": np.empty(0).__reduce__()[0],
    }

    def find_class(self, module: str, name: str) -> Any:
        try:
            return self._ALLOWED[f"{module}.{name}"]
        except KeyError:
            raise pickle.UnpicklingError(f"{module}.{name} has no place in a data set") from None


_BATCHES = tuple(f"data_batch_{number}" for number in range(1, 6))
CIFAR10 = CifarFiles(_BATCHES, ("test_batch",), "batches.meta", _pickled(b"labels"), _pickled_names(b"label_names"))
CIFAR100 = CifarFiles(("train",), ("test",), "meta", _pickled(b"fine_labels"), _pickled_names(b"fine_label_names"))
_CIFAR10_BINARY = CifarFiles(
    tuple(f"{name}.bin" for name in _BATCHES), ("test_batch.bin",), "batches.meta.txt", _binary(1), _lines
)
_CIFAR100_BINARY = CifarFiles(("train.bin",), ("test.bin",), "fine_label_names.txt", _binary(2), _lines)
VERSIONS = (CIFAR10, _CIFAR10_BINARY, _CIFAR100_BINARY, CIFAR100)
