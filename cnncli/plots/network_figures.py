"""Draw what a network learned: feature maps, heat maps, and activation maximization."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from cnncli.errors import CnncliError, RecipeError
from cnncli.inputs import kind_of
from cnncli.interpretability.attribution import METHODS, heat_of, layer_for
from cnncli.interpretability.examples import Chosen
from cnncli.interpretability.feature_maps import feature_maps
from cnncli.interpretability.layer_selection import MOST_TARGETS, count_of, layers_to_show
from cnncli.interpretability.maximize import maximize
from cnncli.interpretability.subject import Subject
from cnncli.messages import number_text
from cnncli.plots import naming, style
from cnncli.plots.feature_maps import draw_feature_maps
from cnncli.plots.heat_maps import draw_heat
from cnncli.plots.map_tiles import LayerMaps
from cnncli.plots.maximized import draw_maximized
from cnncli.plots.save import Folder, claim, make_folder, save
from cnncli.plots.signals import draw_signal_heat

STEPS = 128  # of the gradient ascent
_INVERTED = "inverted"  # an option of a picture's name


@dataclass(frozen=True)
class Drawn:
    """Pictures, and what is said in them, for `--json`."""

    files: tuple[Path, ...]
    details: tuple[dict[str, Any], ...] = ()


# ---- feature maps ------------------------------------------------------------------------------------------------------


def draw_feature_maps_of(
    subject: Subject,
    layers: Sequence[str] | None,
    chosen: Chosen,
    folder: Folder,
    *,
    shares: np.ndarray | None = None,
    formats: Sequence[str] = ("png",),
) -> Drawn:
    """Draw what layers make of examples, a sheet an example: `feature_maps_<example>.png`, further sheets `…-2.png` and so on.

    An example of a split is named by its number there, an image by its file's name. Layers other than the default are
    options of the name: `feature_maps_7--C1-C3.png`.

    Args:
        layers: names; None for the first convolution. They are drawn in the order of the network. A layer of units gives a
            map of one place each.
        folder: made when it is missing.
        shares: float (examples, classes) or (examples, k), what the network says of each; None where that is not known.

    Raises:
        RecipeError: no such layer, or one whose output is neither maps nor units.
    """
    wanted = set(layers_to_show(subject.network, layers))
    names = [name for name in subject.network.layers if name in wanted]
    is_default = layers is None or names == _default_layers(subject)
    options = [] if is_default else [naming.layers(names)]
    options += [_INVERTED] if chosen.is_inverted else []
    stems = [naming.stem(f"feature_maps_{key}", options) for key in _keys(chosen)]
    claim(folder, stems, formats)
    outputs = feature_maps(subject.network, names, chosen.inputs)
    kinds = [type(subject.network.layers[name]).__name__ for name in names]
    make_folder(folder)
    details = _said(subject, chosen)
    files: list[Path] = []
    taken: set[str] = set()
    for number, example in enumerate(chosen.inputs):
        if shares is not None:
            details[number] |= subject.answer(shares[number])
        maps = [LayerMaps(name, kind, each[number]) for name, kind, each in zip(names, kinds, outputs, strict=True)]
        title = f"{subject.name}: {chosen.names[number]}"
        sheets = draw_feature_maps(example, maps, title=title, answer=_answer(subject, details[number]))
        for name, figure in zip(_free_names(stems[number], len(sheets), taken), sheets, strict=True):
            files += save(figure, folder / f"{name}.png", formats=formats)
    return Drawn(tuple(files), tuple(details))


def _default_layers(subject: Subject) -> list[str] | None:
    """The layers that are shown when none is named; None where there are none."""
    try:
        return list(layers_to_show(subject.network, None))
    except CnncliError:
        return None


def _keys(chosen: Chosen) -> list[str]:
    """What to call each example in a file's name."""
    return [naming.image(path) for path in chosen.paths] or [naming.part(key) for key in chosen.keys]


