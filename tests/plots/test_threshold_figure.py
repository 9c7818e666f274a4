"""The threshold sweep as a picture."""

import numpy as np
from matplotlib.text import Text

from cnncli.plots import style
from cnncli.plots.thresholds import draw_thresholds
from cnncli.tasks.classification.thresholds import sweep_thresholds


def texts(figure):
    return [text.get_text() for text in figure.findobj(Text) if text.get_text()]


def test_each_score_is_a_line_told_apart_by_colour_and_dashes():
    sweep = sweep_thresholds(np.array([1, 1, 0, 0]), np.array([0.9, 0.4, 0.6, 0.1]))
    axes = draw_thresholds(sweep, "yes", title="t").axes[0]
    lines = {line.get_label(): line for line in axes.lines}
    for label, name in (("precision", "precision"), ("recall", "recall"), ("F1", "f1")):
        expected = np.array([getattr(row, name) for row in sweep.rows], np.float64)
        np.testing.assert_array_equal(lines[label].get_ydata(), expected)
    four = [lines[label] for label in ("precision", "recall", "F1", "accuracy")]
    assert len({line.get_color() for line in four}) == len({str(line._dash_pattern) for line in four}) == 4


def test_best_threshold_is_ringed_and_told_beside_one_half():
    # above 0.5: right and 0.6, F1 1/2; from 0.1 to 0.39 both and one wrong: 4/5, nearest to one half at 0.39
    sweep = sweep_thresholds(np.array([1, 1, 0, 0]), np.array([0.9, 0.4, 0.6, 0.1]))
    figure = draw_thresholds(sweep, "$yes$", title="t")
    assert "$yes$: F1 0.5000 at 0.5, 0.8000 at 0.39, the best on these examples (ringed)" in texts(figure)
    [ring] = [line for line in figure.axes[0].lines if line.get_marker() == "o"]
    assert (ring.get_xdata()[0], ring.get_ydata()[0]) == (0.39, 0.8)
    assert ring.get_markeredgecolor() == style.GREEN
    assert figure.axes[0].get_xlabel() == "threshold: $yes$ is predicted above this probability"


def test_without_examples_of_the_class_nothing_is_ringed():
    figure = draw_thresholds(sweep_thresholds(np.array([0, 0]), np.array([0.3, 0.2])), "yes\x1b", title="t")
    figure.canvas.draw()
    assert "no example is yes" in texts(figure)
