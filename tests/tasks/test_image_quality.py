"""PSNR and SSIM of reconstructions, against hand-worked values and scikit-image."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from cnncli.tasks.reconstruction.quality import psnr_of, squared_errors, ssim_of

_RANDOM = np.random.default_rng(7)


def _pair(shape: tuple[int, ...], noise: float = 0.1) -> tuple[Any, Any]:
    """Three examples in [0, 1], and the same with noise."""
    base = _RANDOM.random((3, *shape), np.float32)
    for axis in range(1, base.ndim - 1):
        base = (base + np.roll(base, 1, axis)) / 2  # neighbours are alike, as in pictures
    return base, base + _RANDOM.normal(0, noise, base.shape).astype(np.float32)


def test_squared_error_is_the_mean_over_all_values_of_an_example() -> None:
    targets = np.zeros((2, 2, 2, 1), np.uint8)
    outputs = np.array([[[[1.0], [1.0]], [[0.0], [0.0]]], [[[2.0], [2.0]], [[2.0], [2.0]]]])
    assert squared_errors(targets, outputs).tolist() == [0.5, 4.0]


def test_psnr_of_known_errors() -> None:
    # A mean squared error of 1 % of the squared range is 20 dB, one of the whole range 0 dB.
    assert psnr_of(np.array([650.25, 65025.0]), 255.0) == pytest.approx([20.0, 0.0])


def test_psnr_of_an_exact_reconstruction_is_100() -> None:
    assert psnr_of(np.array([0.0]), 1.0) == pytest.approx([100.0])


def test_ssim_of_equal_examples_is_1() -> None:
    targets, _ = _pair((16, 16, 1))
    assert ssim_of(targets, targets, 1.0) == pytest.approx([1.0, 1.0, 1.0])


def test_ssim_of_two_constants() -> None:
    # Without variance only the means count: (2ab + C1) / (a² + b² + C1), C1 = 0.0001.
    first, second = np.full((1, 12, 12, 1), 0.5), np.full((1, 12, 12, 1), 0.25)
    assert ssim_of(first, second, 1.0) == pytest.approx([0.2501 / 0.3126])


def test_rows_of_numbers_have_no_ssim() -> None:
    assert ssim_of(np.zeros((2, 9)), np.zeros((2, 9)), 1.0) is None


def test_axes_of_two_positions_have_no_ssim() -> None:
    assert ssim_of(np.zeros((2, 2, 16, 1)), np.zeros((2, 2, 16, 1)), 1.0) is None


def test_short_axes_get_the_longest_window_that_fits() -> None:
    targets, outputs = _pair((7, 28, 1))
    found = ssim_of(targets, outputs, 1.0)
    assert found is not None
    assert ((found > 0) & (found < 1)).all()


@pytest.mark.parametrize("shape", [(64, 1), (20, 24, 1), (20, 24, 3), (12, 13, 14, 1)])
def test_ssim_equals_that_of_scikit_image(shape: tuple[int, ...]) -> None:
    metrics = pytest.importorskip("skimage.metrics")
    targets, outputs = _pair(shape)
    wanted = [
        metrics.structural_similarity(
            true.astype(np.float64),
            said.astype(np.float64),
            data_range=1.0,
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
            channel_axis=-1,
        )
        for true, said in zip(targets, outputs, strict=True)
    ]
    assert ssim_of(targets, outputs, 1.0) == pytest.approx(wanted, abs=1e-9)


def test_psnr_equals_that_of_scikit_image() -> None:
    metrics = pytest.importorskip("skimage.metrics")
    targets, outputs = _pair((20, 24, 3))
    wanted = [
        metrics.peak_signal_noise_ratio(true.astype(np.float64), said.astype(np.float64), data_range=1.0)
        for true, said in zip(targets, outputs, strict=True)
    ]
    assert psnr_of(squared_errors(targets, outputs), 1.0) == pytest.approx(wanted)


def test_ssim_equals_that_of_tensorflow() -> None:
    import tensorflow as tf

    targets, outputs = _pair((20, 24, 3))
    assert ssim_of(targets, outputs, 1.0) == pytest.approx(tf.image.ssim(targets, outputs, 1.0).numpy(), abs=1e-5)
