"""Figures of an object detection: examples with their boxes, precision over recall, the most costly mistakes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from cnncli.data.dataset import Examples
from cnncli.inputs import InputKind
from cnncli.interpretability.examples import read
from cnncli.messages import counted
from cnncli.plots import style
from cnncli.plots.box_curves import draw_box_curves
from cnncli.plots.boxed_pictures import Box, label_of, with_boxes
from cnncli.plots.confident_errors import Caption, draw_sheet, prediction_lines, where_line
from cnncli.plots.evaluation_figures import can_show
from cnncli.plots.text_fitting import Title
from cnncli.tasks.detection.matching import OVERLAP, matches
from cnncli.tasks.detection.scorer import Scored
from cnncli.tasks.detection.scores import Mistake

_SHOWN = 15
_SIDE = 280  # pixels of an image's longer side
_KEY = "dashed green: true; blue: found; orange: wrong, with the score in percent"


def draw(
    scored: Scored, examples: Examples, *, title: str | Title, kinds: Mapping[str, InputKind]
) -> Iterator[tuple[str, Figure]]:
    """Draw each picture, with its name.

    Args:
        title: the heading of every picture, any text.
        kinds: of the inputs by name, where their shapes alone do not tell them.
    """
    result = scored.result
    if result.curves:
        yield (
            "box-curves",
            draw_box_curves(result.curves, result.per_class, title=title + ", precision over recall"),
        )
    if can_show(examples, kinds):
        indices = np.linspace(0, result.count - 1, min(_SHOWN, result.count)).astype(np.int64)
        yield (
            "boxes",
            _sheet(scored, examples, indices, title + ", boxes", f"{len(indices)} of {result.count:,} images"),
        )
        yield "costly", _costly(scored, examples, title + ", most costly mistakes")


def _boxes(scored: Scored, index: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The true boxes of an image, and those that were found with the score of the threshold or more."""
    true = scored.targets.rows([index])[0].reshape(-1, 5).astype(np.float64)
    found = scored.outputs.rows([index])[0].reshape(-1, 6).astype(np.float64)
    return true[true[:, 4] >= 0], found[(found[:, 4] >= 0) & (found[:, 5] >= scored.result.threshold)]


def _sides(box: NDArray[Any]) -> tuple[float, float, float, float]:
    top, left, bottom, right = map(float, box[:4])
    return top, left, bottom, right


def _drawn(scored: Scored, index: int) -> list[Box]:
    names = [row.name for row in scored.result.per_class]
    true, found = _boxes(scored, index)
    right = matches(found, true, np.array([OVERLAP]))[0]
    boxes = [Box(_sides(each), style.GREEN, is_dashed=True) for each in true]
    return boxes + [
        Box(_sides(each), style.BLUE if is_right else style.ORANGE, label_of(names[int(each[4])], each[5]))
        for each, is_right in zip(found, right, strict=True)
    ]


def _sheet(scored: Scored, examples: Examples, indices: NDArray[np.int64], title: str | Title, subtitle: str) -> Figure:
    images = np.asarray(read(examples, indices.tolist()))
    names = [row.name for row in scored.result.per_class]
    shown = [with_boxes(image, _drawn(scored, int(i)), side=_SIDE) for image, i in zip(images, indices, strict=True)]

    def caption(number: int, width: float) -> Caption:
        index = int(indices[number])
        true, found = _boxes(scored, index)
        where = where_line(index, examples.files[index] if examples.files is not None else None, width)
        said, there = _counted(found, names), _counted(true, names)
        return prediction_lines(said, there, where, width, is_wrong=said != there)

    return draw_sheet(np.stack(shown), caption, title=title, subtitle=f"{subtitle} · {_KEY}")


def _counted(boxes: NDArray[np.float64], names: list[str]) -> str:
    counts = np.bincount(boxes[:, 4].astype(int), minlength=len(names))
    return ", ".join(f"{count} {names[number]}" for number, count in enumerate(counts) if count) or "nothing"


def _costly(scored: Scored, examples: Examples, title: str | Title) -> Figure:
    mistakes, total = scored.result.most_costly[:_SHOWN], sum(scored.result.mistakes.values())
    if not mistakes:
        subtitle = f"all {scored.result.objects:,} objects were found, and nothing else"
        return draw_sheet(np.empty((0, _SIDE, _SIDE, 3), np.uint8), _no_caption, title=title, subtitle=subtitle)
    images = np.asarray(read(examples, [each.index for each in mistakes]))
    shown = [
        with_boxes(image, [*_beneath(scored, each), _marked(each)], side=_SIDE)
        for image, each in zip(images, mistakes, strict=True)
    ]
    subtitle = f"{counted(total, 'mistake')}: the {len(mistakes)} of which the network was surest, of equal ones the larger first"

    def caption(number: int, width: float) -> Caption:
        each = mistakes[number]
        where = where_line(each.index, each.file, width)
        return _lines_of(each, where, width)

    return draw_sheet(np.stack(shown), caption, title=title, subtitle=f"{subtitle} · {_KEY}")


def _no_caption(number: int, width: float) -> Caption:
    return ()


def _beneath(scored: Scored, mistake: Mistake) -> list[Box]:
    true, _ = _boxes(scored, mistake.index)
    return [Box(_sides(each), style.GREEN, is_dashed=True) for each in true]


def _marked(mistake: Mistake) -> Box:
    if mistake.kind == "missed":
        return Box(mistake.box, style.ORANGE, label_of(f"no {mistake.true}"))
    return Box(mistake.box, style.ORANGE, label_of(str(mistake.predicted), mistake.cost))


_WORDS: dict[str, Callable[[Mistake], tuple[str, str]]] = {
    "missed": lambda each: ("nothing", str(each.true)),
    "background": lambda each: (str(each.predicted), "nothing"),
    "class": lambda each: (str(each.predicted), str(each.true)),
    "place": lambda each: (str(each.predicted), f"{each.true}, elsewhere"),
    "double": lambda each: (f"{each.predicted}, again", str(each.true)),
}


def _lines_of(mistake: Mistake, where: tuple[str, str], width: float) -> Caption:
    predicted, true = _WORDS[mistake.kind](mistake)
    return prediction_lines(predicted, true, where, width)
