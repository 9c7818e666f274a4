"""Every kind of page: no text is cut off, none lies over another."""

import numpy as np
import pytest
from matplotlib.text import Text

from cnncli.plots.confusion import draw_confusion
from cnncli.plots.curves import draw_curves
from cnncli.plots.feature_maps import draw_feature_maps
from cnncli.plots.filters import draw_filters
from cnncli.plots.heat_maps import Heated, draw_heat
from cnncli.plots.map_tiles import LayerMaps
from cnncli.plots.maximized import draw_maximized
from cnncli.plots.signals import draw_signal_heat

random = np.random.default_rng(0)
LONG = "a very long name, longer than any page is wide, which goes on and on and on and on and on and on and on and on"


def weights(*shape):
    return random.normal(size=shape)


def history(metrics, epochs=20):
    names = ["loss", *(f"sparse_top_{number}_categorical_accuracy" for number in range(2, metrics + 1))]
    values = np.geomspace(5, 0.01, epochs)
    return {**dict.fromkeys(names, values), **{f"val_{name}": values * 1.01 for name in names}}


def maps(example, *layers, title="t", answer=()):
    [figure] = draw_feature_maps(
        example, [LayerMaps(LONG, "Conv2D", each) for each in layers], title=title, answer=answer
    )
    return figure


