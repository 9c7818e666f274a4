"""Load images with masks: a folder of images, and a folder of mask files with the same names."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cnncli.data import images
from cnncli.data.columns import as_array
from cnncli.data.fingerprint import of_files
from cnncli.data.part_words import WORDS
from cnncli.data.sources.base import ModelRequest, Request, Source
from cnncli.data.sources.equal_files import duplicates
from cnncli.data.sources.folder_tree import Tree
from cnncli.data.sources.image_form import form_of, settled
from cnncli.data.sources.image_remarks import looks_of
from cnncli.data.sources.image_scan import Usable, scan
from cnncli.data.sources.loaded_data import LoadedData, Progress, problems_at
from cnncli.data.sources.mask_faults import MaskFaults
from cnncli.data.sources.mask_files import IGNORED, Mask, MaskReader
from cnncli.data.sources.mask_pairs import Pairs, find_pairs
from cnncli.data.sources.masked_images import MaskedImages, Masks, about_masks, loaded, read_masks
from cnncli.data.targets import TargetInfo
from cnncli.errors import DataError, Problem
from cnncli.messages import listed, printable
from cnncli.recipe.sources.mask_folder import MaskFolder
from cnncli.tasks.segmentation.targets import MaskTargets

_PATH = ("data", "source", "mask_folder")
_IMAGE_NAMES = ("images", "imgs", "image", "img", "JPEGImages")
_MASK_NAMES = ("masks", "mask", "SegmentationClass")
_PREFIXES = {"train": "", "validation": "validation_", "test": "test_"}  # of the keys of a part


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
        found, faults = _read(pairs, settings, form, request.progress, may_settle=True)
        if faults.problems and not may_skip:
            total = len(pairs.pairs) + len(pairs.faults)
            raise faults.error(total, "correct them, or leave them out: `on_bad_image: skip` in `data`")
        _refuse_no_pairs(found, settings)
        info = MaskTargets(class_names=_class_names(found.masks.counts, settings), mask_shape=found.mask_shape)
        request.check_targets(info)
        tree = Tree({}, {}, dict(pairs.folders), (), "image")
        looks = [looks_of(each) for each in found.used]
        files = [each.file for each in found.used]
        notes = [*pairs.notes, *faults.notes(), *about_masks(found, info.class_names)]
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
    found, faults = _read(pairs, settings, form, request.progress)
    if faults.problems:
        raise faults.error(len(pairs.pairs) + len(pairs.faults), "correct them")
    _refuse_no_pairs(found, settings)
    notes = list(pairs.notes)
    model = request.targets
    values = found.masks.values
    if (own := settings.class_values()) is not None and tuple(own) != model.class_names:
        numbers, missing = model.renumber(list(own))
        notes += missing
        values = model.with_numbers(as_array(values), numbers)
    masks = Masks(values, found.masks.sha256, found.masks.counts)
    return _loaded(settings, MaskedImages(found.seen, masks, found.form), model, notes)


def _read(
    pairs: Pairs, settings: MaskFolder, form: images.Form, progress: Progress | None, *, may_settle: bool = False
) -> tuple[MaskedImages, MaskFaults]:
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

    def read(each: Usable) -> Mask:
        return reader.read(mask_of[each.file], (each.height, each.width), form)

    def bad(each: Usable, mask: Mask) -> None:
        faults.add_mask(mask_of[each.file], mask)

    return read_masks(seen, read, form, bad, progress), faults


def _refuse_no_pairs(found: MaskedImages, settings: MaskFolder) -> None:
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


def _loaded(settings: MaskFolder, found: MaskedImages, targets: TargetInfo, notes: Sequence[Problem]) -> LoadedData:
    described = f"masks {printable(settings.masks)} of {printable(settings.images)}"
    fingerprint = _fingerprint(settings, found)
    return loaded(found, targets, notes, described=described, fingerprint=fingerprint, path=_PATH)


def _fingerprint(settings: MaskFolder, found: MaskedImages) -> str:
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