def _answer(subject: Subject, said: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What is true and what is predicted, each with its colour."""
    lines = [] if said["true"] is None else [(f"true {subject.WHAT}: {said['true']}", style.INK)]
    if "probability" in said:
        right = said["true"] in (None, said["predicted"])
        share = said["probability"]
        shown = ">99.9%" if 0.9995 <= share < 1 else f"{share:.1%}"  # never rounded up to all
        lines.append((f"predicted: {said['predicted']}, {shown}", style.BLUE if right else style.ORANGE))
    elif "predicted" in said:
        lines.append((f"predicted: {said['predicted']}", style.BLUE))
    return lines


def _free_names(name: str, count: int, taken: set[str]) -> list[str]:
    """The names of an example's sheets, none of which another example has: two folders may hold images of one name."""
    for attempt in itertools.count(1):
        base = name if attempt == 1 else f"{name}_{attempt}"
        names = [base, *(f"{base}-{sheet}" for sheet in range(2, count + 1))]
        if taken.isdisjoint(names):
            break
    taken.update(names)
    return names


def _said(subject: Subject, chosen: Chosen) -> list[dict[str, Any]]:
    labels = [None] * len(chosen.names) if chosen.labels is None else chosen.labels
    return [
        {"example": name, "true": None if label is None else subject.told(label)}
        for name, label in zip(chosen.names, labels, strict=True)
    ]


# ---- heat --------------------------------------------------------------------------------------------------------------


def draw_heat_of(
    subject: Subject,
    chosen: Chosen,
    folder: Folder,
    *,
    method: str = "grad-cam",
    layer: str | None = None,
    class_name: str = "predicted",
    formats: Sequence[str] = ("png",),
) -> Drawn:
    """Draw examples and beside them where a class is in them, as one sheet: `<method>-<layer>.png`.

    Another class than the predicted one, and other examples than the default, are options of the name:
    `grad-cam-C3--true--most_wrong.png`.

    Args:
        method: of `cnncli.interpretability.attribution.METHODS`.
        layer: whose maps; None for the last that gives maps.
        class_name: `predicted`, `true`, or the name of a class.
        folder: made when it is missing.

    Raises:
        RecipeError: no such layer or class.
        DataError: the true class is wanted, and of image files it is not known.
    """
    layer = layer_for(subject.network, method, layer)
    stem = _heat_stem(subject, chosen, method, layer, class_name)
    claim(folder, [stem], formats)
    said = subject.said(chosen.inputs)  # (count, what can be asked for)
    wanted = subject.wanted(class_name, chosen.labels, said)
    heat = heat_of(subject.network, method, layer, chosen.inputs, wanted, score=subject.score)
    labels = [None] * len(said) if chosen.labels is None else chosen.labels
    details = [
        {"example": example, **subject.explained(label, answer, int(number)), "has_heat": bool(its_heat.any())}
        for example, label, answer, number, its_heat in zip(chosen.names, labels, said, wanted, heat, strict=True)
    ]
    what, meaning = subject.heat_title(class_name, moves=method == "smoothgrad")
    at_layer = f" at {layer}" if layer else ""
    subtitle = f"{METHODS[method][0]}{at_layer} · {chosen.source}"
    captions = [subject.caption(one) for one in details]
    figure = _heat_sheet(chosen.inputs, heat, captions, f"{subject.name}: {what}", subtitle, meaning)
    make_folder(folder)
    return Drawn(tuple(save(figure, folder / f"{stem}.png", formats=formats)), tuple(details))


def _heat_stem(subject: Subject, chosen: Chosen, method: str, layer: str | None, class_name: str) -> str:
    """The name of a sheet: method, layer, class and examples."""
    which = "" if class_name == "predicted" else class_name
    if which not in ("", "true"):
        which = f"{subject.OPTION}-{subject.number_of(class_name)}"
    examples = naming.images(chosen.paths) if chosen.paths else ""
    if chosen.samples not in (None, METHODS[method][1]):
        examples = f"{chosen.samples}-examples" if isinstance(chosen.samples, int) else str(chosen.samples)
    inverted = _INVERTED if chosen.is_inverted else ""
    return naming.stem(f"{method}-{naming.part(layer)}" if layer else method, [which, examples, inverted])


def _heat_sheet(
    examples: np.ndarray,
    heat: np.ndarray,
    captions: Sequence[tuple[str, str]],
    title: str,
    subtitle: str,
    meaning: str,
) -> Figure:
    kind = kind_of(examples.shape[1:])
    if kind.ARE_CURVES:
        return draw_signal_heat(examples, heat, captions, title=title, subtitle=subtitle, meaning=meaning)
    pictures, heat = kind.pictures(examples, lines=True), kind.heat_pictures(heat, examples.shape[1:])
    subtitle += f" · {kind.LAYOUT}" if kind.LAYOUT else ""
    return draw_heat(pictures, heat, captions, title=title, subtitle=subtitle, meaning=meaning)


# ---- activation maximisation -------------------------------------------------------------------------------------------


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
    """Draw what filters of a layer, or classes, like most, as one sheet: `maximize-<layer>.png` or `maximize-classes.png`.

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
    reached_by = zip(names, targets, signs * found.activations, signs * found.noise, strict=True)
    for name, target, activation, noise in reached_by:
        captions.append((name, f"{_plain_number(float(activation))}, noise {_plain_number(float(noise))}"))
        kind = subject.WHAT if layer is None else "filter"
        what = subject.asked_for[target] if layer is None else target
        details.append({kind: what, "activation": float(activation), "noise": float(noise)})
    title, reached = (
        subject.maximized_title(names) if layer is None else (f"what filters of {layer} like most", "mean activation")
    )
    subtitle = f"Gradient ascent, {steps} steps, seed {seed} · below each name: the {reached}, and that of noise"
    figure = draw_maximized(found.inputs, captions, title=f"{subject.name}: {title}", subtitle=subtitle)
    make_folder(folder)
    return Drawn(tuple(save(figure, folder / f"{stem}.png", formats=formats)), tuple(details))


def _plain_number(value: float) -> str:
    """`8,200`, `−12`, `0.35`: two or three digits that count, and no exponent where it can be helped."""
    if not 100 <= abs(value) < 1e7:
        return number_text(value, 2 if abs(value) < 1 else 3)
    return f"{float(f'{value:.3g}'):,.0f}".replace("-", "−")


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
