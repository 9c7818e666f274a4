"""Markdown of a model card: tables, lists, code blocks, text from users as it is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from cnncli.report.explanation_markdown import escaped as _escaped


def escaped(text: str) -> str:
    """A text in one line that Markdown shows as it is; an underscore between letters needs nothing."""
    line = " ".join(str(text).split())
    return re.sub(r"(?<=[^\W_])\\_(?=[^\W_])", "_", _escaped(line))


def table(titles: Sequence[str], rows: Iterable[Sequence[str]], *, left: int = 1) -> Iterator[str]:
    """The lines of a table, with an empty one behind it.

    Args:
        left: how many of the first columns are words; the others are numbers.
    """
    yield f"| {' | '.join(map(escaped, titles))} |"
    yield "|" + "".join("---|" if index < left else "--:|" for index in range(len(titles)))
    for row in rows:
        yield f"| {' | '.join(map(escaped, row))} |"
    yield ""


def facts(pairs: Iterable[tuple[str, Sequence[str]]]) -> Iterator[str]:
    """A list of words in bold with what there is to say, and an empty line."""
    for word, lines in pairs:
        yield f"- **{escaped(word)}:** {escaped('; '.join(line.rstrip('.') for line in lines))}"
    yield ""


def sentences(texts: Iterable[str]) -> Iterator[str]:
    """A list of sentences, and an empty line."""
    yield from (f"- {escaped(text)}" for text in texts)
    yield ""


def code(lines: Iterable[str], language: str) -> Iterator[str]:
    """A block of code, whose fence is longer than any in it, and an empty line."""
    written = list(lines)
    longest = max((len(found) for line in written for found in re.findall("`{3,}", line)), default=2)
    fence = "`" * (longest + 1)
    yield f"{fence}{language}"
    yield from written
    yield from (fence, "")
