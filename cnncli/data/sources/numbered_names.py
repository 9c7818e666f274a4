"""Names of files that begin with a class and go on with a number, such as `cat.17.jpg`."""

from __future__ import annotations

import re
import shlex
from collections import Counter
from collections.abc import Iterable

from cnncli.messages import listed, printable

PATTERN = "^(.*?[^0-9._ -])[._ -]+[0-9]+[.]"
"""What finds the class in such a name: `great_dane` in `great_dane_12.jpg`."""

_MOST_CLASSES = 200
_MOST_NAMED = 5


def advice_for(names: Iterable[str], *, has_label: bool) -> list[str]:
    """How files are read whose names begin with their class; nothing where they do not.

    Args:
        has_label: whether the source reads the class from the names.
    """
    if not (counts := classes_of_names(names)):
        return []
    named = listed((f"{printable(name)} {count:,}" for name, count in sorted(counts.items())), _MOST_NAMED)
    if has_label:
        return [f'if names begin with their class ({named}): `label: "{PATTERN}"` in the source']
    first = shlex.quote(next(iter(counts)))
    return [f"if names begin with their class ({named}), move the files: mkdir {first} && mv {first}[._-]* {first}/"]


def classes_of_names(names: Iterable[str]) -> Counter[str]:
    """How many names of files begin with each class, as `cat.0.jpg` and `dog.0.jpg` do; empty where they do not."""
    every = list(names)
    counts = Counter(match[1] for name in every if (match := re.match(PATTERN, name)))
    if not 2 <= len(counts) <= _MOST_CLASSES or min(counts.values()) < 2 or sum(counts.values()) < len(every):
        return Counter()
    return counts
