"""Networks as pictures: where boxes and lines stand, and what is written."""

import itertools
import random
import warnings

import pytest
from matplotlib.patches import Polygon, Rectangle
from matplotlib.text import Text

from cnncli.network.outline import ALL, rows
from cnncli.network.repeats import folded
from cnncli.network.summary import summarise
from cnncli.plots import style
from cnncli.plots.network_diagram.diagram import COLOURS, draw_diagram, kind_of
from cnncli.plots.network_diagram.layered_layout import lay_out
from cnncli.plots.network_diagram.layout import Sizes
from cnncli.plots.network_diagram.u_shaped_layout import fold
from cnncli.plots.save import save
from cnncli.recipe.load import load, load_bytes

SIZES = Sizes(width=2.0)
CHAIN = [(box, box + 1) for box in range(20)]
# A box, four branches of one, two, two and two boxes, and the box that takes their ends.
INCEPTION = [(0, 1), (0, 2), (2, 3), (0, 4), (4, 5), (0, 6), (6, 7), (1, 8), (3, 8), (5, 8), (7, 8), (8, 9)]
RESIDUAL = [(0, 1), (1, 2), (2, 3), (0, 3), (3, 4)]
U = [*CHAIN[:8], (1, 7), (3, 5)]


def layers(names: str):
    """A recipe of layers on images of 32x32x3."""
    lines = "".join(f"    {line}\n" for line in names.strip().splitlines())
    head = "name: net\ndata: {source: {npz: {path: a.npz}}, classes: 10}\nmodel:\n  input: [32, 32, 3]\n  layers:\n"
    end = "    - Flatten\n    - Dense: {units: 10, activation: softmax}\n"
    return summarise(load_bytes((head + lines + end).encode(), "r.yaml"))


def written(figure):
    return [text.get_text() for text in figure.findobj(Text) if text.get_text()]


def middles(layout):
    return [round(x + SIZES.width / 2, 3) for x, _ in layout.boxes]


def holds(outer, inner):
    return outer.x0 <= inner.x0 <= inner.x1 <= outer.x1 and outer.y0 <= inner.y0 <= inner.y1 <= outer.y1


def overlapping(layout):
    """Pairs of boxes that share ground."""
    spans = [(x, y, x + SIZES.width, y + SIZES.height) for x, y in layout.boxes]
    return [
        (one, other)
        for (one, (a, b, c, d)), (other, (e, f, g, h)) in itertools.combinations(enumerate(spans), 2)
        if a < g and e < c and b < h and f < d
    ]


def through_boxes(layout):
    """Lines that pass through the inside of a box."""
    found = []
    for route in layout.routes:
        for (x, y), (to_x, to_y) in itertools.pairwise(route.points):
            left, right, top, bottom = min(x, to_x), max(x, to_x), min(y, to_y), max(y, to_y)
            found += [
                (route.points, box)
                for box, (a, b) in enumerate(layout.boxes)
                if left < a + SIZES.width - 1e-6
                and right > a + 1e-6
                and top < b + SIZES.height - 1e-6
                and bottom > b + 1e-6
            ]
    return found


# ---- the layout ------------------------------------------------------------------------------------------------------------


def test_chain_stands_in_a_straight_line():
    layout = lay_out(5, CHAIN[:4], SIZES)
    tops = [y for _, y in layout.boxes]

    assert set(middles(layout)) == {1.0}
    assert tops == sorted(tops)
    assert [route.points for route in layout.routes] == [
        ((1.0, pytest.approx(tops[box] + SIZES.height)), (1.0, pytest.approx(tops[box + 1]))) for box in range(4)
    ]


def test_branches_stand_side_by_side_around_the_middle():
    layout = lay_out(10, INCEPTION, SIZES)
    middle = middles(layout)
    apart = SIZES.width + SIZES.between

    assert [middle[box] for box in (1, 2, 4, 6)] == pytest.approx([1, 1 + apart, 1 + 2 * apart, 1 + 3 * apart])
    assert [middle[box] for box in (3, 5, 7)] == [middle[box] for box in (2, 4, 6)]
    assert [middle[box] for box in (0, 8, 9)] == pytest.approx([1 + 1.5 * apart] * 3, abs=1e-2)


