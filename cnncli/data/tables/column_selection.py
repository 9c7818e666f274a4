"""Select columns of a table by name, by glob (`t*`) or by range (`t0:t186`)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from fnmatch import fnmatchcase

from cnncli.errors import DataError, Problem
from cnncli.messages import did_you_mean, listed, shortened


def select(words: str | Sequence[str], header: Sequence[str], *, file: str, used: Collection[str] = ()) -> list[str]:
    """The names of the selected columns, each once.

    A glob takes the columns that match it in natural order: t0, t1, t2, …, t10. A range takes those from one name to another
    as they stand in the table, both included. A column with exactly that name comes first. A glob takes no column without
    a name, which pandas writes: the numbers of the rows.

    Args:
        words: a name, a glob or a range; or several.
        header: the names of all columns.
        file: the table's name for messages.
        used: columns that mean something else; a glob or a range leaves them out.

    Raises:
        DataError: there is no such column, or two have its name.
    """
    names: dict[str, None] = {}
    for word in [words] if isinstance(words, str) else words:
        names |= dict.fromkeys(_select(word, header, file, used))
    counts = Counter(header)
    if twice := next((name for name in names if counts[name] > 1), None):
        raise DataError(Problem(f"{file} has {counts[twice]} columns named `{shortened(twice)}`", "rename all but one"))
    return list(names)


_GLOB = re.compile(r"[*?\[]")


def _select(word: str, header: Sequence[str], file: str, used: Collection[str]) -> list[str]:
    if word in header:
        return [word]
    free = [name for name in header if name not in used]
    first, colon, last = word.partition(":")
    if colon:
        for end_name in (first, last):
            _known(end_name, header, file)
        begin, end = header.index(first), header.index(last)
        if end < begin:
            message = f"in {file} the column `{shortened(first)}` stands after `{shortened(last)}`"
            raise DataError(Problem(message, f"write `{last}:{first}`"))
        return [name for name in header[begin : end + 1] if name not in used]
    if _GLOB.search(word):
        matching = sorted((name for name in free if name and fnmatchcase(name, word)), key=natural_key)
        if not matching:
            message = f"no column of {file} matches `{shortened(word)}`"
            raise DataError(Problem(message, f"its columns: {listed(header, 12)}"))
        return matching
    _known(word, header, file)
    return [word]


def _known(word: str, header: Sequence[str], file: str) -> None:
    if word not in header:
        hint = did_you_mean(word, map(shortened, header))
        if "did you mean" not in hint:
            hint = f"its first line: {listed(map(shortened, header), 12)}"
        if may_be_values(header):
            hint += "\nif these are no names: `header: false` in the source; then the columns are c0, c1, c2, …"
        raise DataError(Problem(f"{file} has no column `{shortened(word)}`", hint))


def may_be_values(header: Sequence[str]) -> bool:
    """Whether the first line of a table looks like an example and not like names: numbers, or a sentence."""
    return has_measured_numbers(header) or any(len(name.split()) > _LONGEST_NAME for name in header)


def has_measured_numbers(header: Sequence[str]) -> bool:
    """Whether there are numbers that do not count on, as years and the numbers of columns do."""
    numbers = numbers_in(header)
    return numbers != [numbers[0] + place for place in range(len(numbers))]


def numbers_in(header: Sequence[str]) -> list[float]:
    """Those of the names that are numbers."""
    return [float(name) for name in header if _NUMBER.fullmatch(name)]


_LONGEST_NAME = 6  # words


def natural_key(text: str) -> tuple[tuple[int, int, str], ...]:
    """A key by which texts sort as people count: a2 before a10.

    Example:
        >>> sorted(["t10", "t2", "t1"], key=natural_key)
        ['t1', 't2', 't10']
    """
    parts = [part for part in re.split(r"([0-9]+)", text) if part]
    numbered = [(0, len(part.lstrip("0")), part.lstrip("0")) if part[0] in _DIGITS else (1, 0, part) for part in parts]
    return (*numbered, (-1, 0, text))  # 01 and 1 are equal but for the text


_DIGITS = "0123456789"


def in_natural_order(names: Iterable[str]) -> list[str]:
    """Names sorted: as numbers where all of them are numbers (-1, 0, 0.5, 10), else naturally."""
    names = list(names)
    if all(_NUMBER.fullmatch(name) for name in names):
        return sorted(names, key=lambda name: (float(name), name))
    return sorted(names, key=natural_key)


_NUMBER = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?")
