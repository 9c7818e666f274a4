"""The words of a column or an array that says the part of each example: train, validation, test, and others that mean these."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncli.data.part_words import PART_OF, WORDS
from cnncli.data.same_words import same
from cnncli.errors import DataError, Problem
from cnncli.messages import counted, listed, shortened

PATH = ("data", "split", "column")

_PARTS = {**PART_OF, "publictest": "validation", "privatetest": "test"}  # these two are FER2013's
_FLAGS = (  # columns of true and false; fastai writes `is_valid`, CUB-200 `is_training_image`
    (re.compile(r"(?i)is[_ ]?(val|valid|validation)"), {"true": "validation", "false": "train"}),
    (re.compile(r"(?i)is[_ ]?test(ing)?([_ ]image)?"), {"true": "test", "false": "train"}),
    (re.compile(r"(?i)is[_ ]?train(ing)?([_ ]image)?"), {"true": "train", "false": "test"}),
)
_NUMBERS = {"1.0": "true", "0.0": "false"}
_MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class PartWords:
    """What the words of one column mean.

    Attributes:
        meaning: the part of each word, in the form of `same`, small.
        rest: the part of all other words; empty where they are wrong.
        expected: which words there are, for messages.
    """

    meaning: Mapping[str, str]
    rest: str
    expected: str

    @classmethod
    def of(cls, column: str, said: Mapping[str, Iterable[Any]] | None = None) -> PartWords:
        """The words of a column.

        Args:
            said: `data.split.parts`: the words of each part; None: as the name of the column tells.
        """
        if said is not None:
            meaning = {same(word).lower(): part for part, words in said.items() for word in words}
            shown = [str(word) for words in said.values() for word in words]
            rest = "" if "train" in said else "train"
            return cls(meaning, rest, f"a word of `split.parts`: {listed(shown, 12)}")
        for name, flags in _FLAGS:
            if name.fullmatch(column.strip()):
                return cls(flags, "", "true or false")
        return cls(_PARTS, "", "train, validation or test")

    def part_of(self, word: Any) -> str | None:
        """The part that a word means; None where it means none. Capitals and spaces around it do not count."""
        plain = same(word).lower()
        if plain in self.meaning:
            return self.meaning[plain]
        if plain in _NUMBERS and "true" in self.meaning:
            return self.meaning[_NUMBERS[plain]]
        return (self.rest or None) if plain else None


def read_part_names(
    values: Iterable[Any],
    *,
    name: str,
    words: PartWords | None = None,
    place: Callable[[int], str] = lambda index: f"index {index:,}",
) -> dict[str, NDArray[np.int64]]:
    """Read the part of each example.

    Args:
        values: words or numbers, one for each example.
        name: how messages call the column or the array.
        words: what they mean; None: as the name tells.
        place: where the value of an example stands, for messages.

    Returns:
        Ascending indices, int64, of each part that there is: `train`, `validation`, `test`, in this order.

    Raises:
        DataError: other words, or no training example.
    """
    words = words or PartWords.of(name)
    texts = [value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value) for value in values]
    part_of = {text: words.part_of(text) for text in set(texts)}
    parts = [part_of[text] for text in texts]
    if wrong := [index for index, part in enumerate(parts) if part is None]:
        shown = [f"`{shortened(texts[index])}` ({place(index)})" for index in wrong]
        message = f"{name} names no part for {counted(len(wrong), 'example')}: {listed(shown, _MOST_NAMED)}"
        raise DataError(Problem(message, f"expected {words.expected}\n{PARTS_HINT}", path=PATH))
    if "train" not in parts:
        raise DataError(Problem(f"{name} has no training example", f"expected {words.expected}", path=PATH))
    every = np.array(parts)
    return {part: np.flatnonzero(every == part) for part in WORDS if part in parts}


PARTS_HINT = "other words: `parts: {validation: [4], test: [5]}` in `split` says what they mean; all others train"
