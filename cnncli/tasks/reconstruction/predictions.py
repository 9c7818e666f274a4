"""predictions.csv of a reconstruction: a line for each example."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from cnncli.tasks.predictions_csv import cell, line
from cnncli.tasks.reconstruction.quality import psnr_of

COLUMNS = (None, "psnr")  # what is true of an example, which no column says, and what runs are compared by


def to_csv(
    errors: NDArray[np.float64],
    ssim: NDArray[np.float64] | None,
    input_errors: NDArray[np.float64] | None,
    *,
    data_range: float,
    files: Sequence[str] | None = None,
) -> Iterator[str]:
    """Yield a line for the titles, then one for each example.

    Columns: `example`, its number in the split from 0; `mean_squared_error`, `psnr` in decibels, `ssim` where there is one,
    `input_psnr`, that of what went into the network, where `augment` changes it; `file`, when the examples came from files.

    Args:
        errors: float64 (examples,), mean squared errors.
        ssim, input_errors: float64 (examples,), or None.
        data_range: the largest minus the smallest value that the targets can have.
        files: one an example.
    """
    columns = {"mean_squared_error": errors, "psnr": psnr_of(errors, data_range)}
    if ssim is not None:
        columns["ssim"] = ssim
    if input_errors is not None:
        columns["input_psnr"] = psnr_of(input_errors, data_range)
    yield line("example", *columns, *(["file"] if files is not None else []))
    for index, row in enumerate(zip(*columns.values(), strict=True)):
        cells = [f"{value:.9g}" for value in row]
        yield line(str(index), *cells, *([cell(files[index])] if files is not None else []))
