"""Learning curves: a panel per metric, over epochs from 1."""

import math
import warnings

import numpy as np
import pytest
from matplotlib.text import Text

from cnncli.plots.curves import draw_curves
from cnncli.plots.learning_curves import epoch_ticks

BLUE, ORANGE = "#0072B2", "#D55E00"
HISTORY = {
    "accuracy": [0.5, 0.75, 0.875],
    "loss": [2.0, 1.0, 0.5],
    "val_accuracy": [0.625, 0.75, 0.5],
    "val_loss": [1.5, 0.75, 1.0],
}


def texts(part):
    return [text.get_text() for text in part.findobj(Text) if text.get_text()]


def heading(axes):
    """The panel's bold name and the values beside it."""
    bold = next(text for text in axes.texts if text.get_fontweight() == "bold")
    return bold.get_text(), axes.texts[axes.texts.index(bold) + 1].get_text()


def curves(axes):
    """(colour, x, y) of each line in a panel, without its markers."""
    return [
        (line.get_color(), line.get_xdata().tolist(), line.get_ydata().tolist())
        for line in axes.lines
        if line.get_linestyle() == "-" and len(line.get_xdata()) > 2
    ]


def test_train_and_validation_share_a_panel_and_loss_comes_first():
    figure = draw_curves(HISTORY, title="t")
    assert [heading(axes)[0] for axes in figure.axes] == ["Loss", "Accuracy"]
    assert curves(figure.axes[0]) == [
        (BLUE, [1, 2, 3], [2.0, 1.0, 0.5]),
        (ORANGE, [1, 2, 3], [1.5, 0.75, 1.0]),
    ]
    assert {"train", "validation"} <= set(texts(figure.axes[0]))


def test_values_at_the_best_epoch_are_ringed_and_written():
    axes = draw_curves(HISTORY, title="t", best_epoch=2).axes[0]
    rings = [line for line in axes.lines if line.get_markersize() == 9]
    assert [(line.get_xdata()[0], line.get_ydata()[0]) for line in rings] == [(2, 1.0), (2, 0.75)]
    assert heading(axes) == ("Loss", "validation 0.75 · train 1")


def test_without_a_best_epoch_the_last_values_are_written():
    figure = draw_curves(HISTORY, title="t")
    assert heading(figure.axes[0]) == ("Loss", "validation 1 · train 0.5")
    assert "3 epochs · values at the last" in texts(figure)


def test_epochs_are_whole_numbers_from_1():
    for epochs in (1, 2, 7, 30, 1000):
        axes = draw_curves({"loss": np.linspace(1, 0.5, epochs)}, title="t").axes[0]
        assert axes.get_xticks().tolist() == epoch_ticks(epochs)


@pytest.mark.parametrize(
    ("epochs", "ticks"),
    [
        (1, [1]),
        (10, list(range(1, 11))),
        (12, [1, 5, 10]),
        (30, [1, 5, 10, 15, 20, 25, 30]),
        (100, [1, 20, 40, 60, 80, 100]),
        (1000, [1, 200, 400, 600, 800, 1000]),
    ],
)
def test_epoch_ticks_are_round(epochs, ticks):
    assert epoch_ticks(epochs) == ticks


def test_one_epoch_is_a_point():
    axes = draw_curves({"loss": [0.7], "val_loss": [0.9]}, title="t", best_epoch=1).axes[0]
    points = [line for line in axes.lines if line.get_marker() == "o"]
    assert sorted(line.get_ydata()[0] for line in points) == [0.7, 0.7, 0.9, 0.9]  # a point and its ring each
    assert axes.get_xticks().tolist() == [1]


@pytest.mark.parametrize(("epochs", "points"), [(12, 12), (13, 0)])
def test_few_epochs_are_points_on_the_line(epochs, points):
    axes = draw_curves({"loss": np.linspace(1, 0.5, epochs)}, title="t").axes[0]
    assert sum(len(line.get_xdata()) for line in axes.lines if line.get_marker() == "o") == points