PAGES = {
    "filters, 6 of 5 x 5": lambda: draw_filters(weights(5, 5, 1, 6), layer_name="conv2d"),
    "filters, 1": lambda: draw_filters(weights(3, 3, 1, 1), layer_name=LONG),
    "filters, 64 in colour": lambda: draw_filters(weights(3, 3, 3, 64), layer_name="block1_conv1", scale="rgb"),
    "filters, 64 of 3 channels": lambda: draw_filters(weights(3, 3, 3, 64), layer_name="block1_conv1"),
    "filters, each on its scale": lambda: draw_filters(weights(3, 3, 1, 2), layer_name="c", normalise="filter"),
    "filters, 300 of 1 x 1": lambda: draw_filters(weights(1, 1, 1, 300), layer_name="pw", max_filters=300),
    "filters, 64 of 32 channels": lambda: draw_filters(weights(3, 3, 32, 64), layer_name="conv2d_1"),
    "filters, 64 of 1 x 1 x 256": lambda: draw_filters(weights(1, 1, 256, 64), layer_name="pw"),
    "filters, 3 x 100": lambda: draw_filters(weights(3, 100, 64), layer_name="conv1d"),
    "filters, curves": lambda: draw_filters(weights(16, 1, 24), layer_name="conv1d"),
    "filters, slices": lambda: draw_filters(weights(3, 3, 3, 4, 8), layer_name="conv3d"),
    "curves, 1": lambda: draw_curves(history(1), title=LONG, best_epoch=20),
    "curves, 2 and rate": lambda: draw_curves(
        {**history(2), "learning_rate": np.geomspace(1e-2, 1e-6, 20)}, title="t", phases=[(1, "frozen"), (2, LONG)]
    ),
    "curves, 12": lambda: draw_curves(history(12, 100), title="t", best_epoch=1),
    "confusion, 2": lambda: draw_confusion(np.array([[99, 1], [5, 7]]), ["ants", "bees"], title=LONG),
    "confusion, 25": lambda: draw_confusion(
        random.integers(0, 99_999, (25, 25)), [f"n{i}4000 {LONG}" for i in range(25)], title="t"
    ),
    "confusion, 60": lambda: draw_confusion(
        random.integers(0, 9, (60, 60)), [f"some bird {i}" for i in range(60)], title="t"
    ),
    "confusion, 200": lambda: draw_confusion(
        random.integers(0, 99, (200, 200)), [f"{i} {LONG}" for i in range(200)], title="t"
    ),
    "maps, 64": lambda: maps(weights(28, 28, 1), weights(11, 11, 64), title=LONG, answer=[(LONG, "black")] * 2),
    "maps, 2": lambda: maps(weights(30, 90, 3), np.zeros((9, 27, 2))),
    "maps, 13 layers": lambda: maps(
        weights(30, 90, 3), *[weights(9, 9, 512)] * 13, answer=[("true class: a", "black")]
    ),
    "maps, tall": lambda: maps(weights(200, 8, 1), weights(200, 8, 1064)),
    "filters, before and after": lambda: draw_filters(
        weights(5, 5, 1, 6), layer_name="c", names=[f"{n} {w}" for n in (3, 117, 256) for w in ("start", "end")]
    ),
    "filters, before and after of 16 channels": lambda: draw_filters(
        weights(3, 3, 16, 4), layer_name="c", names=["3 start", "3 end", "117 start", "117 end"], title=LONG
    ),
    "signal maps, 64": lambda: maps(weights(64, 100), weights(62, 64), title=LONG, answer=[(LONG, "black")] * 2),
    "signal maps, 3": lambda: maps(weights(200, 2), np.zeros((50, 3)), weights(3)),
    "volume maps": lambda: maps(weights(8, 8, 8, 1), weights(6, 6, 6, 4)),
    "signal heat, 1": lambda: draw_signal_heat(
        weights(1, 64, 1), random.random((1, 9)), [[(LONG, "black")] * 3], title=LONG, subtitle="s"
    ),
    "signal heat, 6": lambda: draw_signal_heat(
        weights(6, 64, 100),
        random.random((6, 9)),
        [[("predicted yes", "red"), ("true no", "black")]] * 6,
        title="t",
        subtitle="s",
    ),
    "heat, 5": lambda: draw_heat(
        [Heated(random.random((28, 28, 1)), random.random((7, 7)), [(LONG, "black")] * 3)] * 5, title=LONG, subtitle="s"
    ),
    "heat, 1 narrow": lambda: draw_heat(
        [Heated(random.random((90, 4, 3)), random.random((7, 7)), [(LONG, "black")] * 2, (0, 0.1, 1, 0.9))],
        title=LONG,
        subtitle=LONG,
        notes=["Dashed frame: the part of the photo that the network receives.", "No heat."],
    ),
    "maximized, 16": lambda: draw_maximized(
        random.random((16, 32, 32, 1)),
        [(f"filter {n}", "0.1234, noise 0.0123") for n in range(16)],
        title="t",
        subtitle="s",
    ),
    "maximized, 1": lambda: draw_maximized(random.random((1, 9, 9, 4)), [(LONG, LONG)], title=LONG, subtitle="s"),
    "maximized signals": lambda: draw_maximized(
        random.random((5, 64, 2)), [(f"filter {n}", "1, noise 0.1") for n in range(5)], title="t", subtitle="s"
    ),
    "maximized volumes": lambda: draw_maximized(
        random.random((3, 8, 8, 8, 1)), [(f"filter {n}", "1, noise 0.1") for n in range(3)], title="t", subtitle="s"
    ),
    "maps, 4096 units": lambda: maps(weights(9, 9, 3), weights(4096)),
}


@pytest.mark.parametrize("draw", PAGES.values(), ids=PAGES.keys())
def test_no_text_is_cut_off_or_covered(draw):
    figure = draw()
    figure.canvas.draw()
    boxes = [
        (text.get_text(), text.get_window_extent())
        for text in figure.findobj(Text)
        if text.get_text().strip() and text.get_visible()
    ]
    page = figure.bbox
    assert len(boxes) > 3
    outside = [text for text, box in boxes if box.x0 < 0 or box.y0 < 0 or box.x1 > page.width or box.y1 > page.height]
    assert outside == []
    # A pixel or two is the white around letters.
    inner = np.array([[box.x0 + 1, box.y0 + 2.5, box.x1 - 1, box.y1 - 2.5] for _, box in boxes])
    low, high = inner[:, :2], inner[:, 2:]
    over = (low[:, None] < high[None]).all(axis=-1)  # (texts, texts): begins before the other ends, both ways
    covered = [(boxes[one][0], boxes[other][0]) for one, other in np.argwhere(over & over.T) if one < other]
    assert covered == []
