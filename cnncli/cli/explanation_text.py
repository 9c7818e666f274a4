"""The explanation of a network as lines of text, for a terminal of any width."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from rich.text import Text

from cnncli.messages import printable
from cnncli.network.explanation import LEGEND, Explanation, LayerExplanation

_WIDEST, _NARROW = 100, 64
_COLUMN = 18  # of the words before the formulas


def lines(found: Explanation, width: int) -> Iterator[Text]:
    """An explanation, wrapped.

    Args:
        width: of the terminal, in columns.
    """
    width = min(max(width, 20), _WIDEST)
    if found.conclusion:
        yield Text(printable(found.name), style="bold")
        yield from _wrapped(found.about, width)
        yield Text()
    for number, (kind, purpose) in enumerate(found.augmentation):
        if number == 0:
            yield Text("Augmentation, in training only", style="bold")
        yield from _wrapped(f"{kind}: {purpose}", width, 2, 4)
    if found.augmentation:
        yield Text()
    within: tuple[str, ...] = ()
    for layer in found.layers:
        for level, name in enumerate(layer.within):
            if layer.within[: level + 1] != within[: level + 1]:
                yield Text(f"{_indent(level, width)}in {printable(name)}:", style="dim")
        within = layer.within
        yield from _layer(layer, width)
        yield Text()
    for paragraph in found.conclusion:
        yield from _wrapped(paragraph, width)
        yield Text()
    if found.conclusion:
        for entry in LEGEND:
            for line in _wrapped(entry, width, 0, 2):
                yield Text(line.plain, style="dim")


def _layer(layer: LayerExplanation, width: int) -> Iterator[Text]:
    margin = _indent(len(layer.within), width)
    heading = f"{layer.name}  {layer.what}"
    for number, line in enumerate(_wrapped(heading, width, len(margin), len(margin) + 4)):
        name = len(margin) + len(printable(layer.name)) if number == 0 else 0
        line.stylize("bold", 0, name)
        line.stylize("dim", name)
        yield line
    inner = len(margin) + 2
    yield from _wrapped(layer.purpose, width, inner)
    pairs = [("shape", layer.shapes)]
    pairs += [("from", layer.sources)] if layer.sources else []
    pairs += [(formula.label, str(formula)) for formula in layer.formulas]
    for word, text in pairs:
        yield from _pair(word, text, width, inner)
    for note in layer.notes:
        yield from _wrapped(note, width, inner)


def _pair(word: str, text: str, width: int, indent: int) -> Iterator[Text]:
    """A word with a formula beside it; below it where the terminal is narrow."""
    beside = f"{word:<{_COLUMN}}"
    if width >= _NARROW and len(word) < _COLUMN:
        yield from _wrapped(f"{beside}{text}", width, indent, indent + _COLUMN, keep=True)
        return
    if indent + len(word) + 2 + len(text) <= width:
        yield Text(f"{' ' * indent}{word}: {printable(text)}")
        return
    yield from _wrapped(f"{word}:", width, indent)
    yield from _wrapped(text, width, indent + 2, indent + 4)


def _indent(level: int, width: int) -> str:
    return "  " * (min(level, 1) if width < _NARROW else level)


def _wrapped(
    text: str, width: int, indent: int = 0, hanging: int | None = None, *, keep: bool = False
) -> Iterator[Text]:
    """A text in as many lines as it needs.

    Args:
        keep: leave several spaces as they are.
    """
    found = textwrap.wrap(
        printable(text),
        width,
        initial_indent=" " * indent,
        subsequent_indent=" " * (indent if hanging is None else hanging),
        break_on_hyphens=False,
        drop_whitespace=True,
        replace_whitespace=not keep,
    )
    return (Text(line) for line in found)
