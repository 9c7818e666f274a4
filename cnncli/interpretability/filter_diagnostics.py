"""Diagnose the filters of a convolution: dead, similar to each other, or unchanged by training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from cnncli import keras_internals
from cnncli.data.input_values import InputValues
from cnncli.interpretability.feature_maps import answers
from cnncli.messages import counted
from cnncli.network.flatten_submodels import Opened

ALIKE = 0.99  # of the cosine of two filters
_NO_NORM = 1e-3  # of the median norm
_SAME = 1e-6  # of an answer's size
_FOLLOWED = ("BatchNormalization", "Activation", "ReLU", "LeakyReLU", "PReLU", "ELU")


@dataclass(frozen=True)
class Health:
    """How the filters of one layer fare, each by its number from 0.

    Attributes:
        layer: its name.
        count: of its filters.
        dead: those whose weights are next to nothing, or whose answer is the same at every place of every example.
        alike: pairs whose weights point the same way: a cosine above 0.99.
        untouched: those that are as they were initialised; None where that is not known.
        examples: how many examples the answers are of; 0: the weights alone were looked at.
    """

    layer: str
    count: int
    dead: tuple[int, ...]
    alike: tuple[tuple[int, int], ...]
    untouched: tuple[int, ...] | None
    examples: int

    def as_json(self) -> dict[str, Any]:
        untouched = None if self.untouched is None else list(self.untouched)
        return {
            "layer": self.layer,
            "filters": self.count,
            "dead": list(self.dead),
            "near_duplicates": [list(pair) for pair in self.alike],
            "untouched": untouched,
            "examples": self.examples,
        }

    def __str__(self) -> str:
        """`C1: 6 filters, none dead over 256 test examples, 1 pair near-duplicate (2 and 5), none untouched`."""
        over = f" over {counted(self.examples, 'test example')}" if self.examples else " by their weights"
        pairs = [f"{one} and {other}" for one, other in self.alike]
        alike = f"{counted(len(pairs), 'pair')} near-duplicate{_shown(pairs)}" if pairs else "no near-duplicates"
        parts = [f"{_count(self.dead)} dead{over}{_shown(self.dead)}", alike]
        if self.untouched is not None:
            is_all = len(self.untouched) == self.count
            parts.append("all untouched" if is_all else f"{_count(self.untouched)} untouched{_shown(self.untouched)}")
        return f"{self.layer}: {counted(self.count, 'filter')}, " + ", ".join(parts)


def _count(numbers: tuple[int, ...]) -> str:
    return str(len(numbers)) if numbers else "none"


def _shown(items: Any, most: int = 6) -> str:
    if not items:
        return ""
    return f" ({', '.join(map(str, items[:most]))}{', …' if len(items) > most else ''})"


def health(
    layer: str,
    kernel: np.ndarray,
    *,
    initial: np.ndarray | None = None,
    ends: tuple[np.ndarray, np.ndarray] | None = None,
    examples: int = 0,
) -> Health:
    """Look at a layer's filters.

    Args:
        kernel: float32 (filters, weights), from `flat`.
        initial: the same as it was before training.
        ends: the smallest and the largest answer of each filter over the examples, (filters,) each.
        examples: how many those are.
    """
    norms = np.linalg.norm(kernel, axis=1)
    is_dead = norms <= _NO_NORM * np.median(norms)
    if ends is not None and len(ends[0]) == len(kernel):
        low, high = ends
        is_dead = is_dead | (high - low <= _SAME * np.maximum(np.abs(low), np.abs(high)))
    alike: list[tuple[int, int]] = []
    if kernel.shape[1] > 1:  # filters of one weight all point one of two ways
        units = kernel / np.where(norms > 0, norms, 1)[:, None]
        cosines = np.triu(units @ units.T, 1)
        alike = [(int(one), int(other)) for one, other in np.argwhere(cosines > ALIKE)]
    untouched = None
    if initial is not None:
        untouched = tuple(np.flatnonzero((kernel == initial).all(axis=1)).tolist())
    dead = tuple(np.flatnonzero(is_dead).tolist())
    return Health(layer, len(kernel), dead, tuple(alike), untouched, examples if ends is not None else 0)


def flat(kernel: np.ndarray, depthwise: bool) -> np.ndarray:
    """A kernel as `kernel_of` gives it, as (filters, weights)."""
    if depthwise:
        kernel = kernel.reshape(*kernel.shape[:-2], 1, -1)  # (*window, 1, channels * multiplier)
    return kernel.reshape(-1, kernel.shape[-1]).T


def strongest(kernel: np.ndarray, depthwise: bool, count: int) -> np.ndarray:
    """The numbers of the filters with the largest norms, largest first: int64 (count,) or fewer."""
    norms = np.linalg.norm(flat(kernel, depthwise), axis=1)
    return np.argsort(-norms, kind="stable")[:count]


def answers_of(network: Opened, layer: str, images: InputValues) -> tuple[np.ndarray, np.ndarray]:
    """The smallest and the largest answer of each filter, after the normalisation and activation that follow it alone."""
    return answers(network, last_of_filter(network, layer), images)


def last_of_filter(network: Opened, layer: str) -> str:
    """The layer behind a convolution up to which each map is still one filter's."""
    takers: dict[int, list[str]] = {}
    names = {id(tensor): name for name, tensor in network.tensors.items() if not isinstance(tensor, list)}
    for call in keras_internals.calls_of(network.model):
        for tensor in call.inputs:
            name = names.get(id(call.outputs[0]))
            takers.setdefault(id(tensor), []).extend([name] if name else [])
    while True:
        following = takers.get(id(network.tensors[layer]), [])
        if len(following) != 1 or type(network.layers[following[0]]).__name__ not in _FOLLOWED:
            return layer
        layer = following[0]
