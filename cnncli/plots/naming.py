"""Names of picture files: one name for each question.

A name is `<kind>-<layer>--<option>--<option>`, with the options that differ from the defaults: `grad-cam-C3--true.png`,
`filters-C1--strongest-4.png`. `--` stands only before an option.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

_LONGEST = 40  # characters of one part
_LONGEST_OF_RUNS = 100  # characters of a name that lists runs
_DIGEST = 8
_MOST_NUMBERS = 8


def stem(kind: str, options: Iterable[str] = ()) -> str:
    """A file's name without its ending; empty options are left out.

    Example:
        >>> stem("grad-cam-C3", ["true", ""])
        'grad-cam-C3--true'
    """
    return "--".join([kind, *filter(None, options)])


def part(text: str) -> str:
    """A layer, class or file in a name: letters, digits and `._+()[] -`, at most 40; a digest tells apart what is changed.

    Example:
        >>> part("block1.conv1"), part("a/b")
        ('block1.conv1', 'a-b-c14cddc0')
    """
    kept = re.sub(r"[^\w.+()\[\] -]|(?<=-)-", "-", text, flags=re.ASCII)
    kept = re.sub(r"-{2,}", "-", kept).lstrip(".")[:_LONGEST]
    return text if kept == text and text else f"{kept.strip(' -')}-{digest([text])}".lstrip("-")


def numbers(word: str, values: Sequence[int]) -> str:
    """Some numbers as an option: `filters-0-5`; of many the first and a digest."""
    listed = "-".join(map(str, values[:_MOST_NUMBERS]))
    more = f"-and-{len(values) - _MOST_NUMBERS}-more-{digest(map(str, values))}" if len(values) > _MOST_NUMBERS else ""
    return f"{word}-{listed}{more}"


def layers(names: Sequence[str]) -> str:
    """Some layers as an option: `C1-C3`; of many the first and a digest."""
    listed = "-".join(map(part, names))
    return listed if len(listed) <= _LONGEST else f"{part(names[0])}-and-{len(names) - 1}-more-{digest(names)}"


def image(path: Path) -> str:
    """An image file as an option: its name, and a digest of where it lies, for other folders have images of that name too."""
    return f"{part(path.stem)}-{digest([str(path.absolute().resolve())])}"


def images(paths: Sequence[Path]) -> str:
    """Some image files as an option."""
    if len(paths) == 1:
        return image(paths[0])
    where = digest(str(path.absolute().resolve()) for path in paths)
    return f"{part(paths[0].stem)}-and-{len(paths) - 1}-more-{where}"


def texts(given: Sequence[str]) -> str:
    """Some texts as an option: the beginning of the first, and a digest of all."""
    more = f"-and-{len(given) - 1}-more" if len(given) > 1 else ""
    beginning = re.sub(r"[^\w]+", "-", given[0][:_LONGEST], flags=re.ASCII).strip("-")
    return f"{beginning or 'text'}{more}-{digest(given)}"


def runs(kind: str, paths: Sequence[Path], outputs: Path) -> str:
    """A file about several runs: their names, and a digest where others could have them or they are long.

    Args:
        kind: the name's beginning.
        paths: of the runs, in their order.
        outputs: the folder in which runs are `<recipe>/<run>`.

    Example:
        >>> runs("compare", [Path("outputs/mnist/first"), Path("outputs/mnist/second")], Path("outputs"))
        'compare-mnist-first-mnist-second'
    """
    places, home = [path.absolute().resolve() for path in paths], outputs.absolute().resolve()
    labels = [
        place.relative_to(home).as_posix() if place.is_relative_to(home) else place.as_posix() for place in places
    ]
    name = "-".join([kind, *(re.sub(r"[^\w.]+", "-", label, flags=re.ASCII).strip("-") for label in labels)])
    if len(name) <= _LONGEST_OF_RUNS and all(re.fullmatch(r"[\w.]+/[\w.]+", label, re.ASCII) for label in labels):
        return name
    return f"{name[: _LONGEST_OF_RUNS - _DIGEST - 1]}-{digest(labels)}"


def digest(texts: Iterable[str]) -> str:
    """Eight hexadecimal digits that tell lists of texts apart."""
    whole = "\0".join(texts).encode("utf-8", "surrogateescape")
    return hashlib.sha256(whole).hexdigest()[:_DIGEST]
