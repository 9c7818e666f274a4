"""Read images with masks: what folders of masks and COCO's outlines have in common once a mask can be read for each image."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncli.data import cache, images
from cnncli.data.columns import Values, make_row_file, take, write_rows
from cnncli.data.dataset import INPUT, Examples, ImageFiles
from cnncli.data.sources.equal_files import duplicate_of
from cnncli.data.sources.image_remarks import looks_of, remarks
from cnncli.data.sources.image_scan import MEMORY_SHARE, Scan, Usable
from cnncli.data.sources.loaded_data import PARTS, LoadedData, Progress, sizes
from cnncli.data.sources.mask_files import Mask
from cnncli.data.targets import TargetInfo
from cnncli.data.threads import in_threads
from cnncli.errors import Problem
from cnncli.messages import counted, listed, printable
from cnncli.recipe.yaml.nodes import Path
from cnncli.system_memory import available_bytes

_CHUNK = 64  # masks that are held at a time


@dataclass(frozen=True, slots=True, eq=False)
class Masks:
    """The masks of images, in their order.

    Attributes:
        values: uint8 (count, height, width).
        sha256: of what each was read from, hex.
        counts: int64 (count, 256): how many pixels of each hold each number.
    """

    values: Values
    sha256: Sequence[str]
    counts: NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class MaskedImages:
    """Images that can be used, with their masks.

    Attributes:
        seen: the images and their pixels.
        masks: of these.
        form: what every image becomes.
    """

    seen: Scan
    masks: Masks
    form: images.Form

    @property
    def used(self) -> Sequence[Usable]:
        return self.seen.usable

    @property
    def mask_shape(self) -> tuple[int, int]:
        return self.form.height, self.form.width


def read_masks(
    seen: Scan,
    read: Callable[[Usable], Mask],
    form: images.Form,
    bad: Callable[[Usable, Mask], None],
    progress: Progress | None,
) -> MaskedImages:
    """Read the mask of every image.

    Args:
        seen: the images.
        read: the mask of one.
        form: what every image becomes.
        bad: called with an image whose mask cannot be used; the image is left out.
        progress: called with ("reading masks", count, all).
    """
    usable = seen.usable
    values = _room((len(usable), form.height, form.width))
    counts = np.zeros((len(usable), 256), np.int64)
    digests: list[str] = []
    good: list[int] = []
    for begin in range(0, len(usable), _CHUNK):
        rows = range(begin, min(begin + _CHUNK, len(usable)))
        for row, mask in zip(rows, in_threads(read, [usable[row] for row in rows]), strict=True):
            if mask.numbers is None:
                bad(usable[row], mask)
                continue
            place = len(good)
            if isinstance(values, np.ndarray):
                values[place] = mask.numbers
            else:
                write_rows(values, place, mask.numbers[None])
            counts[place] = np.bincount(mask.numbers.ravel(), minlength=256)
            digests.append(mask.sha256)
            good.append(row)
        if progress:
            progress("reading masks", rows.stop, len(usable))
    kept = values[: len(good)] if isinstance(values, np.ndarray) else values.take(np.arange(len(good)))
    masks = Masks(kept, digests, counts[: len(good)])
    used = [usable[row] for row in good]
    pixels = (
        seen.pixels if seen.pixels is None or len(used) == len(usable) else take(seen.pixels, np.array(good, np.int64))
    )
    return MaskedImages(Scan(used, seen.bad, pixels), masks, form)


def _room(shape: tuple[int, int, int]) -> Any:
    """An array for masks, or a file where they would take too much memory and there is room.

    Args:
        shape: (count, height, width).
    """
    count, *one = shape
    size = math.prod(shape)
    if size <= MEMORY_SHARE * available_bytes() or not cache.has_room(size):
        return np.empty(shape, np.uint8)
    return make_row_file(cache.folder(), count, one, np.dtype(np.uint8))


def about_masks(found: MaskedImages, class_names: Sequence[str]) -> Iterator[Problem]:
    """Masks without a pixel that counts, and masks of one class."""
    present = found.masks.counts[:, : len(class_names)] > 0
    names = [printable(each.file.relative) for each in found.used]
    empty = [names[row] for row in np.flatnonzero(~present.any(axis=1)).tolist()]
    if empty:
        message = f"{counted(len(empty), 'mask has', 'masks have')} no pixel that counts: {listed(empty, 5)}"
        yield Problem(message, "they teach nothing", kind="blank")
    single = np.flatnonzero(present.sum(axis=1) == 1)
    if len(single):
        of_class = np.bincount(present[single].argmax(axis=1), minlength=len(class_names))
        each = listed((f"{count:,} `{class_names[number]}`" for number, count in enumerate(of_class) if count), 5)
        message = f"{counted(len(single), 'mask has', 'masks have')} one class alone: {each}"
        yield Problem(message, listed((names[row] for row in single.tolist()), 5))


def loaded(
    found: MaskedImages,
    targets: TargetInfo,
    notes: Sequence[Problem],
    *,
    described: str,
    fingerprint: str,
    path: Path,
) -> LoadedData:
    """The parts.

    Args:
        described: the source, for people.
        path: of its settings in the recipe.
    """
    parts: dict[str, Examples] = {}
    copies: dict[str, NDArray[np.int64]] = {}
    begin = 0
    for part in PARTS:
        mine = [each for each in found.used if each.file.part == part]
        if mine:
            parts[part] = _examples(mine, found, np.arange(begin, begin + len(mine)))
            copies[part] = duplicate_of(map(looks_of, mine))
            begin += len(mine)
    return LoadedData(
        parts=parts,
        targets=targets,
        source=f"{described}: {sizes(parts)} images, {targets.size}",
        fingerprint=fingerprint,
        notes=(*notes, *remarks(found.used, found.form, path)),
        skipped=tuple(bad.file.relative for bad in found.seen.bad),
        duplicate_of=copies,
        form=found.form,
    )


def _examples(mine: Sequence[Usable], found: MaskedImages, rows: NDArray[np.int64]) -> Examples:
    originals = ImageFiles(tuple(each.file.path for each in mine), found.form)
    pixels = originals if found.seen.pixels is None else take(found.seen.pixels, rows)
    masks = take(found.masks.values, rows)
    files, sha256 = tuple(each.file.relative for each in mine), tuple(each.sha256 for each in mine)
    return Examples({INPUT: pixels}, masks, files, sha256, originals)
