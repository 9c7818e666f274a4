"""Examine a data set: every check, and a summary in numbers."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from cnncli.data.dataset import Splits
from cnncli.data.sources.loaded_data import Progress
from cnncli.data_checks import copies
from cnncli.data_checks.blank_examples import check_blank
from cnncli.data_checks.class_counts import check_classes, check_lone, counts_by_part
from cnncli.data_checks.example_groups import GroupsSummary, check_groups, summarise_groups
from cnncli.data_checks.examples_by_index import AllExamples
from cnncli.data_checks.findings import KINDS, NOTE, Finding, in_order
from cnncli.data_checks.image_files import Header, ImageFilesSummary, read_headers, summarise
from cnncli.data_checks.lengths import check_lengths
from cnncli.data_checks.measurements import Measured, measure
from cnncli.data_checks.number_columns import check_columns
from cnncli.data_checks.shortcuts import check_shortcuts
from cnncli.errors import Problem
from cnncli.inputs import kind_of
from cnncli.recipe.named_inputs import by_name

_COMPUTED = (
    "leakage",
    "labels",
    "duplicates",
    "blank",
    "missing",
)  # by the checks here; notes of the source repeat them


# What reads files of these endings that lie beside others; the source names formats that nothing here reads.
_READERS = {
    ".txt": ".txt files: `source: {text_folder: {path: …}}` reads texts, a folder for each class",
    ".csv": ".csv files: `source: {csv: {path: …}}` reads tables",
}


class InputSummary(BaseModel):
    """One input in numbers.

    Attributes:
        kind: `image`, `signal`, …
        shape: of one example.
        dtype: as it is stored.
        low, high, mean, standard_deviation: of all values; None where they are not numbers.
        lengths: the smallest, the median and the largest length, without what fills examples up.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: str
    shape: tuple[int, ...]
    dtype: str
    low: float | None = None
    high: float | None = None
    mean: float | None = None
    standard_deviation: float | None = None
    lengths: tuple[int, int, int] | None = None


class Examination(BaseModel):
    """What was found of a data set.

    Attributes:
        source, fingerprint: as `Splits` has them.
        parts: how many examples each part has.
        classes: how many examples each class or label has, by part.
        inputs: each input, by name.
        image_files: the image files before they are resized; None where examples are none.
        groups: None where there are none.
        compared: how many examples were searched for near duplicates.
        findings: the worst first.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: str
    fingerprint: str
    parts: dict[str, int]
    classes: dict[str, dict[str, int]]
    inputs: dict[str, InputSummary]
    image_files: ImageFilesSummary | None
    groups: GroupsSummary | None
    compared: int
    findings: tuple[Finding, ...]

    def of(self, kinds: Iterable[str]) -> list[Finding]:
        """The findings of some kinds."""
        wanted = set(kinds)
        return [finding for finding in self.findings if finding.kind in wanted]


def examine(
    splits: Splits, *, longest: Mapping[str, int] | None = None, progress: Progress | None = None
) -> Examination:
    """Make every check of a data set.

    Args:
        longest: by input, so many words or positions the recipe keeps; longer examples are cut off.
        progress: called with what is being done, how much of it is done, how much there is.
    """
    every = AllExamples.of(splits)
    measured = measure(splits.parts, progress)
    headers = _headers(splits, progress)

    def comparing(done: int, total: int) -> None:
        if progress:
            progress("comparing examples", done, total)

    found = copies.find_all(every, measured, progress=comparing)
    findings = [
        *copies.findings_of(found, every),
        *check_groups(splits),
        *check_classes(splits),
        *check_lone(splits),
        *check_blank(every, measured),
        *check_lengths(every, measured, longest or {}),
        *check_columns(splits),
        *check_shortcuts(every, measured, headers),
        *from_notes(splits.notes),
    ]
    shapes = by_name(splits.input_shape)
    return Examination(
        source=splits.source,
        fingerprint=splits.fingerprint,
        parts={part.name: len(part.examples) for part in splits.parts},
        classes={part: counts for part, counts in counts_by_part(splits).items() if counts},
        inputs={
            name: _summary(tuple(shapes[name]), column.dtype, measured[name])
            for name, column in splits.train.inputs.items()
        },
        image_files=summarise(headers, next(iter(shapes.values()))) if headers else None,
        groups=summarise_groups(splits),
        compared=found.compared,
        findings=tuple(in_order(findings)),
    )


def from_notes(notes: Iterable[Problem]) -> list[Finding]:
    """The notes of a source as findings, but those that the checks here find themselves."""
    kinds = [(note, note.kind if note.kind in KINDS else NOTE) for note in notes]
    return [
        Finding(kind=kind, message=note.message, hint="\n".join(filter(None, [note.hint, *_readers(note)])))
        for note, kind in kinds
        if kind not in _COMPUTED
    ]


def _readers(note: Problem) -> list[str]:
    """What reads the files that a note of the kind `ignored` names."""
    endings = {os.path.splitext(word.rstrip(","))[1].lower() for word in note.message.split()}
    return [sentence for ending, sentence in _READERS.items() if ending in endings and note.kind == "ignored"]


def _headers(splits: Splits, progress: Progress | None) -> list[Header] | None:
    """The headers of all examples' files, in their order; None where they are not image files."""
    originals = [part.examples.originals for part in splits.parts]
    paths = [path for each in originals if each is not None for path in each.paths]
    return read_headers(paths, progress) if None not in originals else None


def _summary(shape: tuple[int, ...], dtype: np.dtype[np.generic], own: Measured) -> InputSummary:
    kind = kind_of(shape).WORD
    lengths = None if own.lengths is None else _spread(own.lengths)
    if own.numbers is None:
        return InputSummary(kind=kind, shape=shape, dtype="string", lengths=lengths)
    numbers = own.numbers
    mean = float(numbers.means.mean(dtype=np.float64))
    variance = float((numbers.spreads.astype(np.float64) ** 2 + (numbers.means - mean) ** 2).mean())
    return InputSummary(
        kind=kind,
        shape=shape,
        dtype=str(dtype),
        low=float(numbers.lows.min()),
        high=float(numbers.highs.max()),
        mean=mean,
        standard_deviation=variance**0.5,
        lengths=lengths,
    )


def _spread(lengths: NDArray[np.int64]) -> tuple[int, int, int]:
    return int(lengths.min()), int(np.median(lengths)), int(lengths.max())
