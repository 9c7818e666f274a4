"""Draw examples under the heat of a class as one sheet: Grad-CAM, occlusion and the like."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from cnncli.data.images import Form
from cnncli.errors import Problem
from cnncli.inputs import InputKind
from cnncli.interpretability.attribution import METHODS, heat_of, layer_for
from cnncli.interpretability.examples import Chosen
from cnncli.interpretability.original_photos import Photo, photos_of, share_in_padding
from cnncli.interpretability.places import input_kind, places_of
from cnncli.interpretability.subject import Subject
from cnncli.interpretability.word_heat import word_heat
from cnncli.interpretability.words import words
from cnncli.messages import counted
from cnncli.plots import naming, style
from cnncli.plots.drawn import INVERTED, Drawn, answer_caption
from cnncli.plots.heat_maps import Caption, Heated, draw_heat
from cnncli.plots.other_inputs import OtherInputs, other_inputs
from cnncli.plots.save import Folder, claim, make_folder, save
from cnncli.plots.sentence_figures import draw_word_heat
from cnncli.plots.signals import draw_signal_heat
from cnncli.plots.text_fitting import Title
from cnncli.plots.token_strips import draw_token_heat

_OF_INPUT = "network-input"  # option of a picture's name
_NOT_PLACED = (
    "The numbers are those of the tokens: no Reshape of maps to these tokens was found, so their places are not known."
)
_MUCH_PADDING = 0.5  # of all heat, from which there is a remark


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
        captions.append([*answer_caption(subject, label, answer), *((line, style.MUTED) for line in lines)])
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
        figure = _photo_sheet(photos, heat, captions, **options)
    else:
        figure = _heat_sheet(kind, shown, heat, captions, others, **options)
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
    inverted = INVERTED if chosen.is_inverted else ""
    of_input = _OF_INPUT if network_input and chosen.originals else ""
    kind = f"{method}-{naming.part(layer)}" if layer else method
    if isinstance(chosen.inputs, dict):
        which = "-".join(filter(None, [f"input-{naming.part(subject.network.about)}", which]))
    return naming.stem(kind, [which, examples, inverted, of_input])


def _photo_sheet(
    photos: Sequence[Photo], heat: np.ndarray, captions: Sequence[Caption], *, notes: Sequence[str], **options: Any
) -> Figure:
    examples = [
        Heated(photo.pixels, photo.heat(one), caption, photo.seen if photo.is_cut else None)
        for photo, one, caption in zip(photos, heat, captions, strict=True)
    ]
    frame = ["Dashed frame: the part of the photo that the network receives."] if any(p.is_cut for p in photos) else []
    return draw_heat(examples, notes=[*frame, *notes], **options)


def _heat_sheet(
    kind: InputKind,
    inputs: np.ndarray,
    heat: np.ndarray,
    captions: Sequence[Caption],
    others: OtherInputs,
    *,
    subtitle: str,
    **options: Any,
) -> Figure:
    if kind.ARE_NUMBERED:
        return draw_token_heat(inputs, heat, captions, subtitle=subtitle, **options)
    if kind.ARE_CURVES:
        return draw_signal_heat(inputs, heat, captions, subtitle=subtitle, **options)
    pictures, heat = kind.pictures(inputs, lines=True), kind.heat_pictures(heat, inputs.shape[1:])
    subtitle += f" · {kind.LAYOUT}" if kind.LAYOUT else ""
    examples = [
        Heated(picture, one, caption, beside=others.beside(number))
        for number, (picture, one, caption) in enumerate(zip(pictures, heat, captions, strict=True))
    ]
    return draw_heat(examples, subtitle=subtitle, **options)
