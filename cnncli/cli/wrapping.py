"""Text wrapped to the width of the terminal."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator, Sequence

from rich.cells import cell_len
from rich.text import Text

from cnncli.cli import console
from cnncli.messages import printable

_NARROWEST = 20
_HELD = "\u00a0"  # textwrap breaks no line at it


def width() -> int:
    """The columns of stdout; 80 where it is no terminal."""
    return max(console.stdout().width, _NARROWEST)


def show(lines: Iterable[Text | str]) -> None:
    """Lines on stdout."""
    out = console.stdout()
    for line in lines:
        out.print(line)


def wrapped(text: str, *, indent: int = 0, hanging: int | None = None, style: str = "") -> Iterator[Text]:
    """A text in as many lines as it needs.

    Args:
        indent: spaces before the first line.
        hanging: spaces before those that follow; left out: as many.
    """
    following = indent if hanging is None else hanging
    lines = textwrap.wrap(
        printable(text),
        width(),
        initial_indent=" " * indent,
        subsequent_indent=" " * following,
        break_on_hyphens=False,
    )
    return (Text(line.replace(_HELD, " "), style=style) for line in lines)


def pairs(told: Sequence[tuple[str, str]], column: int, *, style: str = "bold") -> Iterator[Text]:
    """Words, each with a text beside it, or below it where the terminal is too narrow for the longest.

    Args:
        column: where the texts begin.
        style: of the words.
    """
    room = console.stdout_columns()
    is_beside = room is None or all(column + cell_len(text) <= room for _, text in told)
    for word, text in told:
        if is_beside:
            yield Text(f"{word:<{column}}", style=style) + Text(printable(text), style="not bold")
        else:
            yield Text(word, style=style)
            yield from wrapped(with_units(text), indent=2)


def beside(word: str, text: str, column: int) -> Iterator[Text]:
    """A word in bold, and a text in a column beside it, in as many lines as it needs.

    Args:
        column: where the text begins.
    """
    room = console.stdout_columns()
    column = min(column, width() // 3)
    whole = with_units(printable(text))
    lines = [whole]
    if room is not None:
        lines = textwrap.wrap(whole, width() - column, break_on_hyphens=False, break_long_words=False)
    for number, line in enumerate(lines or [""]):
        yield Text(f"{'' if number else word:<{column}}", style="bold") + Text(
            line.replace(_HELD, " "), style="not bold"
        )


def with_units(text: str) -> str:
    """A text in which no line ends between a number and its unit."""
    return re.sub(r"(?<![^\s(])([0-9][0-9.,]*) (?=[a-zA-Z])", rf"\1{_HELD}", text)


def held(text: str, *, indent: int) -> str:
    """A text that `wrapped` does not break, where one line with this indent can hold it."""
    return text.replace(" ", _HELD) if cell_len(text) + indent <= width() else text


def row(name: str, text: str, column: int) -> Iterator[Text]:
    """A name, and behind it as much of a text as one line holds.

    Args:
        column: the width of all names; a longer one has a line of its own, so that the texts stay aligned.
    """
    if len(name) > column:
        yield from wrapped(name, indent=2, hanging=4)
        name = ""
    line = Text(f"  {name:<{column}}  ")
    line.append(textwrap.shorten(printable(text), max(width() - column - 4, 10), placeholder=" …"), style="dim")
    line.rstrip()
    if line:
        yield line


def column_for(names: Iterable[str], widest: int) -> int:
    """The width of a column of names: that of the longest, up to `widest` and half the terminal."""
    return min(max((len(name) for name in names), default=0), widest, width() // 2 - 3)
