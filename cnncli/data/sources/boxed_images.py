"""Read images with boxes: what YOLO, COCO and Pascal VOC have in common once their labels are parsed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from cnncli.data import images
from cnncli.data.columns import Values, take
from cnncli.data.dataset import INPUT, Examples, ImageFiles
from cnncli.data.fingerprint import of_files
from cnncli.data.image_geometry import Geometry
from cnncli.data.sources.base import ModelRequest, Request
from cnncli.data.sources.equal_files import duplicate_of, duplicates
from cnncli.data.sources.folder_tree import ClassFile, Tree
from cnncli.data.sources.image_form import form_of, settled
from cnncli.data.sources.image_remarks import looks_of, remarks
from cnncli.data.sources.image_scan import Scan, Usable, scan
from cnncli.data.sources.loaded_data import MOST_LISTED, PARTS, LoadedData, first_of, problems_at, sizes
from cnncli.data.targets import TargetInfo
from cnncli.errors import DataError, Place, Problem
from cnncli.messages import counted, listed, printable
from cnncli.recipe.sources.boxes import BoxSettings
from cnncli.recipe.yaml.nodes import Path

_LEAST_VISIBLE = 0.2  # share of a box that `resize: crop` must leave, or it is no object any more
_BEYOND = 0.01  # of the image: a box that reaches further beyond it is worth a note
_NONE = np.empty((0, 4))


@dataclass(frozen=True, slots=True, eq=False)
class BoxedImage:
    """An image and its boxes, as its labels say them.

    Attributes:
        file: the image.
        boxes: float (k, 4): top, left, bottom, right, in shares of the image, or in pixels where there is a size.
        classes: the number of the class of each.
        size: (height, width) in pixels of the image on which the boxes were drawn; None: boxes are in shares.
        faults: what is wrong with the labels.
    """

    file: ClassFile
    boxes: NDArray[np.float64] = field(default_factory=lambda: _NONE)
    classes: Sequence[int] = ()
    size: tuple[int, int] | None = None
    faults: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class BoxedImages:
    """All images of a source.

    Attributes:
        images: by part, in the order of `PARTS`.
        class_names: by number.
        described: for people: `YOLO data set helmets/data.yaml`.
        folders: by part, what messages call it.
        notes: what is unusual about the labels.
    """

    images: Sequence[BoxedImage]
    class_names: tuple[str, ...]
    described: str
    folders: Mapping[str, str]
    notes: tuple[Problem, ...] = ()


def fault(file: str, line: int, message: str, hint: str = "") -> Problem:
    """A problem in a line of a labels file; 0 where lines do not count."""
    return Problem(message, hint, Place(printable(file), line))


def read_boxed(found: BoxedImages, settings: BoxSettings, request: Request, path: Path) -> LoadedData:
    """Read images and boxes for training.

    Args:
        found: the labels.
        path: of the settings in the recipe.

    Raises:
        DataError: labels or images are not in order; every fault is reported at once.
    """
    assert not isinstance(request.input_shape, dict)  # the schema's rules: this source brings one input
    form = form_of(settings, request.input_shape, path)
    info = request.targets.of_class_names(found.class_names)
    request.check_targets(info)
    may_skip = request.data.on_bad_image == "skip"
    with problems_at(*path):
        bad = [each for each in found.images if each.faults]
        if bad and not may_skip:
            raise faulty_labels(bad, "correct them, or leave these images out: `on_bad_image: skip` in `data`")
        good = [each for each in found.images if not each.faults]
        if not any(each.file.part == "train" for each in found.images):
            raise DataError(
                Problem(f"{found.described} has no image to train", f"it has {listed(found.folders.values())}")
            )
        if not any(len(each.boxes) for each in good):
            raise DataError(Problem(f"{found.described} has no box", "nothing can be learned"))
        seen = scan([each.file for each in good], form, progress=request.progress)
        if (better := settled(form, settings, seen.usable)) != form:
            form = better
            seen = scan([each.file for each in good], form, progress=request.progress)
        reasons = [f"{printable(each.file.relative)}: {each.reason}" for each in seen.bad]
        if reasons and not may_skip:
            message = f"{len(seen.bad):,} of {counted(len(good), 'image')} cannot be used"
            way_out = "repair or remove them, or skip them: `on_bad_image: skip` in `data`"
            raise DataError(Problem(message, "\n".join([*_some(reasons), way_out])))
        notes = [*found.notes, *labels_left_out(bad, reasons)]
        tree = Tree({}, {}, dict(found.folders), (), "image")
        looks = [looks_of(each) for each in seen.usable]
        files = [each.file for each in seen.usable]
        notes += duplicates(files, looks, tree, allow_leakage=request.data.allow_leakage)
    return _loaded(found, good, seen, form, info, [*notes, *remarks(seen.usable, form, path)])


def read_boxed_for_model(found: BoxedImages, settings: BoxSettings, request: ModelRequest, path: Path) -> LoadedData:
    """Read the images of the test part, or all of them where there is none, for a trained model.

    Raises:
        DataError: as `read_boxed`; also for a class that the model does not know.
    """
    assert not isinstance(request.input_shape, Mapping)
    numbers, missing = request.targets.renumber(found.class_names)
    of_test = [each for each in found.images if each.file.part == "test"]
    mine = of_test or list(found.images)
    if bad := [each for each in mine if each.faults]:
        raise faulty_labels(bad, "correct them")
    form = request.form or form_of(settings, request.input_shape, path)
    seen = scan([each.file for each in mine], form, progress=request.progress)
    if seen.bad:
        reasons = [f"{printable(each.file.relative)}: {each.reason}" for each in seen.bad]
        raise DataError(
            Problem(f"{len(seen.bad):,} of {counted(len(mine), 'image')} cannot be used", "\n".join(_some(reasons)))
        )
    notes = [*found.notes, *missing, *remarks(seen.usable, form, path)]
    return _loaded(found, mine, seen, form, request.targets, notes, numbers)


class Labelled(Protocol):
    """An image with its labels."""

    @property
    def faults(self) -> tuple[Problem, ...]:
        """What is wrong with them."""


def faulty_labels(bad: Sequence[Labelled], way_out: str) -> DataError:
    """All faults of labels as one error."""
    problems = [problem for each in bad for problem in each.faults]
    shown, left = problems[:MOST_LISTED], len(problems) - MOST_LISTED
    more = f"and {left:,} more" if left > 0 else ""
    message = f"the labels of {counted(len(bad), 'image')} cannot be used"
    return DataError([*shown, Problem(message, "\n".join(filter(None, [more, way_out])))])


def labels_left_out(bad: Sequence[Labelled], reasons: Sequence[str]) -> Iterator[Problem]:
    """That images are left out.

    Args:
        bad: those whose labels are wrong.
        reasons: why others are.
    """
    found = [*(str(problem) for each in bad for problem in each.faults), *reasons]
    if found:
        message = f"{counted(len(bad) + len(reasons), 'image')} left out"
        yield Problem(message, "\n".join(_some(found)), kind="broken")


def size_fault(labelled: tuple[int, int], image: tuple[int, int]) -> str:
    """That labels are for an image of another size, (height, width)."""
    (height, width), own = labelled, image
    turned = "; `exif: ignore` where labels were drawn on the image as it is stored" if labelled == own[::-1] else ""
    return f"its labels are for {width}x{height} pixels, and it has {own[1]}x{own[0]}{turned}"


def _some(lines: Sequence[str]) -> list[str]:
    left = len(lines) - MOST_LISTED
    return [*lines[:MOST_LISTED], f"and {left:,} more"] if left > 0 else list(lines)


def _loaded(
    found: BoxedImages,
    labelled: Sequence[BoxedImage],
    seen: Scan,
    form: images.Form,
    targets: TargetInfo,
    notes: Iterable[Problem],
    numbers: NDArray[np.int32] | None = None,
) -> LoadedData:
    """The parts.

    Args:
        numbers: by class of the labels that of the targets; None: the same.
    """
    of_file = {id(each.file): each for each in labelled}
    placed = _Placed(form)
    rows = [placed.boxes_of(of_file[id(each.file)], each) for each in seen.usable]
    if placed.faults:
        raise DataError(first_of(placed.faults))
    most = max(map(len, rows), default=1) or 1
    boxes = np.full((len(rows), most, 5), -1, np.float32)
    for target, own in zip(boxes, rows, strict=True):
        target[: len(own)] = own
    if numbers is not None:
        boxes = targets.with_numbers(boxes, numbers)
    parts: dict[str, Examples] = {}
    copies: dict[str, NDArray[np.int64]] = {}
    begin = 0
    for part in PARTS:
        mine = [each for each in seen.usable if each.file.part == part]
        if mine:
            parts[part] = _examples(mine, seen.pixels, begin, form, boxes[begin : begin + len(mine)])
            copies[part] = duplicate_of(map(looks_of, mine))
            begin += len(mine)
    count = sum(map(len, rows))
    return LoadedData(
        parts=parts,
        targets=targets,
        source=f"{found.described}: {sizes(parts)} images, {counted(count, 'box', 'boxes')}, {targets.size}",
        fingerprint=_fingerprint(seen.usable, boxes, targets),
        notes=(*notes, *placed.notes()),
        skipped=tuple(bad.file.relative for bad in seen.bad),
        duplicate_of=copies,
        form=form,
    )


def _fingerprint(used: Sequence[Usable], boxes: NDArray[np.float32], targets: TargetInfo) -> str:
    """Over the files and the boxes of each."""
    labels = ",".join(targets.class_names).encode().hex()
    rows = (own[own[:, 4] >= 0].astype("<f4").tobytes().hex() for own in boxes)
    return of_files(
        (each.file.relative, each.byte_count, f"{each.sha256} {labels} {row}")
        for each, row in zip(used, rows, strict=True)
    )


def _examples(
    mine: Sequence[Usable], pixels: Values | None, begin: int, form: images.Form, boxes: NDArray[np.float32]
) -> Examples:
    originals = ImageFiles(tuple(each.file.path for each in mine), form)
    own = originals if pixels is None else take(pixels, np.arange(begin, begin + len(mine)))
    files, sha256 = tuple(each.file.relative for each in mine), tuple(each.sha256 for each in mine)
    return Examples({INPUT: own}, boxes, files, sha256, originals)


class _Placed:
    """Brings boxes from images into what these become, and counts what happens to them.

    Args:
        form: what every image becomes.

    Attributes:
        faults: boxes that cannot be brought there.
    """

    def __init__(self, form: images.Form) -> None:
        self._form = form
        self._beyond: list[str] = []
        self._cut_off: list[str] = []
        self.faults: list[Problem] = []

    def boxes_of(self, labelled: BoxedImage, seen: Usable) -> NDArray[np.float32]:
        """The boxes of an image, float32 (k, 5): top, left, bottom, right in [0, 1] of what it becomes, and the class."""
        name = printable(seen.file.relative)
        size = np.array([seen.height, seen.width] * 2, np.float64)
        if labelled.size and labelled.size != (seen.height, seen.width):
            said = size_fault(labelled.size, (seen.height, seen.width))
            self.faults.append(Problem(f"{name}: {said}", "write labels for this image"))
            return np.empty((0, 5), np.float32)
        shares = labelled.boxes / size if labelled.size else labelled.boxes  # (k, 4)
        inside = np.clip(shares, 0, 1)
        if len(shares) and (np.abs(inside - shares) > _BEYOND).any():
            self._beyond.append(name)
        placed, visible = in_form(inside, Geometry(seen.height, seen.width, self._form))
        is_kept = visible >= _LEAST_VISIBLE
        self._cut_off += [name] * int((~is_kept).sum())
        return np.column_stack([placed, labelled.classes])[is_kept].astype(np.float32).reshape(-1, 5)

    def notes(self) -> Iterator[Problem]:
        if self._beyond:
            message = f"boxes of {counted(len(self._beyond), 'image reach', 'images reach')} beyond the image"
            yield Problem(message, f"{listed(self._beyond, 5)}\nthey are cut at its sides", kind="cut")
        if self._cut_off:
            names = list(dict.fromkeys(self._cut_off))
            is_cut = self._form.resize == "crop"
            why = "`resize: crop` cuts most of them off" if is_cut else "hardly anything of them lies in their image"
            message = f"{counted(len(self._cut_off), 'box is', 'boxes are')} left out: {why}"
            hint = "\n".join([listed(names, 5), *(["`resize: pad` keeps them"] if is_cut else [])])
            yield Problem(message, hint, kind="cut")


def in_form(boxes: NDArray[np.float64], geometry: Geometry) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Bring boxes of an upright image into what it becomes.

    Args:
        boxes: (k, 4): top, left, bottom, right in [0, 1] of the image.

    Returns:
        The same in [0, 1] of the result, and which share of each is visible there, (k,).
    """
    form = geometry.form
    placed = geometry.forward_boxes(boxes * [geometry.height, geometry.width, geometry.height, geometry.width])
    size = np.array([form.height, form.width, form.height, form.width], np.float64)
    inside = np.clip(placed, 0, size)
    return inside / size, _area(inside) / np.maximum(_area(placed), 1e-12)


def _area(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    areas: NDArray[np.float64] = np.maximum(boxes[:, 2:] - boxes[:, :2], 0).prod(axis=1)
    return areas


def sorted_by_part(found: Iterable[BoxedImage]) -> list[BoxedImage]:
    """In the order of the parts, within each as they come."""
    return sorted(found, key=lambda each: PARTS.index(each.file.part))


def image_names_note(missing: Sequence[str], total: int, where: str) -> Problem:
    """Images that labels name and that are not there."""
    message = f"{len(missing):,} of {counted(total, 'image')} are not in {printable(where)}"
    return Problem(message, "\n".join(_some([printable(name) for name in missing])))


def read_text(path: str) -> str:
    """The text of a labels file.

    Raises:
        DataError: it cannot be read, or is no text.
    """
    try:
        with open(path, "rb") as file:
            return file.read().decode("utf-8-sig")
    except OSError as error:
        raise DataError(f"cannot read {printable(path)}: {(error.strerror or str(error)).lower()}") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{printable(path)} is no UTF-8 text") from error
