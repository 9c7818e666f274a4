"""The curves of several runs in one picture."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.text import Text

from cnncli.plots import style
from cnncli.plots.compared import RunCurves, draw_compared_curves


def run(label: str, epochs: int, **options) -> RunCurves:
    rows = [
        {"epoch": n, "loss": 1 / n, "val_loss": 2 / n, "accuracy": 0.5, "seconds": 3.0, "learning_rate": 0.1}
        for n in range(1, epochs + 1)
    ]
    return RunCurves(label, options.pop("detail", ""), options.pop("rows", rows), **options)


def texts(figure) -> list[str]:
    return [text.get_text() for text in figure.findobj(Text) if text.get_text()]


def lines_of(figure, panel: int) -> list:
    return [line for line in figure.axes[panel].lines if len(line.get_xdata()) > 1]


def test_panel_a_metric_and_a_line_a_run():
    figure = draw_compared_curves([run("a", 5), run("b", 8)], title="2 runs compared")
    shown = texts(figure)

    assert len(figure.axes) == 2
    assert "Loss" in shown
    assert "Accuracy" in shown
    assert "Seconds" not in shown
    solid = [line for line in lines_of(figure, 0) if line.get_linewidth() > 1]
    assert [len(line.get_xdata()) for line in solid] == [5, 8]
    assert "solid: validation; dotted: training" in shown
    np.testing.assert_allclose(solid[1].get_ydata(), 2 / np.arange(1, 9))  # validation
    thin = [line for line in lines_of(figure, 0) if line.get_linewidth() < 1]
    np.testing.assert_allclose(thin[1].get_ydata(), 1 / np.arange(1, 9))  # training
    assert len({line.get_color() for line in solid}) == 2


def test_metric_without_validation_is_drawn_by_its_training():
    figure = draw_compared_curves([run("a", 3)], title="t")

    assert [line.get_linewidth() > 1 for line in lines_of(figure, 1)] == [True]


def test_legend_names_every_run_with_what_it_reached():
    figure = draw_compared_curves([run("a", 2, detail="test accuracy 0.9"), run("b", 2)], title="t")

    assert {"a", "b", "test accuracy 0.9"} <= set(texts(figure))


def test_twenty_runs_look_different():
    figure = draw_compared_curves([run(f"r{n}", 3) for n in range(20)], title="t")
    looks = {(line.get_color(), str(line.get_linestyle()), str(line._dash_pattern)) for line in figure.axes[1].lines
             if line.get_linewidth() > 1 and len(line.get_xdata()) > 1}  # fmt: skip

    assert len(looks) == 20


def test_best_epoch_is_ringed():
    figure = draw_compared_curves([run("a", 4, best_epoch=3)], title="t")
    rings = [line for line in figure.axes[0].lines if line.get_markerfacecolor() == style.PAPER]

    assert [list(ring.get_xdata()) for ring in rings] == [[3]]
    assert "solid: validation; dotted: training; circle: best epoch" in texts(figure)


def test_every_one_of_equal_curves_is_seen():
    figure = draw_compared_curves([run("a", 4, best_epoch=3), run("b", 4, best_epoch=3)], title="t")
    figure.canvas.draw()
    page = np.asarray(figure.canvas.buffer_rgba())[..., :3]

    solid = [line for line in lines_of(figure, 0) if line.get_linewidth() > 1]
    np.testing.assert_array_equal(solid[0].get_ydata(), solid[1].get_ydata())
    panel = figure.axes[0].get_window_extent()
    shown = page[int(page.shape[0] - panel.y1) : int(page.shape[0] - panel.y0), int(panel.x0) : int(panel.x1)]
    for line in solid:
        color = np.rint(np.array(to_rgb(line.get_color())) * 255)
        assert (shown == color).all(axis=-1).sum() > 300


@pytest.mark.parametrize("rows", [[], [{"epoch": 1, "seconds": 2.0}], [{"epoch": 1}]])
def test_runs_without_any_metric_are_refused(rows):
    with pytest.raises(ValueError, match="at least one epoch"):
        draw_compared_curves([RunCurves("a", "", rows)], title="t")


def test_run_without_epochs_is_in_the_legend_alone():
    figure = draw_compared_curves([run("a", 3), RunCurves("empty", "", [])], title="t")

    assert "empty" in texts(figure)


@pytest.mark.parametrize("value", [None, math.nan, math.inf, "text", [1], True])
def test_values_of_any_kind_are_drawn_or_left_out(value):
    rows = [{"loss": 1.0, "val_loss": value}, {"loss": value, "val_loss": 0.5}, {"val_loss": 0.4}]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = draw_compared_curves([run("a", 3, rows=rows), run("b", 1)], title="$\\frac{[/red]\x1b[31m")
        figure.canvas.draw()

    assert not any("\x1b" in text for text in texts(figure))


def test_only_one_epoch_shows_points():
    figure = draw_compared_curves([run("a", 1), run("b", 1)], title="t")
    points = [line for line in figure.axes[0].lines if line.get_marker() == "o" and len(line.get_xdata())]

    assert len(points) == 2
