"""Charts, tables and the network's drawing: places and words worked out by hand."""

import pytest
from made_runs import BOXES, network

from cnncli.plots.learning_curves import History, Phases, learning_curves
from cnncli.plots.score_charts import area_charts
from cnncli.report import charts, network_section, values
from cnncli.report.charts import BOTTOM, LEFT, RIGHT, TOP
from cnncli.tasks.classification import report as classification
from cnncli.tasks.classification.calibration import Calibration
from cnncli.tasks.classification.roc import PrecisionRecall, Roc, RocCurve


def over_epochs(history: History, *, best: int | None = None, phases: Phases = ()) -> charts.Chart:
    found = learning_curves(history, best_epoch=best, phases=phases)
    [panel] = found.panels
    return charts.over_epochs(panel, found)


def test_line_goes_through_its_values_and_stops_where_one_is_missing():
    chart = over_epochs({"loss": [1.0, 0.5, None, 0.25, 0.0]})

    [line] = chart.lines
    # The epochs are padded by 0.15 at both ends, the values by 7% of 1 at the top: 4.3 across, 1.07 upwards.
    across, up = (RIGHT - LEFT) / 4.3, (BOTTOM - TOP) / 1.07
    first = (round(LEFT + 0.15 * across, 1), round(BOTTOM - 1.0 * up, 1))
    second = (round(LEFT + 1.15 * across, 1), round(BOTTOM - 0.5 * up, 1))
    assert line.path.startswith(f"M{first[0]:g} {first[1]:g}L{second[0]:g} {second[1]:g}M")
    assert line.path.count("M") == 2
    assert line.dots == ()


def test_value_that_stands_alone_is_a_dot():
    chart = over_epochs({"loss": [1.0, None, 2.0]})

    assert chart.lines[0].path == ""
    assert len(chart.lines[0].dots) == 2


def test_chart_tells_its_values_epoch_by_epoch():
    chart = over_epochs({"loss": [1.0, 0.5], "val_loss": [2.0, None]}, best=2)

    assert [stop.text for stop in chart.stops] == [
        "epoch 1: train 1, validation 2",
        "epoch 2: train 0.5000, validation –",
    ]
    assert chart.about == "Loss over epochs 1 to 2: train from 1 to 0.5000, validation from 2 to –; the best is epoch 2"
    assert [mark.text for mark in chart.marks] == ["best"]
    assert chart.marks[0].at == chart.stops[1].at


def test_scale_is_logarithmic_from_fiftyfold_on_and_says_so():
    def chart(largest: float) -> charts.Chart:
        return over_epochs({"loss": [largest, 0.1, 0.02]})

    assert chart(1.0).note == ""
    assert chart(1.1).note == "logarithmic scale"
    [line] = chart(2.0).lines
    heights = [float(point.split()[1]) for point in line.path[1:].split("L")]
    # From 2 to 0.1 are 1.30 decades, from 0.1 to 0.02 are 0.70.
    assert (heights[1] - heights[0]) / (heights[2] - heights[1]) == pytest.approx(1.301 / 0.699, rel=0.02)


def test_name_of_a_phase_is_cut_where_there_is_no_room():
    chart = over_epochs({"loss": [1.0] * 30}, phases=[(1, "head"), (4, "x" * 90)])

    first, second = chart.marks
    assert (first.kind, first.at, second.kind) == ("first phase", LEFT, "phase")
    assert first.text in ("head", "hea…", "")
    assert second.text.endswith("…")


def test_long_history_stays_small():
    chart = over_epochs({"loss": [1 / epoch for epoch in range(1, 20_001)]})

    assert len(chart.lines[0].path) < 10_000
    assert len(chart.stops) <= 300


def test_confusion_is_coloured_by_the_share_of_its_row():
    matrix = classification.matrix(["a", "b"], [[9, 1], [4, 0]])

    # Right: 9 of 10 is the fifth level of five, 0 of 4 none. Wrong: the root of 0.1 / 1 is 0.316, the second level.
    levels = [[cell.level for cell in row] for row in matrix.rows]
    assert levels == [[5, 2], [5, 0]]
    assert matrix.rows[0][1].about == "a, predicted b: 1 of 10 (10.0%)"


