"""Image quality of reconstructions: mean squared error, PSNR and SSIM of each example."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

MOST_DECIBELS = 100.0  # the PSNR of an example that is reconstructed exactly, which has no finite one

_SIGMA, _RADIUS = 1.5, 5  # of the window of SSIM, in positions
_K1, _K2 = 0.01, 0.03
_LEAST_SIDE = 3  # positions along each axis that SSIM needs


def squared_errors(targets: NDArray[Any], outputs: NDArray[Any]) -> NDArray[np.float64]:
    """The mean squared error of each example.

    Args:
        targets, outputs: numbers (batch, …), of one shape.

    Returns:
        float64 (batch,), in the square of the targets' unit.
    """
    differences = outputs.astype(np.float64) - targets
    return np.asarray((differences**2).reshape(len(differences), -1).mean(axis=1))


def psnr_of(errors: NDArray[np.float64], data_range: float) -> NDArray[np.float64]:
    """The peak signal-to-noise ratio, 10 * log10(data_range² / error), at most 100.

    Args:
        errors: mean squared errors, float64 (any,).
        data_range: the largest minus the smallest value that the targets can have.

    Returns:
        float64 (any,), in decibels.
    """
    least = data_range**2 / 10 ** (MOST_DECIBELS / 10)
    return 10 * np.log10(data_range**2 / np.maximum(errors, least))


def ssim_of(targets: NDArray[Any], outputs: NDArray[Any], data_range: float) -> NDArray[np.float64] | None:
    """The structural similarity of each example, the mean over positions and channels.

    Wang, Bovik, Sheikh and Simoncelli, IEEE Transactions on Image Processing 13 (2004), equation 13, with their Gaussian
    window of 11 positions and standard deviation 1.5; positions whose window leaves the example do not count. Along an axis
    of fewer than 11 positions the window is the longest that fits. Signals have one such axis, images two, volumes three.

    Args:
        targets, outputs: numbers (batch, *axes, channels), of one shape.
        data_range: the largest minus the smallest value that the targets can have.

    Returns:
        float64 (batch,), from -1 to 1, 1 for equal ones; None for rows of numbers, which have no neighbours, and for
        examples of fewer than 3 positions along an axis.
    """
    sides = targets.shape[1:-1]
    if not sides or min(sides) < _LEAST_SIDE:
        return None
    true, said = targets.astype(np.float64), outputs.astype(np.float64)
    mean_true, mean_said = _smoothed(true), _smoothed(said)
    variance_true, variance_said = _smoothed(true**2) - mean_true**2, _smoothed(said**2) - mean_said**2
    covariance = _smoothed(true * said) - mean_true * mean_said
    first, second = (_K1 * data_range) ** 2, (_K2 * data_range) ** 2
    similarity = (2 * mean_true * mean_said + first) * (2 * covariance + second)
    similarity /= (mean_true**2 + mean_said**2 + first) * (variance_true + variance_said + second)
    return np.asarray(similarity.reshape(len(similarity), -1).mean(axis=1))


def _smoothed(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Means under the window at all positions where it fits: (batch, *shorter axes, channels)."""
    from scipy.ndimage import correlate1d

    for axis in range(1, values.ndim - 1):
        side = values.shape[axis]
        radius = min(_RADIUS, (side - 1) // 2)
        window = np.exp(-0.5 * (np.arange(-radius, radius + 1) / _SIGMA) ** 2)
        values = correlate1d(values, window / window.sum(), axis=axis)
        values = np.take(values, np.arange(radius, side - radius), axis=axis)
    return values
