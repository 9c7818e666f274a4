"""Occlusion: how the score of a class drops when a patch of the example is covered."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from cnncli.data.input_values import InputValues
from cnncli.inputs.tokens import PADDING
from cnncli.interpretability.class_scores import as_input, head_of, log_odds, with_others
from cnncli.interpretability.grad_cam import scaled
from cnncli.interpretability.places import input_kind
from cnncli.network.flatten_submodels import Opened

_BATCH = 32


def occlusion(
    network: Opened,
    images: InputValues,
    classes: np.ndarray,
    *,
    patch: Sequence[int] | None = None,
    stride: Sequence[int] | None = None,
    score: Callable[[Any, Any], Any] = log_odds,
) -> np.ndarray:
    """Cover a patch of each example, place by place, and see how much less the network then says of a class.

    As in Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks", 2014, section 4.2, who plot the class's
    probability p; here it is log p / (1 - p), which orders places in the same way and still tells them apart where p is 1. A
    place's heat is the mean loss over the patches that cover it, where it is one. Patches have the example's mean colour; of
    sequences of tokens one after the other is replaced by padding.

    Args:
        network: examples -> (batch, classes).
        images: (count, *input shape), as the model takes them; of several inputs by name, of which the one that
            pictures are about is covered.
        classes: int (count,), the class that is meant.
        patch: its sides in places; left out: a sixth of the example's, at least 1; of tokens 1.
        score: (scores, classes) -> what is measured: `log_odds`, or `of_class` for outputs that are quantities.
        stride: how far from patch to patch; left out: half a patch.

    Returns:
        float32 (count, *places) in [0, 1]; all 0 where no patch takes anything from the class.
    """
    head = head_of(network.model)
    until = network.until(head.tensor)
    own = np.asarray(images[network.about] if isinstance(images, dict) else images, np.float32)
    are_tokens = input_kind(network).ARE_NUMBERED
    space = own.shape[1:] if are_tokens else own.shape[1:-1]
    sides = tuple(patch or (1 if are_tokens else max(1, round(side / 6)) for side in space))
    steps = tuple(stride or (max(1, side // 2) for side in sides))
    windows = _windows(space, sides, steps)

    def said(number: int, batch: np.ndarray, label: int) -> np.ndarray:
        given = with_others(images, number, len(batch), network.about, as_input(batch))
        scores = head.scores(until(given, training=False))
        odds: np.ndarray = score(scores, np.full(len(batch), label)).numpy()
        return odds

    heat = np.zeros((len(own), *space), np.float32)
    for number, (image, label, target) in enumerate(zip(own, classes, heat, strict=True)):
        whole = said(number, image[None], label)[0]
        colour = PADDING if are_tokens else image.mean(axis=tuple(range(len(space))))  # (channels,)
        losses, covered = np.zeros(space), np.zeros(space)
        for start in range(0, len(windows), _BATCH):
            some = windows[start : start + _BATCH]
            batch = np.repeat(image[None], len(some), axis=0)
            for one, window in zip(batch, some, strict=True):
                one[window] = colour
            for window, odds in zip(some, said(number, batch, label), strict=True):
                losses[window] += whole - odds
                covered[window] += 1
        target[:] = np.maximum(losses / covered, 0)
    return scaled(heat)


def _windows(space: Sequence[int], sides: Sequence[int], steps: Sequence[int]) -> list[tuple[slice, ...]]:
    """Patches that together cover every place; the last of a row ends where the example does."""
    starts = []
    for length, side, step in zip(space, sides, steps, strict=True):
        count = math.ceil(max(0, length - side) / step) + 1
        starts.append([min(number * step, max(0, length - side)) for number in range(count)])
    corners = itertools.product(*starts)
    return [tuple(slice(at, at + side) for at, side in zip(corner, sides, strict=True)) for corner in corners]
