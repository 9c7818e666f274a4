"""Load images with masks: a folder of images, and a folder of mask files with the same names."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncli.data import cache, images
from cnncli.data.columns import Values, as_array, make_row_file, take, write_rows
from cnncli.data.dataset import INPUT, Examples, ImageFiles
from cnncli.data.fingerprint import of_files
from cnncli.data.part_words import WORDS
from cnncli.data.sources.base import ModelRequest, Request, Source
from cnncli.data.sources.equal_files import duplicate_of, duplicates
from cnncli.data.sources.folder_tree import Tree
from cnncli.data.sources.image_form import form_of, settled
from cnncli.data.sources.image_remarks import looks_of, remarks
from cnncli.data.sources.image_scan import MEMORY_SHARE, Scan, Usable, scan
from cnncli.data.sources.loaded_data import PARTS, LoadedData, Progress, problems_at, sizes
from cnncli.data.sources.mask_faults import MaskFaults
from cnncli.data.sources.mask_files import IGNORED, Mask, MaskReader
from cnncli.data.sources.mask_pairs import Pairs, find_pairs
from cnncli.data.targets import TargetInfo
from cnncli.data.threads import in_threads
from cnncli.errors import DataError, Problem
from cnncli.messages import counted, listed, printable
from cnncli.recipe.sources.mask_folder import MaskFolder
from cnncli.system_memory import available_bytes
from cnncli.tasks.segmentation.targets import MaskTargets

_PATH = ("data", "source", "mask_folder")
_CHUNK = 64  # masks that are held at a time
_IMAGE_NAMES = ("images", "imgs", "image", "img", "JPEGImages")
_MASK_NAMES = ("masks", "mask", "SegmentationClass")
_PREFIXES = {"train": "", "validation": "validation_", "test": "test_"}  # of the keys of a part


@dataclass(frozen=True, slots=True, eq=False)
class _Masks:
    """The masks of images, in their order.

    Attributes:
        values: uint8 (count, height, width).
        sha256: of each file.
        counts: int64 (count, 256): how many pixels of each hold each number.
    """

    values: Values
    sha256: Sequence[str]
    counts: NDArray[np.int64]


def read_mask_folder(settings: MaskFolder, request: Request) -> LoadedData:
    """Read images and masks for training.

    Raises:
        DataError: files are missing, do not fit each other or hold numbers of no class; every fault is reported at once.
    """
    assert not isinstance(request.input_shape, dict)  # the schema's rules: this source brings one input
    form = form_of(settings, request.input_shape, _PATH)
    with problems_at(*_PATH):
        pairs = find_pairs(settings)
        may_skip = request.data.on_bad_image == "skip"
        found = _read(pairs, settings, form, request.progress, may_settle=True)
        if found.faults.problems and not may_skip:
            total = len(pairs.pairs) + len(pairs.faults)
            raise found.faults.error(total, "correct them, or leave them out: `on_bad_image: skip` in `data`")
        _refuse_no_pairs(found, settings)
        info = MaskTargets(class_names=_class_names(found.masks.counts, settings), mask_shape=found.mask_shape)
        request.check_targets(info)
        tree = Tree({}, {}, dict(pairs.folders), (), "image")
        looks = [looks_of(each) for each in found.used]
        files = [each.file for each in found.used]
        notes = [*pairs.notes, *found.faults.notes(), *_about_masks(found, info)]
        notes += duplicates(files, looks, tree, allow_leakage=request.data.allow_leakage)
    return _loaded(settings, found, info, notes)


def read_mask_folder_for_model(settings: MaskFolder, request: ModelRequest) -> LoadedData:
    """Read the images and masks of the test part, or all of them where there is none, for a trained model.

    Raises:
        DataError: as `read_mask_folder`; also for classes that the model does not know.
    """
    assert not isinstance(request.input_shape, Mapping)
    form = request.form or form_of(settings, request.input_shape, _PATH)
    pairs = find_pairs(settings)
    if of_test := tuple(pair for pair in pairs.pairs if pair.image.part == "test"):
        pairs = Pairs(of_test, pairs.faults, pairs.notes, pairs.folders)
    found = _read(pairs, settings, form, request.progress)
    if found.faults.problems:
        raise found.faults.error(len(pairs.pairs) + len(pairs.faults), "correct them")
    _refuse_no_pairs(found, settings)
    notes = list(pairs.notes)
    model = request.targets
    values = found.masks.values
    if (own := settings.class_values()) is not None and tuple(own) != model.class_names:
        numbers, missing = model.renumber(list(own))
        notes += missing
        values = model.with_numbers(as_array(values), numbers)
    masks = _Masks(values, found.masks.sha256, found.masks.counts)
    return _loaded(settings, _Found(found.used, found.seen, masks, found.form, found.faults), model, notes)


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    """What was read.

    Attributes:
        used: the images whose masks can be used.
        seen: their pixels.
        masks: of these.
        faults: of all others.
    """

    used: Sequence[Usable]
    seen: Scan
    masks: _Masks
    form: images.Form
    faults: MaskFaults

    @property
    def mask_shape(self) -> tuple[int, int]:
        return self.form.height, self.form.width


def _read(
    pairs: Pairs, settings: MaskFolder, form: images.Form, progress: Progress | None, *, may_settle: bool = False
) -> _Found:
    """Read every image and every mask.

    Args:
        may_settle: whether the images decide what their form leaves open.
    """
    files = [pair.image for pair in pairs.pairs]
    mask_of = {pair.image: pair.mask for pair in pairs.pairs}
    seen = scan(files, form, progress=progress)
    if may_settle and (better := settled(form, settings, seen.usable)) != form:
        form = better
        seen = scan(files, form, progress=progress)
    reader = MaskReader(settings.class_values(), settings.ignore)
    faults = MaskFaults(reader, settings)
    faults.problems += pairs.faults
    faults.problems += [Problem(f"{printable(os.path.relpath(bad.file.path))}: {bad.reason}") for bad in seen.bad]
    masks, good = _read_masks(seen.usable, mask_of, reader, form, faults, progress)
    used = [seen.usable[row] for row in good.tolist()]
    pixels = seen.pixels if seen.pixels is None or len(used) == len(seen.usable) else take(seen.pixels, good)
    return _Found(used, Scan(used, seen.bad, pixels), masks, form, faults)


def _read_masks(
    usable: Sequence[Usable],
    mask_of: Mapping[Any, str],
    reader: MaskReader,
    form: images.Form,
    faults: MaskFaults,
    progress: Progress | None,
) -> tuple[_Masks, NDArray[np.int64]]:
    """The masks that can be used, and the rows of their images: int64 (k,)."""
    values = _room((len(usable), form.height, form.width))
    counts = np.zeros((len(usable), 256), np.int64)
    digests: list[str] = []
    good: list[int] = []

    def read(row: int) -> Mask:
        each = usable[row]
        return reader.read(mask_of[each.file], (each.height, each.width), form)

    for begin in range(0, len(usable), _CHUNK):
        rows = range(begin, min(begin + _CHUNK, len(usable)))
        for row, mask in zip(rows, in_threads(read, rows), strict=True):
            if mask.numbers is None:
                faults.add_mask(mask_of[usable[row].file], mask)
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
    return _Masks(kept, digests, counts[: len(good)]), np.array(good, np.int64)


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


def _refuse_no_pairs(found: _Found, settings: MaskFolder) -> None:
    if not found.used:
        message = (
            f"{printable(settings.images)} has no image with a mask in {printable(settings.masks)} that can be used"
        )
        raise DataError(message)


def _class_names(counts: NDArray[np.int64], settings: MaskFolder) -> tuple[str, ...]:
    """The names of the recipe, or the numbers that the masks hold.

    Raises:
        DataError: too few numbers, or numbers with large gaps: they need names.
    """
    if settings.classes is not None:
        return tuple(settings.class_values() or ())
    present = np.flatnonzero(counts[:, :IGNORED].sum(axis=0))
    shown = listed(map(str, present.tolist()), 10)
    if len(present) < 2:
        hold = f"hold {shown} alone" if len(present) else "have no pixel that counts"
        raise DataError(Problem(f"the masks {hold}, and a segmentation needs two classes"))
    if 2 * len(present) <= present[-1] + 1 or present.tolist() == [0, int(present[-1])] != [0, 1]:
        named = ", ".join(
            f"{'background' if value == 0 else f'class_{value}'}: {value}" for value in present[:8].tolist()
        )
        hint = f"name them: `classes: {{{named}}}` in `mask_folder`"
        raise DataError(Problem(f"the masks hold {shown}, and classes are numbers from 0 without gaps", hint))
    return tuple(map(str, range(int(present[-1]) + 1)))


def _about_masks(found: _Found, targets: MaskTargets) -> Iterator[Problem]:
    """Masks without a pixel that counts, and masks of one class."""
    present = found.masks.counts[:, : targets.count] > 0
    names = [printable(each.file.relative) for each in found.used]
    empty = [names[row] for row in np.flatnonzero(~present.any(axis=1)).tolist()]
    if empty:
        message = f"{counted(len(empty), 'mask has', 'masks have')} no pixel that counts: {listed(empty, 5)}"
        yield Problem(message, "they teach nothing", kind="blank")
    single = np.flatnonzero(present.sum(axis=1) == 1)
    if len(single):
        of_class = np.bincount(present[single].argmax(axis=1), minlength=targets.count)
        each = listed(
            (f"{count:,} `{targets.class_names[number]}`" for number, count in enumerate(of_class) if count), 5
        )
        message = f"{counted(len(single), 'mask has', 'masks have')} one class alone: {each}"
        yield Problem(message, listed((names[row] for row in single.tolist()), 5))


def _loaded(settings: MaskFolder, found: _Found, targets: TargetInfo, notes: Sequence[Problem]) -> LoadedData:
    parts: dict[str, Examples] = {}
    copies: dict[str, NDArray[np.int64]] = {}
    begin = 0
    for part in PARTS:
        mine = [each for each in found.used if each.file.part == part]
        if mine:
            rows = np.arange(begin, begin + len(mine))
            parts[part] = _examples(mine, found, rows)
            copies[part] = duplicate_of(map(looks_of, mine))
            begin += len(mine)
    if not parts.get("train") and len(parts) == 1:
        parts = {"train": next(iter(parts.values()))}
    return LoadedData(
        parts=parts,
        targets=targets,
        source=f"masks {printable(settings.masks)} of {printable(settings.images)}: {sizes(parts)} images, {targets.size}",
        fingerprint=_fingerprint(settings, found),
        notes=(*notes, *remarks(found.used, found.form, _PATH)),
        skipped=tuple(bad.file.relative for bad in found.seen.bad),
        duplicate_of=copies,
        form=found.form,
    )


def _examples(mine: Sequence[Usable], found: _Found, rows: NDArray[np.int64]) -> Examples:
    originals = ImageFiles(tuple(each.file.path for each in mine), found.form)
    pixels = originals if found.seen.pixels is None else take(found.seen.pixels, rows)
    masks = take(found.masks.values, rows)
    files, sha256 = tuple(each.file.relative for each in mine), tuple(each.sha256 for each in mine)
    return Examples({INPUT: pixels}, masks, files, sha256, originals)


def _fingerprint(settings: MaskFolder, found: _Found) -> str:
    """Over the files of images and masks, and what the values of masks mean."""
    meaning = json.dumps([list((settings.class_values() or {}).items()), settings.ignore]).encode().hex()
    return of_files(
        (each.file.relative, each.byte_count, f"{each.sha256} {mask} {meaning}")
        for each, mask in zip(found.used, found.masks.sha256, strict=True)
    )


class _MaskFolder(Source[MaskFolder]):
    def read(self, settings: MaskFolder, request: Request) -> LoadedData:
        return read_mask_folder(settings, request)

    def read_for_model(self, settings: MaskFolder, request: ModelRequest) -> LoadedData:
        trained = settings.of_other_data(request.data.source.settings if request.data else None)
        assert isinstance(trained, MaskFolder)
        return read_mask_folder_for_model(trained, request)

    def looks_like(self, path: Path) -> bool:
        return bool(self.settings_at(str(path)))

    def settings_at(self, path: str) -> dict[str, str]:
        if (own := _two_folders(Path(path))) is not None:
            return {"images": own[0], "masks": own[1]}
        found: dict[str, str] = {}
        for part, prefix in _PREFIXES.items():
            some = next((own for name in WORDS[part] if (own := _two_folders(Path(path, name))) is not None), None)
            if some is not None:
                found |= {f"{prefix}images": some[0], f"{prefix}masks": some[1]}
        return found if "images" in found else {}


def _two_folders(path: Path) -> tuple[str, str] | None:
    """The folder of the images and that of the masks in a folder."""
    if not path.is_dir():
        return None
    inside = {each.name.lower(): str(each) for each in path.iterdir() if each.is_dir()}
    images_in, masks_in = (
        next((inside[name.lower()] for name in names if name.lower() in inside), None)
        for names in (_IMAGE_NAMES, _MASK_NAMES)
    )
    return (images_in, masks_in) if images_in and masks_in else None


SOURCE = _MaskFolder()
