"""Draw what a network learned: feature maps, heat maps, and activation maximization."""

from __future__ import annotations

import itertools
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from cnncli.data.images import Form
from cnncli.data.input_values import rows
from cnncli.errors import CnncliError, Problem, RecipeError
from cnncli.inputs import TOKENS, InputKind, kind_of
from cnncli.inputs.base import gray_or_colour
from cnncli.interpretability.attribution import METHODS, heat_of, layer_for
from cnncli.interpretability.examples import Chosen
from cnncli.interpretability.feature_maps import feature_maps
from cnncli.interpretability.layer_selection import MOST_TARGETS, count_of, layers_to_show
from cnncli.interpretability.maximize import maximize
from cnncli.interpretability.original_photos import Photo, photos_of, share_in_padding
from cnncli.interpretability.places import Places, input_kind, places_of
from cnncli.interpretability.subject import Subject
from cnncli.interpretability.word_heat import tokens_of, word_heat
from cnncli.interpretability.words import words
from cnncli.messages import counted, number_text, printable
from cnncli.plots import naming, style
from cnncli.plots.feature_maps import draw_feature_maps
from cnncli.plots.heat_maps import Caption, Heated, draw_heat
from cnncli.plots.map_tiles import LayerMaps
from cnncli.plots.maximized import draw_maximized
from cnncli.plots.other_inputs import OtherInputs, other_inputs
from cnncli.plots.save import Folder, claim, make_folder, save
from cnncli.plots.sentence_figures import draw_word_heat
from cnncli.plots.signals import draw_signal_heat
from cnncli.plots.text_fitting import Title
from cnncli.plots.tiles import to_unit
from cnncli.plots.token_strips import draw_token_heat
from cnncli.recipe.schema_pictures import MOST_SHEETS

STEPS = 128  # of the gradient ascent
_INVERTED, _OF_INPUT = "inverted", "network-input"  # options of a picture's name
_COLOURS = {True: style.ORANGE, False: style.BLUE, None: style.INK}  # of a prediction, by whether it is wrong
_NOT_PLACED = (
    "The numbers are those of the tokens: no Reshape of maps to these tokens was found, so their places are not known."
)
_MUCH_PADDING = 0.5  # of all heat, from which there is a remark


@dataclass(frozen=True)
class Drawn:
    """Pictures, what is said in them, for `--json`, and notes about them."""

    files: tuple[Path, ...]
    details: tuple[dict[str, Any], ...] = ()
    notes: tuple[Problem, ...] = ()


# ---- feature maps ------------------------------------------------------------------------------------------------------


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
    options += [_INVERTED] if chosen.is_inverted else []
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
        options: dict[str, Any] = {"title": title, "answer": _answer(subject, label, said)}
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


