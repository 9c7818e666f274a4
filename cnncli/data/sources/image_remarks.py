"""Notes about images that can all be used: duplicates, conversions, unusual sizes."""

from __future__ import annotations

import math
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from cnncli.data.image_facts import DEEP
from cnncli.data.images import Form
from cnncli.data.mixed_scales import find_mixed, problem_of
from cnncli.data.scales import Extremes
from cnncli.data.sources.folder_tree import IMAGE_SUFFIXES
from cnncli.data.sources.image_scan import Usable
from cnncli.errors import Problem
from cnncli.inputs import IMAGE
from cnncli.messages import counted, listed, printable
from cnncli.recipe.yaml.nodes import Path

_MOST_DISTORTION = 2.0
_MOST_ENLARGEMENT = 2.0
_SURPRISING_SHARE = 0.1
_FEW_LEVELS = 16
_SMALL_PART = 1 / 8  # of the range of 16 bits
_PATH = ("data", "source", "image_folder")


def looks_of(image: Usable) -> str:
    """The same for images that decode to the same pixels; for images of one value alone only where the files are equal."""
    return image.pixels or image.sha256


def remarks(used: Sequence[Usable], form: Form, path: Path = _PATH) -> Iterator[Problem]:
    """What was done to some of the images, and sizes that surprise.

    Args:
        path: of the settings in the recipe.
    """
    counts = Counter(oddity for each in used for oddity in each.oddities)
    converted = [
        f"{count:,} {oddity}"
        for oddity, count in sorted(counts.items())
        if oddity not in _OWN_SENTENCES and not (form.depth == 16 and oddity in DEEP)
    ]
    if converted:
        yield Problem(f"converted to {form.color}: {listed(converted)}")
    for oddity, sentence in _OWN_SENTENCES.items():
        if sentence and (count := counts[oddity]):
            on = _background(form) if oddity == "transparent" else ""
            yield Problem(sentence.format(counted(count, f"{oddity} image")).replace("the background", on))
    misnamed = [
        f"{each.file.relative} ({each.format})"
        for each in used
        if IMAGE_SUFFIXES.get(os.path.splitext(each.file.relative)[1].lower(), each.format) != each.format
    ]
    if misnamed:
        message = (
            f"{counted(len(misnamed), 'image has', 'images have')} the ending of another format: {listed(misnamed)}"
        )
        yield Problem(message, "they are read by their content")
    of_settings = [*_without_content(used), *_few_levels(used), *_mixed_depths(used)]
    if problem := other_depth([each.file.relative for each in used if not each.top], form):
        of_settings.append(problem)
    yield from (replace(problem, path=path) for problem in of_settings)
    yield from _surprising_sizes(used, form)


def _without_content(used: Sequence[Usable]) -> Iterator[Problem]:
    """Images in which all pixels are alike: a network learns nothing from them."""
    blank = [each for each in used if not each.pixels]
    classes = len({each.file.class_name for each in blank})
    if classes < 2:  # of one class alone it may be what tells it
        return
    message = f"{counted(len(blank), 'image')} of {classes:,} classes have one value at all pixels"
    hint = f"for example {printable(blank[0].file.relative)}: {blank[0].low:g} everywhere"
    if any("transparent" in each.oddities for each in blank):
        hint += "\ntransparent images can be laid on another `background`: white, or [r, g, b]"
    yield Problem(message, hint, kind="blank")


def _few_levels(used: Sequence[Usable]) -> Iterator[Problem]:
    """Images of more than 8 bits that fill a small part of their range."""
    deep = [each for each in used if each.levels]
    if not deep:
        return
    low, high = min(each.low for each in deep), max(each.high for each in deep)
    poor = sum(each.levels < _FEW_LEVELS for each in deep)
    if 2 * poor > len(deep):
        message = (
            f"{poor:,} of {counted(len(deep), 'image')} of more than 8 bits keep fewer than {_FEW_LEVELS} grey levels"
        )
        yield Problem(message, "`depth: 16` keeps all, `range: [low, high]` spreads them")
    elif high - low < 255 * _SMALL_PART and high > low:
        message = f"{counted(len(deep), 'image')} of more than 8 bits use {(high - low) / 255:.1%} of their range"
        ends = f"[{math.floor(low * 257):d}, {math.ceil(high * 257):d}]"
        yield Problem(message, f"`range: {ends}` spreads these values over 0 to 255")


