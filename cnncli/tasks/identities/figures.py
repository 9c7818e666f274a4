"""Figures of a verification of identities: similarities and ROC curve, nearest neighbours, confused pairs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from cnncli.data.dataset import Examples
from cnncli.inputs import InputKind
from cnncli.interpretability.examples import read
from cnncli.plots import style
from cnncli.plots.confident_errors import Caption, draw_sheet
from cnncli.plots.evaluation_figures import can_show
from cnncli.plots.text_fitting import Title, fit_text, plain_text
from cnncli.plots.verification import draw_verification
from cnncli.recipe.named_inputs import by_name
from cnncli.tasks.identities.result import ExamplePair
from cnncli.tasks.identities.scorer import Scored

_PLACES = ("example", "other example")
_MOST_NEIGHBOURS = 10  # of wrong ones, and of right ones
_MOST_CONFUSED = 10  # of each kind


def draw(
    scored: Scored, examples: Examples, *, title: str | Title, kinds: Mapping[str, InputKind]
) -> Iterator[tuple[str, Figure]]:
    """Draw each picture, with its name.

    Args:
        title: the heading of every picture, any text.
        kinds: of the inputs by name, where their shapes alone do not tell them.
    """
    result = scored.result
    if scored.curve is not None:
        subtitle = f"AUC {result.auc:.4f}, equal error rate {result.equal_error_rate:.4f}, {result.count:,} examples"
        yield (
            "verification",
            draw_verification(
                scored.values,
                scored.pairs.same,
                (scored.curve.false, scored.curve.true),
                threshold=result.threshold,
                title=title + ", verification",
                subtitle=subtitle,
            ),
        )
    if not can_show(examples, kinds):
        return
    wrong, right = scored.wrong[:_MOST_NEIGHBOURS], _some_right(scored)
    rows = np.concatenate([wrong, right])
    if len(rows):
        what = f"{len(scored.wrong):,} of {int(scored.neighbours.counted.sum()):,} nearest neighbours are of another identity"
        yield (
            "neighbours",
            _pairs(
                examples,
                [(int(row), int(scored.neighbours.nearest[row])) for row in rows],
                lambda number: _neighbour_text(scored, int(rows[number])),
                title=title + ", nearest neighbours",
                subtitle=f"{what}",
                kinds=kinds,
            ),
        )
    confused = [*result.most_alike[:_MOST_CONFUSED], *result.least_alike[:_MOST_CONFUSED]]
    if confused:
        alike = len(result.most_alike[:_MOST_CONFUSED])
        yield (
            "wrong",
            _pairs(
                examples,
                [(pair.first.index, pair.second.index) for pair in confused],
                lambda number: _pair_text(confused[number], is_same=number >= alike),
                title=title + ", confusing pairs",
                subtitle="the most similar pairs of two identities, then the least similar ones of one",
                kinds=kinds,
            ),
        )


def _some_right(scored: Scored) -> np.ndarray:
    """Examples with a right neighbour, evenly over the split."""
    right = np.flatnonzero(scored.neighbours.counted & scored.neighbours.right)
    return right[np.linspace(0, len(right) - 1, min(len(right), _MOST_NEIGHBOURS)).astype(np.int64)]


def _neighbour_text(scored: Scored, row: int) -> tuple[str, str]:
    value = f"{scored.neighbours.values[row]:.3f}"
    is_right = bool(scored.neighbours.right[row])
    return (f"same identity, {value}", style.GREEN) if is_right else (f"another identity, {value}", style.ORANGE)


def _pair_text(pair: ExamplePair, *, is_same: bool) -> tuple[str, str]:
    what, colour = ("one identity", style.BLUE) if is_same else ("two identities", style.ORANGE)
    return f"{what}, {pair.similarity:.3f}", colour


def _pairs(
    examples: Examples,
    pairs: Sequence[tuple[int, int]],
    text: Callable[[int], tuple[str, str]],
    *,
    title: str | Title,
    subtitle: str,
    kinds: Mapping[str, InputKind],
) -> Figure:
    """A sheet of pairs, the two examples of each side by side."""
    sides = [by_name(read(examples, [pair[side] for pair in pairs])) for side in (0, 1)]
    own = sides[0]
    names = {(place, name): place if len(own) == 1 else f"{place}, {name}" for place in _PLACES for name in own}
    inputs = {names[place, name]: side[name] for place, side in zip(_PLACES, sides, strict=True) for name in side}
    known = {names[place, name]: kind for place in _PLACES for name, kind in kinds.items() if (place, name) in names}

    def caption(number: int, width: float) -> Caption:
        said, colour = text(number)
        where = [
            f"example {index}" if examples.files is None else plain_text(examples.files[index])
            for index in pairs[number]
        ]
        shown = [(fit_text(each, width, style.LABEL_SIZE), style.MUTED) for each in where]
        return ((fit_text(said, width, style.LABEL_SIZE), colour), *shown)

    return draw_sheet(inputs, caption, title=title, subtitle=subtitle, kinds=known)
