"""Confusion matrices: rows true, columns predicted."""

import warnings

import numpy as np
import pytest
from matplotlib.text import Text

from cnncli.plots.confusion import draw_confusion, row_shares

MATRIX = np.array([[8, 2, 0], [0, 0, 0], [1, 3, 6]])
NAMES = ["cat", "dog", "bird"]


def texts(figure):
    return [text.get_text() for text in figure.findobj(Text) if text.get_text()]


def cells(figure):
    return {text.get_position(): text.get_text() for text in figure.axes[0].texts if text.get_ha() == "center"}


def shades(figure):
    return np.asarray(figure.axes[0].images[0].get_array())


def test_shares_are_by_row_and_none_without_examples():
    np.testing.assert_allclose(row_shares(MATRIX), [[0.8, 0.2, 0], [np.nan] * 3, [0.1, 0.3, 0.6]])


def test_counts_stand_at_column_predicted_row_true():
    assert cells(draw_confusion(MATRIX, NAMES, title="t")) == {
        (0, 0): "8", (1, 0): "2", (0, 2): "1", (1, 2): "3", (2, 2): "6",
    }  # fmt: skip


def test_axes_say_which_is_which():
    axes = draw_confusion(MATRIX, NAMES, title="t").axes[0]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("predicted class", "true class")
    assert [label.get_text() for label in axes.get_yticklabels()] == NAMES
    bottom, top = axes.get_ylim()
    assert bottom > top  # the first class is the uppermost row


def test_recall_and_accuracy_are_written():
    written = texts(draw_confusion(MATRIX, NAMES, title="t"))
    assert "14 of 20 correct (70.0%)" in written
    assert [text.strip() for text in written if text.startswith("  ")] == ["recall", "80.0%", "none", "60.0%"]


def test_large_counts_have_commas():
    figure = draw_confusion(np.array([[1936, 64], [0, 0]]), ["a", "b"], title="t")
    assert "1,936 of 2,000 correct (96.8%)" in texts(figure)


@pytest.mark.parametrize(("right", "text"), [(0, "0%"), (9999, ">99.9%"), (10_000, "100%"), (1, "<0.1%")])
def test_percentages_do_not_round_to_all_or_nothing(right, text):
    figure = draw_confusion(np.array([[right, 10_000 - right], [0, 0]]), ["a", "b"], title="t")
    assert f"  {text}" in texts(figure)


def test_right_is_blue_wrong_is_orange_and_no_examples_gray():
    colours = shades(draw_confusion(np.array([[5, 0, 5], [0, 0, 0], [0, 0, 1]]), NAMES, title="t")).astype(int)
    assert colours[0, 0, 2] > colours[0, 0, 0]  # blue over red
    assert colours[0, 2, 0] > colours[0, 2, 2]  # red over blue
    assert colours[0, 1].tolist() == [255, 255, 255]
    assert colours[1].tolist() == [[0xEE, 0xF0, 0xF2]] * 3
    assert colours[2, 2].sum() < colours[0, 0].sum()  # a larger share is darker


def test_shade_depends_on_the_share_not_on_the_count():
    small = shades(draw_confusion(np.array([[8, 2], [1, 9]]), ["a", "b"], title="t"))
    large = shades(draw_confusion(np.array([[8000, 2000], [1, 9]]), ["a", "b"], title="t"))
    np.testing.assert_array_equal(small, large)


def test_counts_that_do_not_fit_are_in_thousands():
    matrix = np.full((25, 25), 7)
    matrix[0, 0] = 1_234_567
    written = cells(draw_confusion(matrix, [str(number) for number in range(25)], title="t"))
    assert written[0, 0] == "1M"
    assert written[1, 0] == "7"


def test_odd_names_are_safe():
    names = ["[red]", "$x_1$", "\x1b[31m", "\U0001f408", "", "long " * 50, "\udcff", "$"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = draw_confusion(np.eye(8, dtype=int), names, title="$ \x1b")
        figure.canvas.draw()
    shown = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert shown[:5] == ["[red]", "$x_1$", "[31m", "\ufffd", "(blank)"]
    assert "…" in shown[5]
    assert all(label.get_parse_math() is False for label in figure.axes[0].get_xticklabels())


def test_up_to_25_classes_have_counts_and_up_to_60_names():
    for count, counted, named in ((25, True, True), (26, False, True), (60, False, True), (61, False, False)):
        figure = draw_confusion(np.eye(count, dtype=int), [f"class {i}" for i in range(count)], title="t")
        labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
        assert (len(cells(figure)) == count) is counted
        assert ("class 7" in labels) is named


def test_many_classes_are_counted_and_their_mistakes_listed():
    matrix = 50 * np.eye(100, dtype=int)
    matrix[7, 93], matrix[3, 4] = 25, 5
    figure = draw_confusion(matrix, [f"class {i}" for i in range(100)], title="t")
    figure.canvas.draw()
    ticks = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert ticks == [str(number) for number in range(0, 100, 10)]
    written = texts(figure)
    start = written.index("25")
    assert written[start : start + 4] == ["25", "7 class 7", "93 class 93", "33.3%"]
    assert "Most frequent mistakes" in written


def test_a_single_mistake_among_a_thousand_classes_shows():
    matrix = 10 * np.eye(1000, dtype=int)
    matrix[500, 17] = 10
    figure = draw_confusion(matrix, [str(number) for number in range(1000)], title="t")
    colours = shades(figure).astype(int)
    assert colours.shape == (250, 250, 3)  # 1000 / 330, rounded up: squares of 4 x 4
    assert colours[125, 4, 0] > colours[125, 4, 2]  # orange at (500 / 4, 17 / 4)
    assert any("largest of 4 × 4 cells" in text for text in texts(figure))


def test_no_examples_at_all():
    assert "no examples" in texts(draw_confusion(np.zeros((2, 2), int), ["a", "b"], title="t"))


@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        (np.zeros((2, 3), int), "a matrix of 3 x 3 fits 3 class names; received shape \\(2, 3\\)"),
        (np.zeros((2, 2), int), "received shape \\(2, 2\\)"),
        (-np.eye(3, dtype=int), "counts are 0 or more; received -1"),
    ],
)
def test_other_matrices_are_refused(matrix, message):
    with pytest.raises(ValueError, match=message):
        draw_confusion(matrix, NAMES, title="t")
