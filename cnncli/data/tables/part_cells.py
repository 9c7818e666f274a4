"""Read the column of a table that says the part of each row."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncli.data.part_names import PARTS_HINT, PartWords
from cnncli.data.tables.cells import Complain, text_of
from cnncli.messages import did_you_mean, shortened


class PartCells:
    """The part that each row is for: int8 (count,), index into `parts`.

    Args:
        parts: their names.
        words: what the cells mean; None: as the name of the column tells.
    """

    def __init__(self, column: str, parts: Sequence[str], words: PartWords | None = None) -> None:
        self.columns = [column]
        self._parts = list(parts)
        self._words = words or PartWords.of(column)
        self._numbers: dict[Any, int] = {}
        self._codes = array("b")

    def add(self, lines: Sequence[int], cells: Sequence[Sequence[Any]], complain: Complain) -> None:
        for line, [cell] in zip(lines, cells, strict=True):
            number = self._numbers.get(cell)
            if number is None:
                part = self._words.part_of(text_of(cell))
                if part is None:
                    complain(line, self._wrong(text_of(cell)))
                number = self._parts.index(part or "train")
                if part:
                    self._numbers[cell] = number
            self._codes.append(number)

    def _wrong(self, word: str) -> str:
        said = f"is `{shortened(word)}`" if word else "is empty"
        hint = did_you_mean(word, self._words.meaning) if word else ""
        more = f"; {hint}" if hint.startswith("did") else f"; {PARTS_HINT}" if word else ""
        return f"{shortened(self.columns[0])} {said}: expected {self._words.expected}{more}"

    def values(self) -> NDArray[np.int8]:
        return np.array(self._codes, np.int8)