def _answer(subject: Subject, label: Any, said: np.ndarray | None) -> Caption:
    """What is predicted and what is true, each with its colour: a right prediction is blue, a wrong one orange."""
    lines: list[tuple[str, str]] = []
    if said is not None:
        is_wrong = None if label is None else subject.is_wrong(label, said)
        lines.append((f"predicted {subject.predicted_text(said)}", _COLOURS[is_wrong]))
    if label is not None:
        lines.append((f"true {subject.told(label)}", style.INK))
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
    network_input: bool = False,
    formats: Sequence[str] = ("png",),
) -> Drawn:
    """Draw examples and beside them the same under the heat of a class, as one sheet: `<method>-<layer>.png`.

    Image files are drawn as they are, in their own resolution, all others as the network gets them. Another class than the
    predicted one, and other examples than the default, are options of the name: `grad-cam-C3--true--most_wrong.png`.

    Args:
        method: of `cnncli.interpretability.attribution.METHODS`.
        layer: whose maps; None for the last that gives maps.
        class_name: `predicted`, `true`, or the name of a class.
        network_input: draw image files as the network gets them too.
        folder: made when it is missing.

    Raises:
        RecipeError: no such layer or class.
        DataError: the true class is wanted, and of image files it is not known.
    """
    layer = layer_for(subject.network, method, layer)
    stem = _heat_stem(subject, chosen, method, layer, class_name, network_input)
    claim(folder, [stem], formats)
    said = subject.said(chosen.inputs)  # (count, what can be asked for)
    wanted = subject.wanted(class_name, chosen.labels, said)
    about = subject.network.about
    shown = chosen.inputs[about] if isinstance(chosen.inputs, dict) else chosen.inputs
    kind = input_kind(subject.network)
    heat: Any  # (count, *places), of texts a row for each, of as many values as it has words
    if kind.ARE_NUMBERS:
        heat = heat_of(subject.network, method, layer, chosen.inputs, wanted, score=subject.score)
    else:
        is_plus = method == "grad-cam++"
        heat = word_heat(subject.network, layer, chosen.inputs, wanted, plus_plus=is_plus, score=subject.score)
    labels = [None] * len(said) if chosen.labels is None else chosen.labels
    photos = photos_of(chosen.originals) if chosen.originals else None
    places = places_of(subject.network, layer) if layer else None
    is_placed = places is None or places.is_known
    padding = (
        _shares_in_padding(chosen.originals.form, photos, heat) if chosen.originals and photos and is_placed else None
    )
    others = other_inputs(chosen.inputs, about)
    captions, details = [], []
    for number, (example, label, answer, of) in enumerate(zip(chosen.names, labels, said, wanted, strict=True)):
        remarks = [_where(chosen, number), subject.asked_text(answer, int(of))]
        detail = {"example": example, **subject.explained(label, answer, int(of)), "has_heat": bool(heat[number].any())}
        if not detail["has_heat"]:
            remarks.append("no heat")
        if not kind.ARE_NUMBERS:
            detail["words"] = [
                [word, round(float(one), 4)] for word, one in zip(words(str(shown[number])), heat[number], strict=True)
            ]
        if padding:
            detail["heat_in_padding"] = round(padding[number], 3)
            if padding[number] > _MUCH_PADDING:
                remarks.append(f"{padding[number]:.0%} of the heat in the padding")
        lines = [" · ".join(filter(None, remarks)), *others.lines[number]]
        captions.append([*_answer(subject, label, answer), *((line, style.MUTED) for line in lines)])
        details.append(detail)
    what, meaning = subject.heat_title(class_name, moves=method == "smoothgrad")
    at_layer = f" at layer {layer}" if layer else ""
    at_layer += f" · input {about}" if isinstance(chosen.inputs, dict) else ""
    subtitle = f"{METHODS[method][0]}{at_layer} · {chosen.source}"
    title = Title(subject.name, f": {what}")
    where = "this layer" if layer else "the input"
    notes = [] if all(detail["has_heat"] for detail in details) else [f"No heat: nothing in {where} {meaning}."]
    notes += others.notes(with_images=is_placed and not (kind.ARE_NUMBERED or kind.ARE_CURVES))
    options: dict[str, Any] = {"title": title, "subtitle": subtitle, "meaning": meaning, "notes": notes}
    if not kind.ARE_NUMBERS:
        figure = draw_word_heat(list(map(str, shown)), heat, captions, **options)
    elif not is_placed:
        numbers = np.tile(np.arange(heat.shape[1]), (len(heat), 1))
        notes.append(_NOT_PLACED)
        figure = draw_token_heat(numbers, heat, captions, is_padded=False, **options)
    elif photos and not network_input:
        figure = _photo_sheet(photos, heat, captions, title, subtitle, meaning, notes)
    else:
        figure = _heat_sheet(kind, shown, heat, captions, others, title, subtitle, meaning, notes)
    make_folder(folder)
    files = save(figure, folder / f"{stem}.png", formats=formats)
    return Drawn(tuple(files), tuple(details), _padding_notes(padding or []))


