"""An examination in words: the facts that the terminal and the page show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cnncli.data_checks.examination import Examination, InputSummary
from cnncli.data_checks.image_files import ImageFilesSummary
from cnncli.inputs import kind_of
from cnncli.messages import counted

_MOST_WORDS = 6


def facts(found: Examination) -> list[tuple[str, str]]:
    """What the data is, in pairs of a word and a text."""
    rows = [("Data", found.source)]
    for name, own in found.inputs.items():
        rows += [(_word(name, found), text) for text in _input(own)]
    if found.image_files:
        rows += _files(found.image_files)
    if groups := found.groups:
        counts = ", ".join(f"{count:,} in {part}" for part, count in groups.count.items())
        rows.append(
            ("Groups", f"{counts}; the largest, {groups.largest}, has {counted(groups.largest_count, 'example')}")
        )
    if found.compared:
        of = sum(found.parts.values())
        rest = f" of {of:,}" if found.compared < of else ""
        rows.append(("Compared", f"{found.compared:,}{rest} examples, in a search for near duplicates"))
    return rows


def _word(name: str, found: Examination) -> str:
    return "Input" if len(found.inputs) == 1 else f"Input {name}"


def _input(own: InputSummary) -> Iterator[str]:
    yield ", ".join(filter(None, [own.kind, "x".join(map(str, own.shape)), own.dtype]))
    if own.low is not None and own.mean is not None and own.standard_deviation is not None:
        yield (
            f"values from {own.low:.4g} to {own.high:.4g}, "
            f"mean {own.mean:.4g}, standard deviation {own.standard_deviation:.4g}"
        )
    if own.lengths:
        yield f"lengths from {own.lengths[0]:,} to {own.lengths[2]:,}, median {own.lengths[1]:,} {kind_of(own.shape).LENGTH_IN}"


def _files(files: ImageFilesSummary) -> Iterator[tuple[str, str]]:
    smallest, median, largest = zip(files.width, files.height, strict=True)
    height, width, *_ = files.become
    yield "Files", _counts(files.formats)
    yield "Colors", _counts(files.modes)
    if files.size_count == 1:
        change = "" if median == (width, height) else f"; they become {width}x{height}"
        yield "Sizes", f"all {_size(median)}{change}"
        return
    yield (
        "Sizes",
        f"{files.size_count:,} sizes: width {smallest[0]:,} to {largest[0]:,}, height {smallest[1]:,} to {largest[1]:,}, "
        f"median {_size(median)}; they become {width}x{height}",
    )
    low, middle, high = files.aspect_ratio
    yield "Shape", f"width / height from {low:.2f} to {high:.2f}, median {middle:.2f}"


def _size(size: tuple[int, ...]) -> str:
    return "x".join(map(str, size))


def _counts(counts: Mapping[str, int]) -> str:
    shown = [f"{count:,} {word}" for word, count in list(counts.items())[:_MOST_WORDS]]
    left = len(counts) - len(shown)
    return ", ".join([*shown, *([f"{left:,} more kinds"] if left > 0 else [])])
