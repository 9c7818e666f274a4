"""Text output of `cnncli evaluate` for a reconstruction."""

from __future__ import annotations

from collections.abc import Iterator

from cnncli.messages import quantity
from cnncli.tasks.reconstruction.result import ReconstructionResult
from cnncli.tasks.result import Interval
from cnncli.tasks.text_report import FEW_EXAMPLES_HINT, Lines, Table

_WORST = 5  # examples; --json has more


def show(result: ReconstructionResult) -> Iterator[Lines | Table]:
    """PSNR, SSIM and the error beside loss and metrics."""
    yield Lines(list(_lines(result)))
    rows = [
        [
            each.file or f"example {each.index}",
            quantity(each.mean_squared_error),
            decibels(each.psnr),
            quantity(each.ssim),
        ]
        for each in result.worst[:_WORST]
    ]
    yield Table("largest errors", ["", "MSE", "PSNR", "SSIM"], rows)


def _lines(result: ReconstructionResult) -> Iterator[tuple[str, str]]:
    intervals, inputs = result.intervals, result.inputs
    level = f"{intervals.level:.0%} interval"

    def with_interval(value: str, bounds: Interval | None, text: str) -> str:
        return f"{value}, {level} {text}" if bounds else value

    low, high = map(decibels, intervals.psnr)
    yield "PSNR", with_interval(decibels(result.psnr), intervals.psnr, f"{low} to {high}")
    if inputs is not None and result.psnr_gain is not None and intervals.psnr_gain is not None:
        yield "input", f"{decibels(inputs.psnr)} with {result.corruption}, before the network"
        low, high = map(decibels, intervals.psnr_gain)
        yield "gain", with_interval(decibels(result.psnr_gain), intervals.psnr_gain, f"{low} to {high}")
    if result.ssim is not None and intervals.ssim is not None:
        before = f"; input {quantity(inputs.ssim)}" if inputs is not None else ""
        low, high = map(quantity, intervals.ssim)
        yield "SSIM", with_interval(quantity(result.ssim), intervals.ssim, f"{low} to {high}") + before
    before = f"; input {quantity(inputs.mean_squared_error)}" if inputs is not None else ""
    low, high = map(quantity, intervals.mean_squared_error)
    yield (
        "MSE",
        with_interval(quantity(result.mean_squared_error), intervals.mean_squared_error, f"{low} to {high}") + before,
    )
    yield "data range", f"{quantity(result.low)} to {quantity(result.high)}, by which PSNR and SSIM are computed"


def decibels(value: float) -> str:
    """`21.36 dB`."""
    return f"{value:.2f} dB"


def few_examples_hint(count: int) -> str:
    """What scores on so few examples tell."""
    return FEW_EXAMPLES_HINT
