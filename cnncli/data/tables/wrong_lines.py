"""Wrong lines of table files: the first are listed, all are counted."""

from __future__ import annotations

from cnncli.errors import DataError, Place, Problem

MOST_LISTED = 20


class WrongLines:
    """What is wrong with the lines of one or several tables, in the order of files and lines.

    Attributes:
        count: of all mistakes, listed or not.
    """

    def __init__(self) -> None:
        self.count = 0
        self._files: dict[str, int] = {}
        self._first: list[tuple[tuple[int, int, int], Problem]] = []

    def add(self, file: str, line: int, message: str) -> None:
        """Note one mistake.

        Args:
            file: as messages call it.
            line: from 1; of a Parquet file the row.
            message: what is wrong, with the column.
        """
        self.count += 1
        place = (self._files.setdefault(file, len(self._files)), line, self.count)
        self._first.append((place, Problem(message, place=Place(file, line))))
        if len(self._first) > 10 * MOST_LISTED:
            self._first = self._sorted()

    def problems(self) -> list[Problem]:
        """The first mistakes, and how many there are in all."""
        listed = [problem for _, problem in self._sorted()]
        if self.count > len(listed):
            files = " and ".join(self._files)
            listed.append(Problem(f"{self.count:,} mistakes in {files}; the first {len(listed)} are listed"))
        return listed

    def refuse(self) -> None:
        """Raise DataError with the mistakes where there are any."""
        if self.count:
            raise DataError(self.problems())

    def _sorted(self) -> list[tuple[tuple[int, int, int], Problem]]:
        return sorted(self._first, key=lambda each: each[0])[:MOST_LISTED]