def test_residual_block_is_straight_and_its_skip_runs_beside_it():
    layout = lay_out(5, RESIDUAL, SIZES)
    [skip] = [route for route in layout.routes if route.skips]
    lane = 1.0 + SIZES.width / 2 + SIZES.beside

    assert set(middles(layout)) == {1.0}
    assert [x for x, _ in skip.points] == pytest.approx([1.0, 1.0, lane, lane, 1.0, 1.0])


def test_side_branch_stands_at_the_right_of_the_main_line():
    layout = lay_out(6, [(0, 1), (0, 2), (2, 3), (3, 4), (4, 5)], SIZES)

    assert middles(layout)[0] == middles(layout)[2] == middles(layout)[5] == 1.0
    assert middles(layout)[1] > 2


def test_long_chain_goes_on_in_further_columns():
    layout = lay_out(21, CHAIN, SIZES)
    columns = sorted(set(middles(layout)))

    assert len(columns) == 2
    assert [middles(layout).count(column) for column in columns] == [11, 10]
    assert layout.height < lay_out(21, CHAIN, SIZES, tallest=100).height * 0.6
    assert len([route for route in layout.routes if not route.arrow]) == 2  # down out of one column, and into the next
    assert not through_boxes(layout)


def test_columns_break_between_frames():
    groups = [None, *[0] * 9, *[1] * 9, None, None]
    layout = lay_out(21, CHAIN, SIZES, groups=groups)

    assert len(set(middles(layout)[1:10])) == 1
    assert len(set(middles(layout)[10:19])) == 1
    assert [frame.group for frame in layout.frames] == [0, 1]


def test_frame_holds_its_boxes_and_the_skip_beside_them():
    layout = lay_out(5, RESIDUAL, SIZES, groups=[None, 0, 0, 0, None])
    [frame] = layout.frames
    inside = [
        box
        for box, (x, y) in enumerate(layout.boxes)
        if frame.left < x and x + SIZES.width < frame.right and frame.top < y and y + SIZES.height < frame.bottom
    ]
    [skip] = [route for route in layout.routes if route.skips]

    assert inside == [1, 2, 3]
    assert max(x for x, _ in skip.points) < frame.right
    assert frame.top > layout.boxes[0][1] + SIZES.height
    assert frame.bottom < layout.boxes[4][1]


