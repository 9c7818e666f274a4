"""Draw the feature maps of a network as sheets, one example at a time."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from cnncli.data.input_values import rows
from cnncli.errors import CnncliError, Problem
from cnncli.inputs import TOKENS, kind_of
from cnncli.inputs.base import gray_or_colour
from cnncli.interpretability.examples import Chosen
from cnncli.interpretability.feature_maps import feature_maps
from cnncli.interpretability.layer_selection import layers_to_show
from cnncli.interpretability.places import Places, input_kind, places_of
from cnncli.interpretability.subject import Subject
from cnncli.interpretability.word_heat import tokens_of
from cnncli.messages import counted, printable
from cnncli.plots import naming
from cnncli.plots.drawn import INVERTED, Drawn, answer_caption
from cnncli.plots.feature_maps import draw_feature_maps
from cnncli.plots.map_tiles import LayerMaps
from cnncli.plots.save import Folder, claim, make_folder, save
from cnncli.plots.tiles import to_unit
from cnncli.recipe.schema_pictures import MOST_SHEETS


def draw_feature_maps_of(
    subject: Subject,
    layers: Sequence[str] | None,
    chosen: Chosen,
    folder: Folder,
    *,
    shares: np.ndarray | None = None,
    most_sheets: int = MOST_SHEETS,
    formats: Sequence[str] = ("png",),
) -> Drawn:
    """Draw the feature maps of examples, a sheet an example: `feature_maps_<example>.png`, further sheets `…-2.png` and so on.

    An example of a split is named by its number there, an image by its file's name. Layers other than the default are
    options of the name: `feature_maps_7--C1-C3.png`.

    Args:
        layers: names; None for the first convolution. They are drawn in the order of the network. A layer of units gives a
            map of one place each.
        folder: made when it is missing.
        shares: float (examples, classes) or (examples, k), what the network says of each; None where that is not known.
        most_sheets: all together. Where they are more, the last examples are left out, and of one example the last layers.

    Raises:
        RecipeError: no such layer, or one whose output is neither maps nor units.
    """
    wanted = set(layers_to_show(subject.network, layers))
    names = [name for name in subject.network.layers if name in wanted]
    is_default = layers is None or names == _default_layers(subject)
    options = [] if is_default else [naming.layers(names)]
    options += [INVERTED] if chosen.is_inverted else []
    stems = [naming.stem(f"feature_maps_{key}", options) for key in _keys(chosen)]
    claim(folder, stems, formats)
    kinds = [type(subject.network.layers[name]).__name__ for name in names]
    places = [places_of(subject.network, name) for name in names]
    kind = input_kind(subject.network)

    def sheets_of(number: int, outputs: Sequence[np.ndarray]) -> list[Figure]:
        said = None if shares is None else shares[number]
        label = None if chosen.labels is None else chosen.labels[number]
        maps = [_maps(*each, are_strips=kind.ARE_NUMBERED) for each in zip(names, kinds, places, outputs, strict=True)]
        title = f"{subject.name}: {chosen.names[number]}"
        options: dict[str, Any] = {"title": title, "answer": answer_caption(subject, label, said)}
        if isinstance(chosen.inputs, dict):
            example, caption = _side_by_side(chosen.inputs, number)
            return draw_feature_maps(example, maps, caption=caption, **options)
        if not kind.ARE_NUMBERS:
            text = str(chosen.inputs[number])
            tokens = tokens_of(subject.network, [text])
            example = np.zeros(1, np.int64) if tokens is None else tokens[0]
            return draw_feature_maps(example, maps, kind=TOKENS, caption=printable(text), **options)
        return draw_feature_maps(chosen.inputs[number], maps, kind=kind, **options)

    # All examples have as many sheets as the first one.
    first = sheets_of(0, [each[0] for each in feature_maps(subject.network, names, rows(chosen.inputs, slice(1)))])
    shown = min(len(chosen.names), max(1, most_sheets // len(first)))
    make_folder(folder)
    details = _said(subject, chosen.first(shown))
    outputs = feature_maps(subject.network, names, rows(chosen.inputs, slice(shown))) if shown > 1 else []
    files: list[Path] = []
    taken: set[str] = set()
    for number in range(shown):
        if shares is not None:
            details[number] |= subject.answer(shares[number])
        sheets = sheets_of(number, [each[number] for each in outputs]) if number else first[:most_sheets]
        for name, figure in zip(_free_names(stems[number], len(sheets), taken), sheets, strict=True):
            files += save(figure, folder / f"{name}.png", formats=formats)
    return Drawn(tuple(files), tuple(details), _sheet_notes(shown, len(chosen.names), len(first), most_sheets))


def _side_by_side(inputs: Mapping[str, np.ndarray], number: int) -> tuple[np.ndarray, str]:
    """An example for the top of a sheet, and the names of its inputs: images side by side, else the first that can be shown."""
    shown = {name: values[number] for name, values in inputs.items() if kind_of(values.shape[1:]).has_places}
    images = {name: image for name, image in shown.items() if kind_of(image.shape).is_gray_or_colour(image.shape)}
    if len(images) < 2:
        name, example = next(iter((images or shown).items()))
        return example, printable(name)
    height = max(len(image) for image in images.values())
    gap = max(1, height // 16)
    padded = []
    for image in images.values():
        pixels = np.broadcast_to(to_unit(gray_or_colour(image)), (*image.shape[:2], 3))
        padded.append(np.pad(pixels, ((0, height - len(image)), (0, gap), (0, 0)), constant_values=1.0))
    return np.concatenate(padded, axis=1)[:, :-gap], " and ".join(map(printable, images))


def _maps(name: str, kind: str, places: Places | None, output: np.ndarray, *, are_strips: bool) -> LayerMaps:
    """What a layer gives for one example, at the places of the example."""
    if places is None:
        return LayerMaps(name, kind, output)
    is_strip = are_strips or not places.is_known
    return LayerMaps(name, kind, places.on_grid(output[None])[0], TOKENS if is_strip else None, str(places))


def _sheet_notes(shown: int, count: int, sheets: int, most: int) -> tuple[Problem, ...]:
    """A note where examples, or layers, are left out."""
    if sheets > most:
        message = f"the layers fill {sheets} sheets, and the first {most} are drawn"
        return (Problem(message, "name fewer layers at a time"),)
    if shown < count:
        each = f", {sheets} for each example" if sheets > 1 else ""
        message = f"{shown} of {counted(count, 'example')} are drawn: at most {most} sheets at a time{each}"
        return (Problem(message, "choose fewer examples at a time" + (" or name fewer layers" if sheets > 1 else "")),)
    return ()


def _default_layers(subject: Subject) -> list[str] | None:
    """The layers that are shown when none is named; None where there are none."""
    try:
        return list(layers_to_show(subject.network, None))
    except CnncliError:
        return None


def _keys(chosen: Chosen) -> list[str]:
    """What to call each example in a file's name."""
    given = [naming.image(path) for path in chosen.paths] or [naming.texts([text]) for text in chosen.texts]
    return given or [naming.part(key) for key in chosen.keys]


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
