"""Draw inputs that maximize filters or classes as one sheet (activation maximization)."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from cnncli.errors import RecipeError
from cnncli.interpretability.layer_selection import MOST_TARGETS, count_of, layers_to_show
from cnncli.interpretability.maximize import maximize
from cnncli.interpretability.subject import Subject
from cnncli.messages import number_text
from cnncli.plots import naming
from cnncli.plots.drawn import Drawn
from cnncli.plots.maximized import draw_maximized
from cnncli.plots.save import Folder, claim, make_folder, save
from cnncli.plots.text_fitting import Title

STEPS = 128  # of the gradient ascent


def draw_maximized_of(
    subject: Subject,
    folder: Folder,
    *,
    layer: str | None = None,
    filters: Sequence[int] | None = None,
    classes: Sequence[str] | None = None,
    steps: int = STEPS,
    seed: int = 0,
    value_range: tuple[float, float],
    formats: Sequence[str] = ("png",),
) -> Drawn:
    """Draw inputs that maximize filters of a layer, or classes, as one sheet: `maximize-<layer>.png` or `maximize-classes.png`.

    Whatever is not the default is an option of the name: `maximize-C3--filters-0-5--seed-1.png`.

    Args:
        layer: whose filters or units; None for classes, or, where `filters` are named, the first convolution.
        filters: their numbers; None for the first 16.
        classes: their names; None for the first 16.
        steps, seed, value_range: as for `maximize`.
        folder: made when it is missing.

    Raises:
        RecipeError: no such layer, filter or class.
    """
    layer, targets, names = targets_of(subject, layer, filters, classes)
    word = "filters" if layer else "classes"
    by_default = targets_of(subject, layer, None, None)[1]
    options = [
        naming.numbers(word, targets) if targets != by_default else "",
        f"steps-{steps}" if steps != STEPS else "",
        f"seed-{seed}" if seed else "",
    ]
    stem = naming.stem(f"maximize-{naming.part(layer)}" if layer else subject.MAXIMIZED_AS, options)
    claim(folder, [stem], formats)
    found = maximize(subject.network, layer, targets, value_range=value_range, steps=steps, seed=seed)
    captions, details = [], []
    signs = [subject.sign_of(target) if layer is None else 1 for target in targets]
    reached_by = np.stack([signs * found.activations, signs * found.noise], axis=-1)  # (targets, 2)
    texts = iter(_equally_exact(reached_by.ravel()))
    for name, target, (activation, noise) in zip(names, targets, reached_by, strict=True):
        captions.append((name, f"{next(texts)}, noise {next(texts)}"))
        kind = subject.WHAT if layer is None else "filter"
        what = subject.asked_for[target] if layer is None else target
        details.append({kind: what, "activation": float(activation), "noise": float(noise)})
    title, reached = (
        subject.maximized_title(names)
        if layer is None
        else (f"inputs that maximize filters of {layer}", "mean activation")
    )
    subtitle = f"Gradient ascent, {steps} steps, seed {seed}"
    note = f"Below each name: the {reached}, and that of noise."
    heading = Title(subject.name, f": {title}")
    figure = draw_maximized(found.inputs, captions, title=heading, subtitle=subtitle, note=note)
    make_folder(folder)
    return Drawn(tuple(save(figure, folder / f"{stem}.png", formats=formats)), tuple(details))


def _equally_exact(values: np.ndarray) -> list[str]:
    """Write numbers with as many decimals each, so that the largest has three digits that count: `26.0`, `3.7`, `−1.8`."""
    largest = float(np.abs(values).max(initial=0))
    if not 1e-4 <= largest < 1e7:
        return [number_text(float(value), 3) for value in values]
    decimals = max(0, 2 - math.floor(math.log10(largest)))
    rounded = [round(float(value), decimals) + 0.0 for value in values]  # + 0.0: no minus before 0
    return [f"{value:,.{decimals}f}".replace("-", "−") for value in rounded]


def targets_of(
    subject: Subject, layer: str | None, filters: Sequence[int] | None, classes: Sequence[str] | None
) -> tuple[str | None, list[int], list[str]]:
    """What is maximised: a layer or None for classes, the numbers of filters or classes, and what they are called.

    Raises:
        RecipeError: no such layer, filter or class.
    """
    if layer is None and filters is None:
        wanted = list(classes) if classes else list(subject.asked_for[:MOST_TARGETS])
        return None, [subject.number_of(name) for name in wanted], wanted
    [layer] = layers_to_show(subject.network, [layer] if layer else None)
    count = count_of(subject.network, layer)
    numbers = list(filters) if filters else list(range(min(count, MOST_TARGETS)))
    for number in numbers:
        if not 0 <= number < count:
            raise RecipeError(f"layer `{layer}` has no filter {number}", hint=f"they count from 0 to {count - 1}")
    return layer, numbers, [f"filter {number}" for number in numbers]
