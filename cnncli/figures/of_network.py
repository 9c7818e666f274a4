"""Pictures of what a network sees: feature maps, heat over examples, and what filters and classes like most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from cnncli.errors import DataError, RecipeError
from cnncli.figures.feature_maps import draw_feature_maps
from cnncli.figures.heat import draw_heat
from cnncli.figures.maximized import draw_maximized
from cnncli.figures.save import make_folder, save
from cnncli.figures.signals import draw_signal_heat, draw_signal_maps
from cnncli.figures.style import number_text
from cnncli.figures.volumes import enlarged, gray_or_colour, slices_of
from cnncli.insight.examples import Chosen
from cnncli.insight.feature_maps import feature_maps
from cnncli.insight.heat import METHODS, heat_of, layer_for
from cnncli.insight.layers import MOST_TARGETS, count_of, layers_to_show
from cnncli.insight.maximize import maximize
from cnncli.insight.scores import probabilities
from cnncli.network.opened import Opened
from cnncli.wording import counted, did_you_mean, shortened


@dataclass(frozen=True)
class Subject:
    """A network to be looked at.

    Attributes:
        network: raw examples -> outputs.
        name: what the titles call it.
        class_names: by label.
    """

    network: Opened
    name: str
    class_names: tuple[str, ...]

    def class_number(self, name: str) -> int:
        """The label of a class.

        Raises:
            RecipeError: there is none of that name; with the nearest one.
        """
        if name not in self.class_names:
            hint = did_you_mean(name, map(shortened, self.class_names))
            raise RecipeError(f"no class is named `{shortened(name)}`", hint=hint)
        return self.class_names.index(name)


@dataclass(frozen=True)
class Drawn:
    """Pictures, and what is said in them, for `--json`."""

    files: tuple[Path, ...]
    details: tuple[dict[str, Any], ...] = ()


# ---- feature maps ------------------------------------------------------------------------------------------------------


def draw_feature_maps_of(
    subject: Subject, layers: Sequence[str] | None, chosen: Chosen, folder: Path, *, formats: Sequence[str] = ("png",)
) -> Drawn:
    """Draw what each filter of layers gives for examples: `feature-maps-<layer>-<number>.png`, one an example and layer.

    Args:
        layers: names; None for the first convolution. A layer of units gives a map of one place each.
        folder: made when it is missing.

    Raises:
        RecipeError: no such layer, or one whose output is neither maps nor units.
    """
    names = layers_to_show(subject.network, layers)
    outputs = feature_maps(subject.network, names, chosen.inputs)
    make_folder(folder)
    files: list[Path] = []
    for name, maps in zip(names, outputs, strict=True):
        for number, (example, one) in enumerate(zip(chosen.inputs, maps, strict=True)):
            figure = _map_sheet(example, one, name, f"{subject.name}: {_named(subject, chosen, number)}")
            files += save(figure, folder / f"feature-maps-{_in_file(name)}-{number + 1}.png", formats=formats)
    return Drawn(tuple(files), tuple(_said(subject, chosen)))


def _map_sheet(example: np.ndarray, maps: np.ndarray, layer: str, title: str) -> Figure:
    if maps.ndim == 1:
        maps = maps.reshape((1,) * (example.ndim - 1) + (-1,))  # units: one place each
    if example.ndim == 2 and len(maps) > 1:
        return draw_signal_maps(example, maps, layer_name=layer, title=title)
    if example.ndim == 2:
        image, maps = gray_or_colour(example.T[..., None]), maps[None]
    elif example.ndim == 4:
        sizes = tuple(" × ".join(map(str, one.shape[:-1])) for one in (example, maps))
        image, maps = slices_of(gray_or_colour(example)), slices_of(maps)
        said = (f"volume, {sizes[0]}, slices", f"{sizes[1]}, slices by depth")
        return draw_feature_maps(image, maps, layer_name=layer, title=title, sizes=said)
    else:
        image = gray_or_colour(example)
    return draw_feature_maps(image, maps, layer_name=layer, title=title)


def _named(subject: Subject, chosen: Chosen, number: int) -> str:
    if chosen.labels is None:
        return chosen.names[number]
    return f"{subject.class_names[int(chosen.labels[number])]}, {chosen.names[number]}"


def _said(subject: Subject, chosen: Chosen) -> list[dict[str, Any]]:
    labels = [None] * len(chosen.names) if chosen.labels is None else chosen.labels
    return [
        {"example": name, "true": None if label is None else subject.class_names[int(label)]}
        for name, label in zip(chosen.names, labels, strict=True)
    ]


# ---- heat --------------------------------------------------------------------------------------------------------------


def draw_heat_of(
    subject: Subject,
    chosen: Chosen,
    folder: Path,
    *,
    method: str = "grad-cam",
    layer: str | None = None,
    class_name: str = "predicted",
    formats: Sequence[str] = ("png",),
) -> Drawn:
    """Draw examples and beside them where a class is in them, as one sheet: `<method>-<layer>.png`.

    Args:
        method: of `cnncli.insight.heat.METHODS`.
        layer: whose maps; None for the last that gives maps.
        class_name: `predicted`, `true`, or the name of a class.
        folder: made when it is missing.

    Raises:
        RecipeError: no such layer or class.
        DataError: the true class is wanted, and of image files it is not known.
    """
    layer = layer_for(subject.network, method, layer)
    shares = probabilities(subject.network.model, chosen.inputs)  # (count, classes)
    predicted = shares.argmax(axis=-1)
    wanted = _wanted_classes(subject, chosen, class_name, predicted)
    heat = heat_of(subject.network, method, layer, chosen.inputs, wanted)
    details = [
        {
            **said,
            "predicted": subject.class_names[int(predicted[number])],
            "class": subject.class_names[int(wanted[number])],
            "probability": float(shares[number, wanted[number]]),
            "has_heat": bool(heat[number].any()),
        }
        for number, said in enumerate(_said(subject, chosen))
    ]
    is_named = class_name not in ("predicted", "true")
    title = f"{subject.name}: what speaks for {class_name if is_named else f'the {class_name} class'}"
    at_layer = f" at {layer}" if layer else ""
    subtitle = f"{METHODS[method][0]}{at_layer} · {chosen.source}"
    figure = _heat_sheet(chosen.inputs, heat, [_caption(one) for one in details], title, subtitle)
    make_folder(folder)
    which = f"class-{subject.class_number(class_name)}" if is_named else "" if class_name == "predicted" else class_name
    stem = "-".join(filter(None, [method, _in_file(layer or ""), which]))
    return Drawn(tuple(save(figure, folder / f"{stem}.png", formats=formats)), tuple(details))


def _wanted_classes(subject: Subject, chosen: Chosen, class_name: str, predicted: np.ndarray) -> np.ndarray:
    if class_name == "predicted":
        return predicted
    if class_name == "true":
        if chosen.labels is None:
            raise DataError("of image files the true class is not known", hint="name it: --class NAME")
        return np.asarray(chosen.labels)
    return np.full(len(predicted), subject.class_number(class_name))


def _caption(said: Mapping[str, Any]) -> tuple[str, str]:
    """What the heat is of, and what the example is."""
    parts = [] if said["class"] == said["predicted"] else [f"predicted: {said['predicted']}"]
    if said["true"] is None:
        parts.append(said["example"])
    else:
        parts.append(f"is: {said['true']}" + ("" if said["true"] == said["predicted"] else "  (wrong)"))
    if not said["has_heat"]:
        parts.append("no heat")
    return f"{said['class']}, {said['probability']:.0%}", " · ".join(parts)


def _heat_sheet(
    examples: np.ndarray, heat: np.ndarray, captions: Sequence[tuple[str, str]], title: str, subtitle: str
) -> Figure:
    if examples.ndim == 3:
        return draw_signal_heat(examples, heat, captions, title=title, subtitle=subtitle)
    if examples.ndim == 5:
        large = [enlarged(one, examples.shape[1:4]) for one in heat]
        heat = np.stack([slices_of(one[..., None])[..., 0] for one in large])
        images = np.stack([slices_of(gray_or_colour(volume)) for volume in examples])
        subtitle += " · slices by depth"
    else:
        images = gray_or_colour(examples)
    return draw_heat(images, heat, captions, title=title, subtitle=subtitle)


# ---- activation maximisation -------------------------------------------------------------------------------------------


def draw_maximized_of(
    subject: Subject,
    folder: Path,
    *,
    layer: str | None = None,
    filters: Sequence[int] | None = None,
    classes: Sequence[str] | None = None,
    steps: int = 128,
    seed: int = 0,
    value_range: tuple[float, float],
    formats: Sequence[str] = ("png",),
) -> Drawn:
    """Draw what filters of a layer, or classes, like most, as one sheet: `maximize-<layer>.png` or `maximize-classes.png`.

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
    found = maximize(subject.network, layer, targets, value_range=value_range, steps=steps, seed=seed)
    captions, details = [], []
    for name, target, activation, noise in zip(names, targets, found.activations, found.noise, strict=True):
        captions.append((name, f"{number_text(float(activation), 3)}, noise {number_text(float(noise), 2)}"))
        kind = "class" if layer is None else "filter"
        what = subject.class_names[target] if layer is None else target
        details.append({kind: what, "activation": float(activation), "noise": float(noise)})
    if layer is None:
        title = f"{subject.name}: what {counted(len(targets), 'class', 'classes')} like{'s' * (len(targets) == 1)} most"
        reached = "score before the softmax"
    else:
        title = f"{subject.name}: what filters of {layer} like most"
        reached = "mean activation"
    subtitle = f"Gradient ascent, {steps} steps, seed {seed} · below each name: the {reached}, and that of noise"
    figure = draw_maximized(found.inputs, captions, title=title, subtitle=subtitle)
    make_folder(folder)
    stem = f"maximize-{_in_file(layer)}" if layer else "maximize-classes"
    return Drawn(tuple(save(figure, folder / f"{stem}.png", formats=formats)), tuple(details))


def targets_of(
    subject: Subject, layer: str | None, filters: Sequence[int] | None, classes: Sequence[str] | None
) -> tuple[str | None, list[int], list[str]]:
    """What is maximised: a layer or None for classes, the numbers of filters or classes, and what they are called.

    Raises:
        RecipeError: no such layer, filter or class.
    """
    if layer is None and filters is None:
        wanted = list(classes) if classes else list(subject.class_names[:MOST_TARGETS])
        return None, [subject.class_number(name) for name in wanted], wanted
    [layer] = layers_to_show(subject.network, [layer] if layer else None)
    count = count_of(subject.network, layer)
    numbers = list(filters) if filters else list(range(min(count, MOST_TARGETS)))
    for number in numbers:
        if not 0 <= number < count:
            raise RecipeError(f"layer `{layer}` has no filter {number}", hint=f"they count from 0 to {count - 1}")
    return layer, numbers, [f"filter {number}" for number in numbers]


def _in_file(layer: str) -> str:
    return layer.replace("/", "-")
