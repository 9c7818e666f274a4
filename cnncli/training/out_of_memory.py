"""Turn out-of-memory errors of TensorFlow into our own error."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import tensorflow as tf

from cnncli.errors import Problem, ResourceError

_PATH = ("train", "batch_size")


@contextmanager
def reraise_out_of_memory(batch_size: int) -> Iterator[None]:
    """Turn TensorFlow's and Python's error into one that names a batch size to try.

    Raises:
        ResourceError: its problem names the key of the recipe.
    """
    try:
        yield
    except (tf.errors.ResourceExhaustedError, MemoryError) as error:
        half = batch_size // 2
        hint = f"try {half}: --set train.batch_size={half}" if half else "use smaller images or a smaller network"
        raise ResourceError(Problem(f"a batch of {batch_size} did not fit into memory", hint, path=_PATH)) from error
