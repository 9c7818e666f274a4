"""Find the tables with the validation and test examples beside the one with the training examples, by their names."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from typing import Any

from cnncli.data.part_words import WORDS
from cnncli.data.tables.table_file import SUFFIXES, open_table
from cnncli.errors import DataError
from cnncli.recipe.sources.table import TextFormat

_TRAIN = re.compile(r"(?i)(?<![a-z])train(ing)?(?![a-z])")


def tables_of_parts(path: str, columns: Iterable[str], keys: Mapping[str, Any]) -> dict[str, str]:
    """The tables of the other parts, which are called as the training table is, with another word: `dev.tsv`, `FordA_TEST.tsv`.

    Args:
        path: of the training table.
        columns: that another table needs.
        keys: of `TextFormat`, how the tables are read.

    Returns:
        The path of each, by `validation` and `test`.
    """
    folder, name = os.path.split(path)
    if not (found := list(_TRAIN.finditer(name))):
        return {}
    word = found[-1]
    parts: dict[str, str] = {}
    for part in ("validation", "test"):
        for other in WORDS[part]:
            other = other.upper() if word[0].isupper() else other.capitalize() if word[0].istitle() else other
            beside = os.path.join(folder, name[: word.start()] + other + name[word.end() :])
            if os.path.isfile(beside) and {*columns} <= {*_header(beside, keys)}:
                parts.setdefault(part, beside)
    return parts


def is_of_training(name: str) -> bool:
    """Whether the name of a file or folder says that it holds training examples."""
    return bool(_TRAIN.search(name))


def tables_in(folder: str) -> list[str]:
    """The tables in a folder, those of training examples first."""
    names = sorted(name for name in os.listdir(folder) if os.path.splitext(name)[1].lower() in SUFFIXES)
    return [os.path.join(folder, name) for name in sorted(names, key=lambda name: not is_of_training(name))]


def _header(path: str, keys: Mapping[str, Any]) -> tuple[str, ...]:
    try:
        return tuple(open_table(path, form=TextFormat(**keys)).header)
    except DataError:
        return ()
