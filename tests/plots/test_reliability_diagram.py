"""The reliability diagram."""

import numpy as np
import pytest
from matplotlib.text import Text

from cnncli.plots.calibration import draw_calibration
from cnncli.tasks.classification.calibration import calibration


def texts(figure):
    return [text.get_text() for text in figure.findobj(Text) if text.get_text()]


def diagram(confidence, right, **more):
    return draw_calibration(calibration(np.array(confidence), np.array(right), **more), title="mnist: test split")


def test_bars_are_accuracy_and_the_gap_to_the_confidence():
    # bins (0.4, 0.6]: one of two right at 0.5; (0.8, 1]: one of one right at 0.9
    figure = diagram([0.5, 0.5, 0.9], [True, False, True], bin_count=5)
    accuracy, gap = figure.axes[0].containers
    assert [bar.get_height() for bar in accuracy] == [0.5, 1]
    assert [bar.get_x() for bar in accuracy] == pytest.approx([0.4, 0.8])
    assert [bar.get_height() for bar in gap] == pytest.approx([0, -0.1])


def test_axes_and_numbers_are_named():
    figure = diagram([0.95] * 10, [True] * 8 + [False] * 2)
    above, below = figure.axes
    assert above.get_ylabel() == "accuracy"
    assert below.get_xlabel() == "confidence: probability of the predicted class"
    assert "10" in [text.get_text() for text in below.texts]
    assert "expected calibration error 0.1500, largest 0.1500 · confidence 15.0 points too high on average" in texts(
        figure
    )


def test_too_low_and_right_confidence_are_told_apart():
    assert any("confidence 40.0 points too low" in text for text in texts(diagram([0.6], [True])))
    assert any("confidence right on average" in text for text in texts(diagram([1.0], [True])))


def test_counts_far_apart_are_on_a_log_scale_and_say_so():
    figure = diagram([0.5] + [0.99] * 500, [True] * 501)
    assert figure.axes[1].get_yscale() == "log"
    assert "log scale" in figure.axes[1].get_ylabel()
    assert diagram([0.5, 0.9], [True, True]).axes[1].get_yscale() == "linear"


def test_large_counts_are_in_thousands():
    assert "12k" in texts(diagram([0.9] * 12_345, [True] * 12_345))