def _where(chosen: Chosen, number: int) -> str:
    """Which example it is: its file, and its number in the split."""
    file = os.path.basename(chosen.originals.paths[number]) if chosen.originals else chosen.names[number]
    if chosen.indices is None:
        return file
    return " · ".join([f"example {chosen.indices[number]}", *([file] if chosen.originals else [])])


def _shares_in_padding(form: Form, photos: Sequence[Photo], heat: np.ndarray) -> list[float]:
    return [share_in_padding(photo, one, form) for photo, one in zip(photos, heat, strict=True)]


def _padding_notes(shares: Sequence[float]) -> tuple[Problem, ...]:
    """A note where most of the heat of examples lies in the padding."""
    count = sum(share > _MUCH_PADDING for share in shares)
    if not count:
        return ()
    message = f"{count} of {counted(len(shares), 'example')}: more than half of the heat lies in the padding"
    hint = "the network responds to the borders that `resize: pad` adds; `resize: crop` and `resize: stretch` add none"
    return (Problem(message, hint),)


def _heat_stem(
    subject: Subject, chosen: Chosen, method: str, layer: str | None, class_name: str, network_input: bool
) -> str:
    """The name of a sheet: method, layer, class and examples."""
    which = "" if class_name == "predicted" else class_name
    if which not in ("", "true"):
        which = f"{subject.OPTION}-{subject.number_of(class_name)}"
    examples = naming.images(chosen.paths) if chosen.paths else naming.texts(chosen.texts) if chosen.texts else ""
    if chosen.samples not in (None, METHODS[method][1]):
        examples = f"{chosen.samples}-examples" if isinstance(chosen.samples, int) else str(chosen.samples)
    inverted = _INVERTED if chosen.is_inverted else ""
    of_input = _OF_INPUT if network_input and chosen.originals else ""
    kind = f"{method}-{naming.part(layer)}" if layer else method
    if isinstance(chosen.inputs, dict):
        which = "-".join(filter(None, [f"input-{naming.part(subject.network.about)}", which]))
    return naming.stem(kind, [which, examples, inverted, of_input])


def _photo_sheet(
    photos: Sequence[Photo],
    heat: np.ndarray,
    captions: Sequence[Caption],
    title: Title,
    subtitle: str,
    meaning: str,
    notes: Sequence[str],
) -> Figure:
    examples = [
        Heated(photo.pixels, photo.heat(one), caption, photo.seen if photo.is_cut else None)
        for photo, one, caption in zip(photos, heat, captions, strict=True)
    ]
    frame = ["Dashed frame: the part of the photo that the network receives."] if any(p.is_cut for p in photos) else []
    return draw_heat(examples, title=title, subtitle=subtitle, meaning=meaning, notes=[*frame, *notes])


def _heat_sheet(
    kind: InputKind,
    inputs: np.ndarray,
    heat: np.ndarray,
    captions: Sequence[Caption],
    others: OtherInputs,
    title: Title,
    subtitle: str,
    meaning: str,
    notes: Sequence[str],
) -> Figure:
    if kind.ARE_NUMBERED:
        return draw_token_heat(inputs, heat, captions, title=title, subtitle=subtitle, meaning=meaning, notes=notes)
    if kind.ARE_CURVES:
        return draw_signal_heat(inputs, heat, captions, title=title, subtitle=subtitle, meaning=meaning, notes=notes)
    pictures, heat = kind.pictures(inputs, lines=True), kind.heat_pictures(heat, inputs.shape[1:])
    subtitle += f" · {kind.LAYOUT}" if kind.LAYOUT else ""
    examples = [
        Heated(picture, one, caption, beside=others.beside(number))
        for number, (picture, one, caption) in enumerate(zip(pictures, heat, captions, strict=True))
    ]
    return draw_heat(examples, title=title, subtitle=subtitle, meaning=meaning, notes=notes)


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