def test_matrix_of_many_classes_is_no_table():
    def matrix(count: int) -> classification.Matrix | None:
        return classification.matrix([str(number) for number in range(count)], [[0] * count for _ in range(count)])

    assert matrix(30) is not None
    assert matrix(31) is None


def test_reliability_has_a_bar_a_bin_that_has_examples():
    bins = [
        {"low": 0.0, "high": 0.5, "count": 0, "confidence": None, "accuracy": None},
        {"low": 0.5, "high": 1.0, "count": 8, "confidence": 0.75, "accuracy": 0.5},
    ]
    found = classification.reliability(
        Calibration(expected_calibration_error=0.25, maximum_calibration_error=0.25, bins=bins)
    )

    right, often = found
    [bar] = right.bars
    assert (bar.left, bar.width) == ((LEFT + RIGHT) / 2 + 1, (RIGHT - LEFT) / 2 - 2)
    assert (bar.top, bar.height) == ((TOP + BOTTOM) / 2, (BOTTOM - TOP) / 2)
    assert right.stops[0].text == "probability 50% to 100%: 8 examples, mean probability 75.0%, accuracy 50.0%"
    assert len(often.bars) == 1


def test_of_many_classes_the_curves_of_the_hardest_are_drawn():
    per_class = [RocCurve(name=f"c{n}", auc=1 - n / 100, fpr=(0, 1), tpr=(0, 1)) for n in range(8)]
    chart = classification.area_chart(
        area_charts(
            Roc(macro_auc=0.965, per_class=per_class), PrecisionRecall(macro_average_precision=None, per_class=())
        )[0]
    )

    assert [line.name for line in chart.lines] == [f"c{n}, AUC {1 - n / 100:.4f}" for n in (7, 6, 5, 4, 3, 2)]
    assert chart.lines[0].path == f"M{LEFT} {BOTTOM}L{RIGHT} {TOP}"
    assert "the 6 of 8 classes with the smallest areas" in chart.about


def test_network_is_drawn_with_its_boxes_lines_and_kinds():
    drawing = network_section.draw(network())

    assert [box.name for box in drawing.boxes] == ["input", "C1", "block", "add"]
    assert [box.is_block for box in drawing.boxes] == [False, False, True, False]
    assert [kind for _, kind in drawing.kinds] == ["convolution", "merging", "input, shape", "block"]
    assert len(drawing.lines) == 4  # the sum takes two
    assert drawing.boxes[1].about == "C1: Conv2D 5×5, output 28×28×6, 156 parameters"
    assert drawing.boxes[1].params == "156"
    for box in drawing.boxes:
        assert 0 <= box.x <= drawing.width - box.width
        assert 0 <= box.y <= drawing.height - box.height


def test_repeated_blocks_are_one_box_that_says_how_often():
    repeat = {"times": 30, "rows": 1, "last": "block_30", "varied": "dilation_rate 1, 2, 4, …, 512 (3 times)"}
    drawing = network_section.draw(network([*BOXES[:2], {**BOXES[2], "repeat": repeat}, BOXES[3]]))
    box = drawing.boxes[2]

    assert (box.name, box.is_block) == ("block … block_30 ×30", True)
    assert box.what == "dilation_rate 1, 2, 4, …, 512 (3 time…"
    assert box.about == (
        "block … block_30, 30 times: conv_bn, dilation_rate 1, 2, 4, …, 512 (3 times), output 28×28×6, 40 parameters"
    )


def test_network_of_very_many_boxes_is_a_table_alone():
    boxes = [
        {"name": str(number), "class": "Dense", "output_shape": [1], "params": 0, "inputs": [number - 1] * bool(number)}
        for number in range(130)
    ]

    assert network_section.draw(network(boxes)) is None


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.350686, "0.3507"),
        (0.00012345, "0.0001234"),
        (1234567.8, "1,234,568"),
        (3.0, "3"),
        (158062673920.0, "1.581e+11"),
        (-0.0, "0"),
        (None, "–"),
    ],
)
def test_number_is_written_with_four_digits(value, text):
    assert values.decimal(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(9.04, "9.0 s"), (65, "1:05 min"), (3700, "1:01:40 h"), (3599.7, "1:00:00 h"), (None, "–")]
)
def test_time_is_written_with_its_unit(seconds, text):
    assert values.duration(seconds) == text