def test_holes_stay_holes_and_a_lonely_value_is_a_point():
    loss = [3.0, math.nan, 2.0, 1.5, math.inf, None, *[1.0] * 10]
    axes = draw_curves({"loss": loss}, title="t").axes[0]
    drawn = np.array(curves(axes)[0][2])
    assert np.flatnonzero(np.isnan(drawn)).tolist() == [1, 4, 5]
    points = [line.get_xdata().tolist() for line in axes.lines if line.get_marker() == "o"]
    assert points == [[1]]  # the others have neighbours: the line shows them


def test_nothing_finite_is_said():
    assert "no finite value" in texts(draw_curves({"loss": [math.nan, math.nan]}, title="t").axes[0])


def test_the_learning_rate_is_drawn_only_when_it_changes():
    constant = draw_curves({**HISTORY, "learning_rate": [0.1, 0.1, 0.1]}, title="t")
    assert len(constant.axes) == 2
    changing = draw_curves({**HISTORY, "learning_rate": [0.1, 0.1, 0.01]}, title="t")
    assert heading(changing.axes[2])[0] == "Learning rate"
    heights = [axes.get_position().height for axes in changing.axes]
    assert heights[2] < heights[0] / 2


def test_a_loss_over_many_sizes_is_logarithmic_and_says_so():
    axes = draw_curves({"loss": [100.0, 1.0]}, title="t").axes[0]
    assert axes.get_yscale() == "log"
    assert heading(axes) == ("Loss", "train 1 · log scale")
    assert draw_curves({"loss": [10.0, 1.0]}, title="t").axes[0].get_yscale() == "linear"
    assert draw_curves({"loss": [100.0, 0.0]}, title="t").axes[0].get_yscale() == "linear"


def test_a_share_has_no_axis_beyond_0_and_1():
    low, high = draw_curves({"accuracy": [0.0, 1.0]}, title="t").axes[0].get_ylim()
    assert (low, high) == (0, 1)


def test_ticks_have_the_same_decimals():
    axes = draw_curves({"accuracy": [0.81, 0.99]}, title="t").axes[0]
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert labels == ["0.80", "0.85", "0.90", "0.95", "1.00"]


def test_phases_are_named_and_parted():
    figure = draw_curves(HISTORY, title="t", phases=[(1, "frozen"), (3, "fine-tune")])
    axes = figure.axes[0]
    assert {"frozen", "fine-tune"} <= set(texts(axes))
    assert [line.get_xdata()[0] for line in axes.lines if line.get_linewidth() == 0.9] == [2.5]
    assert "3 epochs · values at the last · frozen: 1–2 · fine-tune: 3" in texts(figure)


def test_twelve_metrics_stand_in_a_grid():
    history = {f"metric_{number}": [0.1, 0.2] for number in range(12)}
    figure = draw_curves(history, title="t")
    boxes = [axes.get_position() for axes in figure.axes]
    assert len({round(box.x0, 6) for box in boxes}) == 4
    assert len({round(box.y0, 6) for box in boxes}) == 3


def test_validation_alone_has_its_panel():
    axes = draw_curves({"val_loss": [0.5, 0.25]}, title="t").axes[0]
    assert heading(axes) == ("Loss", "validation 0.25")


def test_only_a_learning_rate_is_drawn():
    assert heading(draw_curves({"learning_rate": [0.1, 0.1]}, title="t").axes[0])[0] == "Learning rate"


def test_odd_names_are_safe():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = draw_curves(
            {"$x_1$": [1, 2], "[red]\x1b": [1, 2]}, title="\U0001f408 $", phases=[(1, "$ \x1b[0m"), (2, "b")]
        )
        figure.canvas.draw()
    assert [heading(axes)[0] for axes in figure.axes] == ["$x 1$", "[red]"]


@pytest.mark.parametrize("history", [{}, {"loss": []}])
def test_no_epochs_are_refused(history):
    with pytest.raises(ValueError, match="at least one epoch"):
        draw_curves(history, title="t")


@pytest.mark.parametrize("best", [0, 4])
def test_a_best_epoch_beyond_the_epochs_is_refused(best):
    with pytest.raises(ValueError, match=f"best_epoch is between 1 and 3; received {best}"):
        draw_curves(HISTORY, title="t", best_epoch=best)
