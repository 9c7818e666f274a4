"""Write what a detector found: pictures with boxes, and all boxes as COCO's JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from cnncli.plots import style
from cnncli.plots.boxed_pictures import Box, label_of, with_boxes
from cnncli.plots.file_contents import png
from cnncli.recipe.targets.detection import CENTRES, SIDES
from cnncli.runs.json_text import to_json_line
from cnncli.tasks.decoder import Decoder, Original
from cnncli.tasks.detection.decode import decode_boxes
from cnncli.tasks.detection.originals import in_original
from cnncli.tasks.detection.targets import BoxTargets

JSON = "boxes.json"
_LEAST_SIDE = 320  # pixels of a picture's longer side: smaller ones are enlarged, so that words can be read
_LINE_SHARE = 1 / 300  # of the longer side


class BoxFiles:
    """A picture an image with the boxes that `predict` shows; `boxes.json` with those of any score, as mAP counts them.

    `annotations` of the JSON are results of COCO too: each has a score, and those of an image come by falling score.
    """

    PICTURES: ClassVar[Mapping[str, str]] = {".png": "Boxes"}

    def __init__(self, decoder: Decoder) -> None:
        assert isinstance(decoder.targets, BoxTargets)
        self._least_score = decoder.targets.least_score
        self._names = decoder.targets.class_names
        self._images: list[dict[str, Any]] = []
        self._boxes: list[dict[str, Any]] = []

    def of(
        self, originals: Sequence[Original], outputs: Mapping[str, NDArray[np.float32]]
    ) -> Iterator[tuple[str, bytes]]:
        """The pictures of a batch."""
        for original, found in zip(originals, decode_boxes(outputs[CENTRES], outputs[SIDES]), strict=True):
            geometry = original.geometry
            assert geometry is not None  # boxes are found in images alone
            sides, is_inside = in_original(found[:, :4], geometry)
            is_box = (found[:, 4] >= 0) & is_inside
            boxes = np.column_stack([sides, found[:, 4:]])[is_box]  # (n, 6)
            image = {"id": len(self._images) + 1, "file_name": original.file}
            self._images.append({**image, "width": geometry.width, "height": geometry.height})
            self._boxes += [
                self._annotation(len(self._boxes) + number, box) for number, box in enumerate(boxes.tolist(), start=1)
            ]
            shown = boxes[boxes[:, 5] >= self._least_score]
            size = np.array([geometry.height, geometry.width] * 2, np.float64)
            yield f"{original.stem}.png", _picture(original.read(), shown[:, :4] / size, shown[:, 4:], self._names)

    def end(self) -> Iterator[tuple[str, bytes]]:
        """All boxes."""
        categories = [{"id": number, "name": name} for number, name in enumerate(self._names, start=1)]
        document = {"images": self._images, "annotations": self._boxes, "categories": categories}
        yield JSON, _lines(document).encode()

    def _annotation(self, number: int, box: Sequence[float]) -> dict[str, Any]:
        top, left, bottom, right, category, score = box
        width, height = right - left, bottom - top
        about = {"id": number, "image_id": len(self._images), "category_id": int(category) + 1}
        return {**about, "bbox": [left, top, width, height], "area": width * height, "iscrowd": 0, "score": score}


def _lines(document: Mapping[str, Sequence[Any]]) -> str:
    """A document of lists as JSON with a line an item."""
    lists = (f'"{key}": [\n' + ",\n".join(map(to_json_line, items)) + "\n]" for key, items in document.items())
    return "{" + ",\n".join(lists) + "}\n"


def _picture(
    image: NDArray[Any], sides: NDArray[np.float64], found: NDArray[np.float64], names: Sequence[str]
) -> bytes:
    """The image with its boxes as PNG.

    Args:
        image: (height, width, 1 or 3).
        sides: (n, 4) in [0, 1].
        found: (n, 2): class and score.
    """
    longest = max(image.shape[:2])
    boxes = [
        Box((row[0], row[1], row[2], row[3]), style.BLUE, label_of(names[int(number)], score))
        for row, (number, score) in zip(sides.tolist(), found.tolist(), strict=True)
    ]
    side = max(longest, _LEAST_SIDE)
    drawn = with_boxes(image, boxes, side=side, line=max(2, round(side * _LINE_SHARE)))
    return png(drawn)


FILES = BoxFiles
