"""ROC and precision-recall curves side by side."""

import warnings

import numpy as np
from matplotlib.text import Text

from cnncli.plots import style
from cnncli.plots.roc import draw_roc
from cnncli.tasks.classification.roc import roc_and_precision_recall


def texts(figure):
    return [text.get_text() for text in figure.findobj(Text) if text.get_text()]


def curves(classes=4, count=400, lead=1.0, names=None, seed=0):
    random = np.random.default_rng(seed)
    labels = np.arange(count) % classes
    outputs = random.normal(size=(count, classes))
    outputs[np.arange(count), labels] += lead
    return roc_and_precision_recall(labels, outputs.T, names or [f"class {i}" for i in range(classes)])


def lines_of(axes):
    return {line.get_color(): line for line in axes.lines}


def test_axes_say_what_they_are():
    left, right = draw_roc(*curves(), title="mnist: test split").axes
    assert (left.get_xlabel(), left.get_ylabel()) == ("false positive rate", "true positive rate")
    assert (right.get_xlabel(), right.get_ylabel()) == ("recall", "precision")
    assert (left.get_title(loc="left"), right.get_title(loc="left")) == ("ROC", "Precision over recall")
    assert left.get_xlim() == right.get_ylim() == (0, 1)


def test_lines_are_the_curves_and_the_worst_is_orange():
    roc, precision_recall = curves()
    worst = min(range(4), key=lambda index: precision_recall.per_class[index].average_precision)
    left, right = draw_roc(roc, precision_recall, title="t").axes
    of_class, over_recall = roc.per_class[worst], precision_recall.per_class[worst]
    for axes, x, y in (
        (left, of_class.fpr, of_class.tpr),
        (right, over_recall.recall, over_recall.precision),
    ):
        drawn = lines_of(axes)[style.ORANGE]
        np.testing.assert_array_equal(drawn.get_xdata(), x)
        np.testing.assert_array_equal(drawn.get_ydata(), y)


def test_classes_are_listed_worst_first_with_both_areas():
    roc, precision_recall = curves()
    order = sorted(range(4), key=lambda index: precision_recall.per_class[index].average_precision)
    written = texts(draw_roc(roc, precision_recall, title="t"))
    for index in order:
        start = written.index(f"class {index}")
        assert written[start + 1 : start + 3] == [
            f"{roc.per_class[index].auc:.4f}",
            f"{precision_recall.per_class[index].average_precision:.4f}",
        ]
    places = [written.index(f"class {index}") for index in order]
    assert places == sorted(places)
    assert any(f"mean area under the ROC curve {roc.macro_auc:.4f}" in text for text in written)


def test_a_corner_into_which_curves_crowd_is_enlarged():
    assert "the corner, enlarged" not in texts(draw_roc(*curves(lead=1), title="t"))
    figure = draw_roc(*curves(lead=4), title="t")
    assert texts(figure).count("the corner, enlarged") == 2
    left, right = (axes.child_axes[0] for axes in figure.axes)
    assert (left.get_xlim(), left.get_ylim()) == ((0, 0.1), (0.9, 1))
    assert (right.get_xlim(), right.get_ylim()) == ((0.9, 1), (0.9, 1))


def test_an_area_is_not_rounded_up_to_1():
    labels = np.arange(40_000) % 2
    outputs = labels.astype(float)[:, None]
    outputs[0] = 0.5  # above no positive one
    assert "1.0000" in texts(draw_roc(*roc_and_precision_recall(labels, outputs.T, ["a", "b"]), title="t"))
    outputs[1] = 0.25  # below one of 20,000 others
    assert ">0.9999" in texts(draw_roc(*roc_and_precision_recall(labels, outputs.T, ["a", "b"]), title="t"))


def test_two_classes_have_one_curve_named_in_the_subtitle():
    labels = np.array([1, 1, 0, 0])
    roc = roc_and_precision_recall(labels, np.array([[0.9, 0.4, 0.5, 0.1]]), ["no", "yes"])
    figure = draw_roc(*roc, title="t")
    assert any(text.startswith("yes: area under the ROC curve 0.7500") for text in texts(figure))
    assert set(lines_of(figure.axes[1])) == {style.BLUE}


def test_of_many_classes_the_areas_are_drawn_and_the_lowest_listed():
    roc, precision_recall = curves(classes=50, count=2000)
    figure = draw_roc(roc, precision_recall, title="t")
    drawn = figure.axes[0].lines[0].get_ydata()
    np.testing.assert_allclose(drawn, sorted(curve.auc for curve in roc.per_class))
    assert figure.axes[0].get_title(loc="left") == "Area under the ROC curve"
    assert "and 30 more, higher ones" in texts(figure)


def test_a_class_without_examples_is_listed_as_unknown():
    roc = roc_and_precision_recall(np.array([0, 0, 1]), np.eye(3)[[0, 0, 1]].T, ["a", "b", "c"])
    written = texts(draw_roc(*roc, title="t"))
    assert written.count("none") == 2
    roc = roc_and_precision_recall(np.array([1]), np.array([[0.3]]), ["no", "yes"])
    assert roc[0].macro_auc is None
    assert "no class has both positive and negative examples" in texts(draw_roc(*roc, title="t"))


def test_odd_names_are_safe():
    names = ["[red]", "$x_1$", "\x1b[31m", "long " * 50]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = draw_roc(*curves(names=names), title="$ \x1b")
        figure.canvas.draw()
    written = texts(figure)
    assert {"[red]", "$x_1$", "[31m"} <= set(written)
    assert not any("\x1b" in text for text in written)