def _mixed_depths(used: Sequence[Usable]) -> Iterator[Problem]:
    """16-bit images of which some use the range of fewer bits."""
    deep = [each for each in used if each.top and "32-bit" not in each.oddities]
    if not deep:
        return
    tops = np.array([each.top for each in deep])
    varies = np.array([each.low < each.high for each in deep])
    if mixed := find_mixed(None, Extremes(np.where(varies, 0.0, tops), tops), IMAGE):
        problem = problem_of(mixed, "the 16-bit images", lambda row: printable(deep[row].file.relative), len(deep))
        yield problem


def other_depth(shallow: Sequence[str], form: Form) -> Problem | None:
    """The problem of 8-bit images where `range` is that of deeper ones.

    Args:
        shallow: names of the images of 8 bits.
    """
    if not shallow or form.low is None or form.high is None or 1 < form.high <= 255:
        return None
    become = "white" if form.high <= 1 else "dark"
    message = (
        f"{counted(len(shallow), 'image has', 'images have')} 8 bits, and `range` is [{form.low:g}, {form.high:g}]"
    )
    return Problem(
        f"{message}: decoded, {'it is' if len(shallow) == 1 else 'they are'} (nearly) {become}",
        f"{listed(shallow, 3)}\nsave all images with the same depth",
        kind="values",
    )


_OWN_SENTENCES = {
    "transparent": "{}: laid on the background",
    "animated": "{}: the first frame is used",
    "multi-page": "{}: the first page is used",
    "16-bit color TIFF": "{}: 8 bits of each channel are kept",
    "dark drawing": "",
}


def _background(form: Form) -> str:
    named = {(0, 0, 0): "black", (255, 255, 255): "white"}
    return named.get(form.background, f"{list(form.background)}")


def _surprising_sizes(used: Sequence[Usable], form: Form) -> Iterator[Problem]:
    if not used:
        return
    sizes_of = np.array([(each.width, each.height) for each in used], np.float64)  # (count, 2)
    smallest, median, largest = (sizes_of[np.argsort(sizes_of.prod(axis=1))[rank]] for rank in (0, len(used) // 2, -1))
    spread = "from {:.0f}x{:.0f} over {:.0f}x{:.0f} (median) to {:.0f}x{:.0f}".format(*smallest, *median, *largest)
    ratio = sizes_of[:, 0] / sizes_of[:, 1] * form.height / form.width
    distorted = int((np.maximum(ratio, 1 / ratio) > _MOST_DISTORTION).sum())
    if form.resize == "stretch" and distorted > len(used) * _SURPRISING_SHARE:
        message = f"{distorted:,} of {counted(len(used), 'image')} are stretched to more than twice their shape"
        yield Problem(message, f"width x height: {spread}\n`resize: pad` or `resize: crop` keeps their shape")
    cut = int((sizes_of > (form.width, form.height)).any(axis=1).sum())
    if form.resize == "keep" and cut:
        message = f"{counted(cut, 'image is', 'images are')} larger than `image_size`: `resize: keep` takes the middle"
        yield Problem(message, f"width x height: {spread}", kind="cut")
    enlarged = int((sizes_of * _MOST_ENLARGEMENT < (form.width, form.height)).all(axis=1).sum())
    if form.resize != "keep" and enlarged > len(used) / 2:
        message = f"{enlarged:,} of {counted(len(used), 'image')} are enlarged to more than twice their size"
        yield Problem(message, f"width x height: {spread}; they become {form.width}x{form.height}")
