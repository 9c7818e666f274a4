"""Load images with masks that are drawn from the outlines of COCO's annotations."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cnncli.data import images
from cnncli.data.fingerprint import of_files
from cnncli.data.image_geometry import Geometry
from cnncli.data.sources.base import ModelRequest, Request
from cnncli.data.sources.boxed_images import faulty_labels, labels_left_out, size_fault
from cnncli.data.sources.coco_outlines import Outline, mask_of
from cnncli.data.sources.equal_files import duplicates
from cnncli.data.sources.folder_tree import ClassFile, Tree
from cnncli.data.sources.image_form import form_of, settled
from cnncli.data.sources.image_remarks import looks_of
from cnncli.data.sources.image_scan import Usable, scan
from cnncli.data.sources.loaded_data import LoadedData, Progress, first_of, problems_at
from cnncli.data.sources.mask_files import IGNORED, Mask
from cnncli.data.sources.masked_images import MaskedImages, about_masks, loaded, read_masks
from cnncli.data.targets import TargetInfo
from cnncli.errors import DataError, Problem
from cnncli.messages import counted, printable
from cnncli.recipe.sources.boxes import Coco
from cnncli.recipe.sources.mask_folder import MOST_CLASSES
from cnncli.recipe.yaml.nodes import Path
from cnncli.tasks.segmentation.targets import MaskTargets

BACKGROUND = "background"  # class 0: where no object is


@dataclass(frozen=True, slots=True, eq=False)
class OutlinedImage:
    """An image and the outlines of its objects.

    Attributes:
        size: (height, width) of the image on which they were drawn.
        faults: what is wrong with them.
    """

    file: ClassFile
    outlines: Sequence[Outline]
    size: tuple[int, int]
    faults: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class OutlinedImages:
    """All images of a source.

    Attributes:
        images: by part, in the order of `PARTS`.
        categories: their names, by number.
        described: for people.
        folders: by part, what messages call it.
    """

    images: Sequence[OutlinedImage]
    categories: tuple[str, ...]
    described: str
    folders: Mapping[str, str]

    @property
    def class_names(self) -> tuple[str, ...]:
        """The background, then the categories; a category of that name is the background."""
        return (BACKGROUND, *(name for name in self.categories if name.lower() != BACKGROUND))

    @property
    def numbers(self) -> list[int]:
        """The class of each category, by its number."""
        places = {name: number for number, name in enumerate(self.class_names)}
        return [places.get(name, 0) for name in self.categories]


def read_outlined(found: OutlinedImages, settings: Coco, request: Request, path: Path) -> LoadedData:
    """Read images, and draw their masks, for training.

    Args:
        found: the labels.
        path: of the settings in the recipe.

    Raises:
        DataError: labels or images are not in order; every fault is reported at once.
    """
    assert not isinstance(request.input_shape, dict)  # the schema's rules: this source brings one input
    form = form_of(settings, request.input_shape, path)
    may_skip = request.data.on_bad_image == "skip"
    with problems_at(*path):
        if len(found.class_names) > MOST_CLASSES:
            raise DataError(
                f"{found.described} has {len(found.class_names):,} classes; masks have {MOST_CLASSES} at most"
            )
        bad = [each for each in found.images if each.faults]
        if bad and not may_skip:
            raise faulty_labels(bad, "correct them, or leave these images out: `on_bad_image: skip` in `data`")
        good = [each for each in found.images if not each.faults]
        if not any(each.outlines for each in good):
            raise DataError(Problem(f"{found.described} has no outline", "nothing can be learned"))
        masked, faults = _read(good, found, settings, form, request.progress, may_settle=True)
        if faults and not may_skip:
            message = f"{counted(len(faults), 'image')} of {len(good):,} cannot be used"
            hint = "correct them, or leave them out: `on_bad_image: skip` in `data`"
            raise DataError([*first_of(faults), Problem(message, hint)])
        info = MaskTargets(class_names=found.class_names, mask_shape=masked.mask_shape)
        request.check_targets(info)
        tree = Tree({}, {}, dict(found.folders), (), "image")
        looks, files = [looks_of(each) for each in masked.used], [each.file for each in masked.used]
        notes = [*labels_left_out(bad, [str(each) for each in faults]), *about_masks(masked, info.class_names)]
        notes += duplicates(files, looks, tree, allow_leakage=request.data.allow_leakage)
    return _loaded(found, masked, info, notes, path)


def read_outlined_for_model(found: OutlinedImages, settings: Coco, request: ModelRequest, path: Path) -> LoadedData:
    """Read the images of the test part, or all of them where there is none, for a trained model.

    Raises:
        DataError: as `read_outlined`; also for a class that the model does not know.
    """
    assert not isinstance(request.input_shape, Mapping)
    form = request.form or form_of(settings, request.input_shape, path)
    mine = [each for each in found.images if each.file.part == "test"] or list(found.images)
    if bad := [each for each in mine if each.faults]:
        raise faulty_labels(bad, "correct them")
    numbers, missing = request.targets.renumber(found.class_names)
    masked, faults = _read(mine, found, settings, form, request.progress, of_classes=numbers.tolist())
    if faults:
        raise DataError(
            [*first_of(faults), Problem(f"{counted(len(faults), 'image')} of {len(mine):,} cannot be used")]
        )
    info = request.targets
    return _loaded(found, masked, info, [*missing, *about_masks(masked, info.class_names)], path)


def _read(
    mine: Sequence[OutlinedImage],
    found: OutlinedImages,
    settings: Coco,
    form: images.Form,
    progress: Progress | None,
    *,
    of_classes: Sequence[int] | None = None,
    may_settle: bool = False,
) -> tuple[MaskedImages, list[Problem]]:
    """Images with their masks, and what is wrong with others.

    Args:
        of_classes: the model's number of each class; None: the same.
        may_settle: whether the images decide what their form leaves open.
    """
    files = [each.file for each in mine]
    seen = scan(files, form, progress=progress)
    if may_settle and (better := settled(form, settings, seen.usable)) != form:
        form = better
        seen = scan(files, form, progress=progress)
    of_file = {id(each.file): each for each in mine}
    numbers = [of_classes[number] if of_classes else number for number in found.numbers]
    background = of_classes[0] if of_classes else 0
    faults = [Problem(f"{printable(bad.file.relative)}: {bad.reason}") for bad in seen.bad]

    def read(each: Usable) -> Mask:
        own = of_file[id(each.file)]
        if own.size != (each.height, each.width):
            return Mask(None, "", size_fault(own.size, (each.height, each.width)))
        whole = mask_of(own.outlines, *own.size, numbers, background=background, ignored=IGNORED)
        digest = hashlib.sha256(whole.tobytes()).hexdigest()
        return Mask(Geometry(each.height, each.width, form).forward_labels(whole, outside=IGNORED), digest)

    def is_bad(each: Usable, mask: Mask) -> None:
        faults.append(Problem(f"{printable(each.file.relative)}: {mask.reason}"))

    return read_masks(seen, read, form, is_bad, progress), faults


def _loaded(
    found: OutlinedImages, masked: MaskedImages, targets: TargetInfo, notes: Sequence[Problem], path: Path
) -> LoadedData:
    names = ",".join(targets.class_names).encode().hex()
    fingerprint = of_files(
        (each.file.relative, each.byte_count, f"{each.sha256} {mask} {names}")
        for each, mask in zip(masked.used, masked.masks.sha256, strict=True)
    )
    return loaded(masked, targets, notes, described=found.described, fingerprint=fingerprint, path=path)
