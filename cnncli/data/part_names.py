"""The words train, validation and test in a column or an array that says the part of each example."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncli.errors import DataError, Problem
from cnncli.messages import counted, listed, shortened

PATH = ("data", "split", "column")

_WORDS = {
    "train": ("train", "training"),
    "validation": ("validation", "valid", "val", "dev"),
    "test": ("test", "testing"),
}
PARTS = {word: part for part, words in _WORDS.items() for word in words}
"""The part that a word in small letters names."""
_MOST_NAMED = 5


def read_part_names(
    values: Iterable[Any], *, name: str, place: Callable[[int], str] = lambda index: f"index {index:,}"
) -> dict[str, NDArray[np.int64]]:
    """Read the part of each example; capitals and spaces around a word do not count.

    Args:
        values: texts, one for each example.
        name: how messages call the column or the array.
        place: where the value of an example stands, for messages.

    Returns:
        Ascending indices, int64, of each part that there is: `train`, `validation`, `test`, in this order.

    Raises:
        DataError: other words, or no training example.
    """
    texts = [value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value) for value in values]
    parts = [PARTS.get(text.strip().lower()) for text in texts]
    if wrong := [index for index, part in enumerate(parts) if part is None]:
        shown = [f"`{shortened(texts[index])}` ({place(index)})" for index in wrong]
        message = f"{name} names no part for {counted(len(wrong), 'example')}: {listed(shown, _MOST_NAMED)}"
        raise DataError(Problem(message, "the words are train, validation (or val) and test", path=PATH))
    if "train" not in parts:
        raise DataError(Problem(f"{name} has no training example", "the word is train", path=PATH))
    every = np.array(parts)
    return {part: np.flatnonzero(every == part) for part in _WORDS if part in parts}
