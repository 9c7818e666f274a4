"""Find the file of ImageNet weights that Keras would read for an application, without reading or downloading it."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any

from cnncli import keras_internals
from cnncli.network.instantiate import make, names_counted_anew, shapes_alone
from cnncli.recipe.keras_objects.objects import KerasObject
from cnncli.recipe.layers import name_in_keras
from cnncli.recipe.yaml.nodes import Path


@dataclass(frozen=True)
class ImagenetWeights:
    """The ImageNet weights of an application.

    Attributes:
        application: its class.
        file: where Keras keeps it.
        url: from where Keras downloads it.
        checksum: MD5 or SHA-256 as hexadecimal digits; empty where Keras checks nothing.
        path: where they stand in the recipe.
    """

    application: str
    file: FilePath
    url: str
    checksum: str
    path: Path

    def is_here(self) -> bool:
        """Whether Keras would read the file as it is; otherwise it downloads it."""
        if not os.path.isfile(self.file):
            return False
        if not self.checksum:
            return True
        digest = hashlib.new("md5" if len(self.checksum) == 32 else "sha256", usedforsecurity=False)
        try:
            with self.file.open("rb") as stream:
                while chunk := stream.read(1 << 20):
                    digest.update(chunk)
        except OSError:
            return False
        return digest.hexdigest() == self.checksum


class _Asked(Exception):
    """Keras asks for a file."""

    def __init__(self, file: FilePath, url: str, checksum: str) -> None:
        super().__init__(url)
        self.file, self.url, self.checksum = file, url, checksum


def imagenet_weights(item: KerasObject, shape: Sequence[int | None], path: Path) -> ImagenetWeights | None:
    """Let Keras make an application until it asks for its weights.

    Args:
        item: the application as the recipe names it.
        shape: of the images that come in, without the batch.
        path: where it stands in the recipe.

    Returns:
        The weights; None where Keras asks for none.

    Raises:
        ValueError: Keras has no such weights, such as those of 10 classes.
    """
    try:
        with _answering(), names_counted_anew([]), shapes_alone():
            make(item, weights="imagenet", input_shape=tuple(shape), name=name_in_keras(item))
    except _Asked as asked:
        return ImagenetWeights(item.name, asked.file, asked.url, asked.checksum, (*path, "weights"))
    return None


@contextmanager
def _answering() -> Iterator[None]:
    """Let whatever asks Keras for a file within a `with` learn where it is or would be, by an exception."""

    def get_file(fname: str, origin: str, cache_subdir: str = "datasets", file_hash: str = "", **_: Any) -> None:
        raise _Asked(_cache() / cache_subdir / fname, origin, file_hash or "")

    with keras_internals.replaced_get_file(get_file):
        yield


def _cache() -> FilePath:
    """The folder in which Keras keeps files."""
    home = FilePath(os.path.expanduser(keras_internals.home()))
    if os.access(home, os.W_OK):
        return home
    return FilePath("/tmp" if os.path.isdir("/tmp") else tempfile.gettempdir()) / ".keras"
