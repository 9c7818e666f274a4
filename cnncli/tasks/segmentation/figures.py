"""Figures of a segmentation: the confusion of pixels, and images with their true and predicted masks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from cnncli.data.columns import as_column
from cnncli.data.dataset import Examples
from cnncli.data.input_values import InputValues
from cnncli.inputs import InputKind, kind_of
from cnncli.interpretability.examples import read
from cnncli.plots.boxed_pictures import as_pixels
from cnncli.plots.confusion import draw_confusion
from cnncli.plots.evaluation_figures import can_show
from cnncli.plots.mask_overlay import overlay
from cnncli.plots.mask_sheet import Shown, draw_masks
from cnncli.plots.text_fitting import Title
from cnncli.tasks.segmentation.scorer import Scored
from cnncli.tasks.segmentation.targets import IGNORED, MaskTargets

_MOST = 8  # images


def draw(
    scored: Scored, examples: Examples, *, title: str | Title, kinds: Mapping[str, InputKind]
) -> Iterator[tuple[str, Figure]]:
    """Draw each picture, with its name.

    Args:
        title: the heading of every picture, any text.
        kinds: of the inputs by name, where their shapes alone do not tell them.
    """
    result = scored.result
    names = [row.name for row in result.per_class]
    if result.confusion:
        yield "confusion", draw_confusion(np.asarray(result.confusion), names, title=title + ", confusion of pixels")
    if not can_show(examples, kinds):
        return
    worst = result.worst[:_MOST]
    rows = np.array([each.index for each in worst], np.int64)
    images = read(examples, rows)
    assert isinstance(images, np.ndarray)
    true = as_column(examples.targets).read(rows)
    said = scored.masks.rows(rows).reshape(-1, *scored.mask_shape)
    shown = [
        Shown(
            image,
            mask,
            own,
            f"mean IoU {each.mean_iou:.3f}" if each.mean_iou is not None else "",
            each.index,
            each.file,
        )
        for image, mask, own, each in zip(images, true, said, worst, strict=True)
    ]
    subtitle = f"the {len(shown)} lowest IoU of {result.count:,} images: image, true mask, predicted mask, wrong pixels"
    yield "worst", draw_masks(shown, names, ignored=IGNORED, title=title + ", masks", subtitle=subtitle)


def marked(examples: InputValues, masks: NDArray[np.uint8], targets: MaskTargets) -> InputValues:
    """Images with their masks laid over them; others as they are.

    Args:
        examples: raw, (count, *shape of one).
        masks: uint8 (count, height, width).
    """
    if not isinstance(examples, np.ndarray) or examples.dtype != np.uint8 or examples.shape[1:-1] != masks.shape[1:]:
        return examples
    if not kind_of(examples.shape[1:]).FROM_IMAGE_FILES:
        return examples
    pictures = [
        overlay(as_pixels(image), mask, targets.count, ignored=IGNORED)
        for image, mask in zip(examples, masks, strict=True)
    ]
    return np.stack(pictures)
