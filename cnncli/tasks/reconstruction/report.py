"""Report sections of a reconstruction: PSNR, SSIM, sheets and the largest errors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from cnncli.report import values
from cnncli.report.headline import Headline, Tile
from cnncli.tasks.reconstruction.console import decibels
from cnncli.tasks.reconstruction.result import ReconstructionResult
from cnncli.tasks.reconstruction.targets import InputTargets
from cnncli.tasks.result import Interval

_MOST_WORST = 20


@dataclass(frozen=True)
class Sections:
    """What the template shows.

    Attributes:
        worst: the example, its squared error, its PSNR and its SSIM.
    """

    worst: Sequence[tuple[str, str, str, str]]
    charted: Sequence[str] = ()

    ERRORS: ClassVar[str] = "Largest errors"

    @property
    def has_examples(self) -> bool:
        return bool(self.worst)


def targets_fact(targets: InputTargets) -> tuple[str, list[str]]:
    """The targets of the training: a word, and the lines behind it."""
    lines = [f"the input itself, values from {values.decimal(targets.low)} to {values.decimal(targets.high)}"]
    return "Targets", [*lines, *([f"to undo: {targets.corruption_text}"] if targets.corruption else [])]


def headline(result: ReconstructionResult) -> Headline:
    """The PSNR, and what it is compared with."""
    low, high = result.intervals.psnr
    baseline = ""
    if result.inputs is not None:
        baseline = f"the input with {result.corruption} has {decibels(result.inputs.psnr)}"
    return Headline("PSNR", decibels(result.psnr), f"{decibels(low)} to {decibels(high)}", baseline)


def tiles(result: ReconstructionResult) -> list[Tile]:
    """What stands beside the headline at the top of the page."""
    level, intervals = f"{result.intervals.level:.0%} interval ", result.intervals
    found = []
    if result.psnr_gain is not None and intervals.psnr_gain is not None:
        bounds = " to ".join(map(decibels, intervals.psnr_gain))
        found.append(Tile("PSNR gained", decibels(result.psnr_gain), level + bounds))
    if result.ssim is not None:
        found.append(Tile("SSIM", values.decimal(result.ssim), level + _interval(intervals.ssim)))
    return found


def numbers(result: ReconstructionResult) -> list[tuple[str, str, str]]:
    """The scores that the head of the page does not have: name, value and interval."""
    rows = [(values.readable(name), values.decimal(value), "") for name, value in result.metrics.items()]
    error = values.decimal(result.mean_squared_error)
    rows.append(("mean squared error", error, _interval(result.intervals.mean_squared_error)))
    if result.inputs is not None:
        rows.append(("mean squared error of the input", values.decimal(result.inputs.mean_squared_error), ""))
        if result.inputs.ssim is not None:
            rows.append(("SSIM of the input", values.decimal(result.inputs.ssim), ""))
    between = f"{values.decimal(result.low)} to {values.decimal(result.high)}"
    return [*rows, ("data range of PSNR and SSIM", between, "")]


def sections(result: ReconstructionResult) -> Sections:
    """Tables."""
    return Sections(
        worst=[
            (
                each.file or f"example {each.index:,}",
                values.decimal(each.mean_squared_error),
                decibels(each.psnr),
                values.MISSING if each.ssim is None else values.decimal(each.ssim),
            )
            for each in result.worst[:_MOST_WORST]
        ],
    )


def _interval(bounds: Interval | None) -> str:
    return " to ".join(map(values.decimal, bounds)) if bounds else ""