@pytest.mark.parametrize("seed", range(40))
def test_no_line_passes_through_a_box_and_no_box_covers_another(seed):
    chance = random.Random(seed)
    count = chance.randrange(2, 40)
    edges = [(chance.randrange(max(0, box - 6), box), box) for box in range(1, count)]
    edges += [(a, b) for a, b in (sorted(chance.sample(range(count), 2)) for _ in range(count // 2)) if b - a < 12]
    groups = [None if box % 7 < 3 else box // 7 for box in range(count)]
    layout = lay_out(count, edges, SIZES, groups=groups)

    assert overlapping(layout) == []
    assert through_boxes(layout) == []
    assert len([route for route in layout.routes if route.arrow]) == len(set(edges))
    assert all(0 <= x <= layout.width + 1e-6 and 0 <= y <= layout.height + 1e-6 for x, y in layout.boxes)
    # Each line ends at the upper edge of the box that takes it.
    ends = {(round(x, 3), round(y, 3)) for x, y in (route.points[-1] for route in layout.routes if route.arrow)}
    taking = {target for _, target in edges}
    tops = {(round(x + SIZES.width / 2, 3), round(y, 3)) for box, (x, y) in enumerate(layout.boxes) if box in taking}
    assert ends == tops


def test_few_lines_cross_where_none_has_to():
    # Two branches whose boxes are numbered crosswise.
    edges = [(0, 1), (0, 2), (1, 4), (2, 3), (3, 5), (4, 5)]
    middle = middles(lay_out(6, edges, SIZES))

    assert (middle[1] < middle[2]) == (middle[4] < middle[3])


# ---- the U -----------------------------------------------------------------------------------------------------------------


def test_nested_lines_across_fold_the_chain_into_a_u():
    layout = fold(9, U, SIZES, groups=[None] * 9)
    x = [x for x, _ in layout.boxes]
    y = [y for _, y in layout.boxes]

    assert x[:5] == [x[0]] * 5
    assert x[5:] == [x[8]] * 4
    assert (y[1], y[3]) == (y[7], y[5])
    assert y[:5] == sorted(y[:5])
    assert y[5:] == sorted(y[5:], reverse=True)
    across = [route.points for route in layout.routes if route.skips]
    assert all(start[1] == end[1] for start, end in across)
    assert overlapping(layout) == through_boxes(layout) == []


@pytest.mark.parametrize(
    "edges", [CHAIN[:8], RESIDUAL, [*CHAIN[:8], (1, 4), (5, 8)], [*CHAIN[:8], (1, 5), (3, 7)], INCEPTION]
)
def test_other_networks_are_not_folded(edges):
    count = max(target for _, target in edges) + 1

    assert fold(count, edges, SIZES, groups=[None] * count) is None


def test_the_turn_tears_no_frame_apart():
    groups = [None, None, None, None, 0, 0, 0, None, None, None, None]
    layout = fold(11, [*CHAIN[:10], (1, 9), (3, 7)], SIZES, groups=groups)

    assert len(layout.frames) == 1
    assert len({x for x, _ in layout.boxes[4:7]}) == 1


# ---- the page --------------------------------------------------------------------------------------------------------------


def test_box_says_name_class_shape_and_parameters():
    texts = written(draw_diagram(found := summarise(load("lenet5")), rows(found)))

    for text in ("lenet5", "61,706 parameters · 416,520 multiply-adds", "C1", "Conv2D 5×5, tanh", "28×28×6", "156"):
        assert text in texts
    assert texts.index("156") == texts.index("C1") + 3


def test_closed_block_is_one_box_and_an_opened_one_a_frame():
    found = summarise(load("resnet20-cifar10"))
    closed, opened = (written(draw_diagram(found, rows(found, depth))) for depth in (0, 1))

    assert "basic_3" in closed
    assert "basic, 9 layers" in closed
    assert "conv_bn_1" not in closed
    assert "basic_3" in opened
    assert "shortcut" in opened  # without the name of the frame that it stands in
    assert "basic_3_shortcut" not in opened


def test_colours_tell_the_kinds_and_the_legend_has_those_that_occur():
    found = layers("- Conv2D: {filters: 2, kernel_size: 3}\n- BatchNormalization\n- MaxPooling2D: 2")
    shown = rows(found)
    texts = written(draw_diagram(found, shown))

    assert [kind_of(row) for row in shown] == [
        "input, shape", "convolution", "normalization, activation", "pooling", "input, shape", "dense",
    ]  # fmt: skip
    assert {text for text in texts if text in COLOURS} == {kind_of(row) for row in shown}
    assert len(set(COLOURS.values())) == len(COLOURS)


@pytest.mark.parametrize(
    ("layer", "kind"),
    [
        ("Conv2DTranspose", "convolution"), ("SeparableConv2D", "convolution"), ("GlobalMaxPooling2D", "pooling"),
        ("ReLU", "normalization, activation"), ("GELU", "normalization, activation"), ("Dropout", "normalization, activation"),
        ("LayerNormalization", "normalization, activation"), ("Normalization", "input, shape"), ("Add", "merging"),
        ("AveragePooling2D", "pooling"), ("Average", "merging"), ("MultiHeadAttention", "attention, recurrence"),
        ("ConvLSTM2D", "attention, recurrence"), ("EinsumDense", "dense"), ("Flatten", "input, shape"),
    ],
)  # fmt: skip
def test_kind_follows_from_the_class(layer, kind):
    found = layers("")
    assert kind_of(type("Row", (), {"is_group": False, "kind": layer})) == kind
    assert found.layers


def test_every_line_that_flows_ends_in_an_arrow():
    found = layers("- residual: {body: [Conv2D: {filters: 3, kernel_size: 3, padding: same}]}")
    figure = draw_diagram(found, rows(found))
    heads = [patch for patch in figure.findobj(Polygon) if type(patch) is Polygon]

    # input to convolution and to the sum, convolution to the sum, then two more.
    assert len(heads) == 5


@pytest.mark.parametrize(
    ("name", "depth"), [("lenet5", 0), ("unet-small", ALL), ("resnet20-cifar10", 1), ("googlenet", ALL)]
)
def test_texts_stay_on_the_page_and_in_their_boxes(name, depth):
    found = summarise(load(name))
    figure = draw_diagram(found, rows(found, depth))
    renderer = figure.canvas.get_renderer()
    page = figure.bbox
    [axes] = figure.axes
    bars = [p for p in axes.findobj(Rectangle) if p.get_zorder() == 5]
    sheets = [p.get_window_extent(renderer) for p in axes.findobj(Rectangle) if p.get_zorder() == 4]
    texts = [text for text in figure.findobj(Text) if text.get_text()]

    assert len(bars) == len(rows(found, depth))
    for text in texts:
        box = text.get_window_extent(renderer)
        assert holds(page, box), text
        if text.get_zorder() == 6:
            assert any(holds(sheet, box) for sheet in sheets), text


def test_odd_names_are_text_and_long_ones_are_shortened():
    found = layers(
        '- group: {name: "[red] x^2_1 and a name that is far too long to stand in any box of the diagram", layers: [ReLU]}\n'
        "- group: {name: 犬, layers: [ReLU]}"
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = draw_diagram(found, rows(found))
        figure.canvas.draw()
    texts = written(figure)

    assert any(text.startswith("[red] x^2_1") and "…" in text for text in texts)
    assert not any(text.get_parse_math() for text in figure.findobj(Text) if text.get_text())


def test_unknown_number_of_classes_is_noted():
    found = summarise(load("googlenet"))

    assert "dense: computed for 2 classes." in written(draw_diagram(found, rows(found)))


def test_page_that_is_too_large_for_a_png_is_drawn_more_coarsely(monkeypatch):
    found = summarise(load("lenet5"))
    monkeypatch.setattr("cnncli.plots.network_diagram.diagram._MOST_PIXELS", 40_000)
    figure = draw_diagram(found, rows(found))
    width, height = figure.get_size_inches()

    assert figure.dpi < style.DPI
    assert width * height * figure.dpi**2 == pytest.approx(40_000)


def test_same_network_same_bytes(tmp_path):
    found = summarise(load("lenet5"))
    first, second = (
        save(draw_diagram(found, rows(found)), tmp_path / name, formats=["svg", "png"]) for name in ("a", "b")
    )

    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


# ---- repeated blocks -------------------------------------------------------------------------------------------------------


def repeated(depth, *, turn="{times: 7, layers: [{unit: {}}]}"):
    """A network that repeats a block, with its repetitions folded."""
    text = (
        "name: net\ndata: {source: {npz: {path: a.npz}}, classes: 3}\nblocks:\n"
        "  unit: {layers: [{Conv2D: {filters: 3, kernel_size: 1, name: conv}}, {ReLU: {name: active}}]}\n"
        f"model:\n  input: [8, 8, 3]\n  layers:\n    - repeat: {turn}\n    - Flatten\n"
        "    - Dense: {units: 3, activation: softmax}\n"
    )
    summary = summarise(load_bytes(text.encode(), "r.yaml"))
    return draw_diagram(summary, folded(summary, rows(summary, depth)))


def test_folded_block_is_one_box_that_says_how_often():
    texts = written(repeated(0))

    assert "unit … unit_6 ×7" in texts
    assert "unit, 2 layers" in texts
    assert "84" in texts  # 7 * (3 * 3 + 3) parameters
    assert "×7: 7 times in a row; the parameters are those of all." in texts


def test_folded_blocks_that_are_opened_have_one_frame():
    texts = written(repeated(1))

    assert "unit ×7" in texts  # where there is room `unit … unit_6 ×7`
    assert texts.count("conv") == texts.count("active") == 1


def test_layers_that_are_repeated_in_turn_have_a_frame_that_says_how_often():
    texts = written(repeated(0, turn="{times: 9, layers: [{Conv2D: {filters: 3, kernel_size: 1}}, ReLU]}"))

    assert {"×9", "conv2d … conv2d_8", "re_lu … re_lu_8"} <= set(texts)


def test_block_with_shared_weights_says_whose_they_are_in_full():
    found = summarise(load("siamese"))

    assert "encoder, shared with a" in written(draw_diagram(found, rows(found)))
