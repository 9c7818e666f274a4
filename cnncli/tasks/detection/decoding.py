"""Decode the outputs of a detector: boxes with a class and a score."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from cnncli.data.image_geometry import Geometry
from cnncli.data.images import Form
from cnncli.errors import DivergedError
from cnncli.messages import counted, percent, printable
from cnncli.recipe.targets.detection import CENTRES, SIDES
from cnncli.tasks.decoder import Decoder, Tally
from cnncli.tasks.detection.decode import decode_boxes
from cnncli.tasks.detection.originals import in_original
from cnncli.tasks.detection.targets import BoxTargets

# Of a script: shares of a side of the network's input -> pixels of the photo; the names are those of its lines for `resize`.
_LINES_TO_ORIGINAL = {
    "stretch": ("vertical * image.height", "across * image.width"),
    "pad": ("(vertical * {side} - top) * image.height / height", "(across * {side} - left) * image.width / width"),
    "crop": ("top + vertical * height", "left + across * width"),
    "keep": (
        "vertical * {side} - int(({side} - image.height) / 2)",
        "across * {side} - int(({side} - image.width) / 2)",
    ),
}
_NUMBERS = 5  # of a box: top, left, bottom, right, score


@dataclass(frozen=True)
class BoxDecoder(Decoder):
    """Outputs are `maps` of centres and sides."""

    FORMS: ClassVar[tuple[str, ...]] = ("maps",)

    def in_originals(
        self,
        indices: NDArray[np.int32],
        values: NDArray[np.float32],
        geometries: Sequence[Geometry],
        outputs: Any = None,
    ) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        boxes = values.reshape(*indices.shape, _NUMBERS)
        rows = [in_original(own[:, :4], geometry) for own, geometry in zip(boxes, geometries, strict=True)]
        sides, is_inside = (np.stack(each) for each in zip(*rows, strict=True))
        placed = np.concatenate([sides, boxes[..., 4:]], axis=-1).astype(np.float32)
        return np.where(is_inside, indices, -1).astype(np.int32), placed.reshape(values.shape)

    @property
    def least_score(self) -> float:
        """The score from which on boxes are shown."""
        assert isinstance(self.targets, BoxTargets)
        return self.targets.least_score

    def decode(
        self, names: Sequence[Any], outputs: Mapping[str, NDArray[np.float32]], top: int
    ) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Classes (batch, boxes), -1 where there are no more, and for each box its numbers one after the other."""
        broken = ~np.logical_and.reduce([np.isfinite(each).all(axis=(1, 2, 3)) for each in outputs.values()])
        if broken.any():
            message = f"the network's output for {names[int(broken.argmax())]} is no finite number"
            raise DivergedError(message, hint="train it again")
        boxes = decode_boxes(outputs[CENTRES], outputs[SIDES])
        is_sure = boxes[..., 5] >= self.least_score
        numbers = np.where(is_sure, boxes[..., 4], -1).astype(np.int32)
        return numbers, boxes[..., [0, 1, 2, 3, 5]].reshape(len(boxes), -1)

    def script(self, outputs: Sequence[str], form: Form | None) -> list[str]:
        lines = [
            f'centres, sides = outputs["{CENTRES}"], outputs["{SIDES}"]  # (rows, columns, classes), (rows, columns, 4)',
            "rows, columns, classes = centres.shape",
            "around = np.pad(centres, ((1, 1), (1, 1), (0, 0)), constant_values=-1)",
            "windows = np.lib.stride_tricks.sliding_window_view(around, (3, 3), axis=(0, 1))",
            f"is_peak = (centres == windows.max(axis=(-2, -1))) & (centres >= {self.least_score:.9g})",
            "cells = sorted(np.argwhere(is_peak).tolist(), key=lambda cell: -centres[tuple(cell)])",
            "found = []",
            "for row, column, number in cells:",
            "    up, left_side, down, right_side = sides[row, column]",
            "    vertical = np.clip([(row + 0.5 - up) / rows, (row + 0.5 + down) / rows], 0, 1)",
            "    across = np.clip([(column + 0.5 - left_side) / columns, (column + 0.5 + right_side) / columns], 0, 1)",
        ]
        if form is not None:
            y, x = _LINES_TO_ORIGINAL[form.resize]
            lines += [
                f"    y = np.clip({y.format(side=form.height)}, 0, image.height)",
                f"    x = np.clip({x.format(side=form.width)}, 0, image.width)",
            ]
        else:
            lines.append("    y, x = vertical, across")
        lines += [
            "    name, score = about['class_names'][number], centres[row, column, number]",
            "    if y[1] > y[0] and x[1] > x[0]:  # else it lies in padding",
            '        place = f"left {x[0]:.1f} top {y[0]:.1f} right {x[1]:.1f} bottom {y[1]:.1f}"',
            '        found.append(f"{file}: {name} {score:.1%} {place}")',
            'print("\\n".join(found) or f"{file}: no object")',
        ]
        return lines

    @property
    def titles(self) -> tuple[str, str, str]:
        return "found", "score", "others"

    @property
    def words(self) -> tuple[str, ...]:
        return self.targets.class_names

    def boxes(self, indices: Sequence[int], values: Sequence[float]) -> list[dict[str, Any]]:
        """The boxes of an image: class, score and the four sides in pixels of the original image."""
        found = []
        for place, number in enumerate(indices):
            if number >= 0:
                top, left, bottom, right, score = values[_NUMBERS * place : _NUMBERS * (place + 1)]
                box = {"left": left, "top": top, "right": right, "bottom": bottom}
                sides = {side: round(value, 2) for side, value in box.items()}
                found.append({"class": self.targets.class_names[number], "score": round(score, 4), **sides})
        return found

    def row(self, indices: Sequence[int], values: Sequence[float]) -> tuple[str, str, str]:
        found = self.boxes(indices, values)
        if not found:
            return "no object", "", ""
        first, *others = (f"{printable(each['class'])} {_place(each)}" for each in found)
        return first, percent(found[0]["score"]), ", ".join(others)

    def sentence(self, indices: Sequence[int], values: Sequence[float]) -> str:
        found = self.boxes(indices, values)
        return ", ".join(f"{printable(each['class'])} {percent(each['score'])}" for each in found) or "no object"

    def item(self, indices: Sequence[int], values: Sequence[float]) -> dict[str, Any]:
        return {"boxes": self.boxes(indices, values)}

    def columns(self, top: int) -> list[str]:
        return ["class", "score", "left", "top", "right", "bottom"]

    def cells(self, indices: Sequence[int], values: Sequence[float]) -> list[str]:
        return self.rows(indices, values)[0]

    def rows(self, indices: Sequence[int], values: Sequence[float]) -> list[list[str]]:
        titles = self.columns(1)[1:]
        found = self.boxes(indices, values)
        return [[each["class"], *(f"{each[key]:.6g}" for key in titles)] for each in found] or [[""] * 6]

    def tally(self) -> Tally:
        return _ClassTally(self.targets.class_names)


@dataclass
class _ClassTally:
    """How many objects of each class."""

    names: Sequence[str]
    counts: Counter[int] = field(default_factory=Counter)

    def add(self, indices: NDArray[np.int32], values: NDArray[np.float32]) -> None:
        self.counts.update(indices[indices >= 0].tolist())

    def __str__(self) -> str:
        if not self.counts:
            return "no object"
        each = ", ".join(f"{count:,} {self.names[number]}" for number, count in self.counts.most_common())
        return f"{counted(self.counts.total(), 'object')}: {each}"


def _place(box: Mapping[str, Any]) -> str:
    """`square 12,30 40x25`: the upper left corner, then width and height, in whole pixels."""
    left, top, right, bottom = (round(box[side]) for side in ("left", "top", "right", "bottom"))
    return f"{left},{top} {right - left}x{bottom - top}"


DECODER = BoxDecoder
