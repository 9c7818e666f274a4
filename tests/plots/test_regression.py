"""The pictures of an evaluation of quantities."""

import numpy as np
import pytest

from cnncli.data.dataset import INPUT, Examples
from cnncli.plots.evaluation_figures import draw_evaluation
from cnncli.plots.largest_errors import draw_largest_errors
from cnncli.plots.regression import draw_predicted, draw_residuals
from cnncli.tasks.regression.scorer import RegressionScorer
from cnncli.tasks.regression.targets import NumberTargets


def evaluation(count, width=1, seed=0):
    random = np.random.default_rng(seed)
    targets = random.normal(5, 2, (count, width)).astype(np.float32)
    outputs = targets + random.normal(0, 0.5, (count, width)).astype(np.float32)
    return scored_as(targets, outputs, [5.0] * width)


def scored_as(targets, outputs, training_mean):
    scorer = RegressionScorer(NumberTargets.of(np.atleast_2d(training_mean)))
    scorer.update(targets, outputs)
    return scorer.result(split="test", loss=0.0, metrics={})


def targets_of(scored):
    return np.stack(list(scored.targets))


def outputs_of(scored):
    return np.stack(list(scored.outputs))


def drawn(draw, scored):
    return draw(targets_of(scored), outputs_of(scored), scored.result, title="t")


def texts(figure):
    return " | ".join(text.get_text() for text in figure.findobj(lambda artist: hasattr(artist, "get_text")))


@pytest.mark.parametrize(
    ("shape", "expected"),
    [((8, 8, 1), ["predicted", "residuals", "worst"]), ((8, 8, 5), ["predicted", "residuals"])],
    ids=["images", "images of five channels"],
)
def test_what_is_drawn(tmp_path, shape, expected):
    scored = evaluation(30)
    inputs = np.random.default_rng(0).random((30, *shape), dtype=np.float32)

    files = draw_evaluation(tmp_path, scored, Examples({INPUT: inputs}, targets_of(scored)), title="t")

    assert [path.name for path in files] == [f"{name}.png" for name in expected]
    assert sorted(files) == sorted(tmp_path.iterdir())


def test_a_point_stands_over_the_true_number_at_the_predicted_one():
    scored = evaluation(30)

    [axes] = drawn(draw_predicted, scored).axes

    [points] = axes.collections
    assert np.asarray(points.get_offsets()) == pytest.approx(np.hstack([targets_of(scored), outputs_of(scored)]))
    _, diagonal = axes.lines
    assert np.array_equal(diagonal.get_xdata(), axes.get_xlim())
    assert np.array_equal(diagonal.get_ydata(), axes.get_xlim())
    assert axes.get_xlim() == axes.get_ylim()


def test_errors_are_predicted_minus_true():
    scored = evaluation(30)

    axes, _ = drawn(draw_residuals, scored).axes

    [points] = axes.collections
    assert np.asarray(points.get_offsets())[:, 1] == pytest.approx((outputs_of(scored) - targets_of(scored))[:, 0])


def test_many_numbers_and_examples_are_told_to_be_left_out():
    figure = drawn(draw_predicted, evaluation(12_000, width=8))

    assert len(figure.axes) == 6
    assert "4,000 of 12,000 points" in texts(figure)
    assert "the first 6 of 8 numbers" in texts(figure)
    assert "number 5: R²" in texts(figure)


@pytest.mark.filterwarnings("error")
def test_predictions_without_any_error_can_be_drawn():
    targets = np.full((3, 1), 2.0, np.float32)
    scored = scored_as(targets, targets, [2.0])

    for draw in (draw_predicted, draw_residuals):
        drawn(draw, scored).canvas.draw()


def test_sheet_tells_the_predicted_and_the_true_number():
    scored = evaluation(3)
    worst = scored.result.worst

    said = texts(draw_largest_errors(np.zeros((3, 8, 8, 1), np.uint8), worst, title="t", count=3))

    assert f"true {worst[0].true[0]:.4g}" in said
    assert f"{worst[0].predicted[0]:.4g} |" in said
    assert f"example {worst[0].index}" in said
    with pytest.raises(ValueError, match="3 images"):
        draw_largest_errors(np.zeros((2, 8, 8, 1), np.uint8), worst, title="t", count=3)
