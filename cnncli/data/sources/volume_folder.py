"""Load a folder of volumes: NIfTI, DICOM and NumPy files, with a folder for each class or with masks beside them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncli.data import groups
from cnncli.data.dataset import INPUT, Examples
from cnncli.data.fingerprint import of_parts
from cnncli.data.shapes import Shape, written
from cnncli.data.sources.arrays import Targets, compare_scales
from cnncli.data.sources.base import ModelRequest, Request, Source
from cnncli.data.sources.duplicates import find_copies
from cnncli.data.sources.loaded_data import MOST_LISTED, PARTS, LoadedData, Progress, first_of, problems_at, sizes
from cnncli.data.sources.paths import contents
from cnncli.data.sources.volume_tree import VolumeFile, classified_files, masked_files
from cnncli.data.targets import TargetInfo
from cnncli.data.threads import in_threads
from cnncli.data.volume_file import Volume, read_volume, suffix_of
from cnncli.data.volume_form import VolumeForm
from cnncli.errors import DataError, Problem
from cnncli.inputs import VOLUME, kind_of
from cnncli.messages import counted, listed, printable
from cnncli.recipe.sources.volumes import VolumeFolder

_PATH = ("data", "source", "volume_folder")
_SAME_SPACING = 0.01


@dataclass(frozen=True, slots=True, eq=False)
class _Read:
    """A volume in its form.

    Attributes:
        values: float32 (depth, height, width, 1).
        labels: of its mask, in the same form; None where it has none.
        attributes: what its file says of the patient.
    """

    values: NDArray[np.float32]
    labels: NDArray[Any] | None
    attributes: Mapping[str, str]


def form_of(settings: VolumeFolder, input_shape: Shape | None) -> VolumeForm:
    """What every volume becomes: `shape`, or the network's input where it is left out.

    Raises:
        DataError: neither says it, or the two disagree.
    """
    if input_shape is not None and (kind_of(input_shape) is not VOLUME or input_shape[-1] not in (1, None)):
        message = f"volumes are {' x '.join(VOLUME.AXES)} with 1 channel, the network takes {written(input_shape)}"
        raise DataError(Problem(message, path=("model", "input")))
    own = settings.shape or [side for side in (input_shape or ())[:-1] if side is not None]
    if len(own) != 3:
        hint = "`shape: [64, 64, 64]` here, or `input: [64, 64, 64, 1]` in `model`"
        raise DataError(Problem("no shape is given for the volumes", hint, path=_PATH))
    wrong = input_shape and [side for side, length in zip(input_shape, own, strict=False) if side not in (None, length)]
    if wrong:
        message = f"`shape` is {written(own)}, the network takes {written(input_shape or ())}"
        raise DataError(Problem(message, "leave `shape` out: it follows `model.input`", path=(*_PATH, "shape")))
    depth, height, width = own
    low_high = settings.window and (settings.window[0], settings.window[1])
    sides = settings.spacing and (settings.spacing[0], settings.spacing[1], settings.spacing[2])
    return VolumeForm((depth, height, width), sides or None, low_high or None)


def read_volume_folder(
    settings: VolumeFolder,
    *,
    input_shape: Shape | None,
    targets: type[TargetInfo],
    has_masks: bool,
    may_skip: bool = False,
    allow_leakage: bool = False,
    group: str | None = None,
    progress: Progress | None = None,
) -> LoadedData:
    """Read all volumes for training.

    Args:
        targets: what the labels are.
        has_masks: whether masks label the volumes; else their folders do.
        may_skip: leave out what cannot be read.
        group: an attribute of DICOM, such as `PatientID`; or a pattern, which is not read here.

    Raises:
        DataError: everything wrong with the folder and its files, at once.
    """
    form = form_of(settings, input_shape)
    with problems_at(*_PATH, "path"):
        files = masked_files(settings) if has_masks else classified_files(settings.path)
        if not any(file.part == "train" for file in files):
            hint = f"it holds {contents(settings.path)}"
            raise DataError(Problem(f"{printable(settings.path)} has no volumes to train on", hint))
        names = sorted({file.class_name for file in files if file.part == "train"}, key=os.fsencode)
        if not has_masks:
            _refuse_classes(settings.path, files, names)
        read, problems = _read_all(files, form, progress)
        if problems and not may_skip:
            way_out = "repair or remove them, or skip them: `on_bad_image: skip` in `data`"
            raise DataError([*first_of(problems), Problem(_unusable(read), way_out)])
        usable = [(file, own) for file, own in zip(files, read, strict=True) if own is not None]
        _refuse_lost(usable, names)
        notes = []
        if problems:
            message = f"{counted(read.count(None), 'volume')} left out"
            notes = [Problem(message, "\n".join(map(str, problems[:MOST_LISTED])), kind="broken")]
        parts = _parts(usable, names, targets, group)
        if has_masks:
            info: TargetInfo = targets.describe(parts["train"].labels, "the masks of the training part")
            if settings.classes is not None:
                info = info.named(settings.classes)
            for part, examples in parts.items():
                info.check(examples.labels, f"the masks of the {part} part", "the training part")
        else:
            info = targets.of_folders(names)
        columns = {part: examples.input for part, examples in parts.items()}
        errors, remarks = compare_scales(columns)
        if errors:
            raise DataError(errors)
        copies, found = find_copies(
            parts,
            {part: part for part in parts},
            allow_leakage=allow_leakage,
            noun=VOLUME.WORD,
            name_of=lambda part, index: printable((parts[part].files or ())[index]),
        )
    notes += [*remarks, *found, *_said(usable, form)]
    source = f"folder of volumes {printable(settings.path)}: {sizes(parts)} volumes, {info.size}"
    return LoadedData(
        parts=parts,
        targets=info,
        source=source,
        fingerprint=of_parts(parts, info),
        notes=tuple(notes),
        skipped=tuple(file.relative for file, own in zip(files, read, strict=True) if own is None),
        duplicate_of=copies,
    )


def _refuse_classes(path: str, files: Sequence[VolumeFile], names: Sequence[str]) -> None:
    if len(names) < 2:
        raise DataError(
            Problem(f"one class only: `{printable(names[0])}`", f"{printable(path)} holds {contents(path)}")
        )
    unknown = sorted({file.class_name for file in files} - set(names))
    if unknown:
        shown = listed((f"`{printable(name)}`" for name in unknown), 5)
        raise DataError(Problem(f"no training volume is of the class {shown}", "add some, or remove the folder"))


def _refuse_lost(usable: Sequence[tuple[VolumeFile, _Read]], names: Sequence[str]) -> None:
    """Refuse data of which no volume of a class, or none at all, is left to train on."""
    left = {file.class_name for file, _ in usable if file.part == "train"}
    if lost := [name for name in names if name not in left]:
        which = f" of the class {listed((f'`{printable(name)}`' for name in lost), 5)}" if any(lost) else ""
        raise DataError(Problem(f"no training volume{which} can be read", "repair the files, or remove the class"))


def _read_all(
    files: Sequence[VolumeFile], form: VolumeForm, progress: Progress | None
) -> tuple[list[_Read | None], list[Problem]]:
    """The volumes in their form, several at a time, None for those that cannot be read; and what is wrong with them."""

    def read(file: VolumeFile) -> _Read | list[Problem]:
        try:
            volume = read_volume(file.path)
            if wrong := form.fault(volume):
                raise DataError(f"{printable(os.path.relpath(file.path))}: {wrong}")
            labels = None if file.mask is None else form.labels(_mask_of(volume, file))
            return _Read(form.values(volume)[..., None], labels, volume.attributes)
        except DataError as error:
            return list(error.problems)

    found: list[_Read | None] = []
    problems: list[Problem] = []
    for count, own in enumerate(in_threads(read, files), 1):
        if isinstance(own, list):
            problems += own
        found.append(None if isinstance(own, list) else own)
        if progress:
            progress("reading volumes", count, len(files))
    return found, problems


def _mask_of(volume: Volume, file: VolumeFile) -> Volume:
    """The mask of a volume, which must cover it."""
    assert file.mask is not None
    mask = read_volume(file.mask)
    if mask.values.shape != volume.values.shape:
        said = f"{written(mask.values.shape)} voxels, and {printable(file.relative)} has {written(volume.values.shape)}"
        raise DataError(Problem(f"{printable(os.path.relpath(file.mask))} has {said}", "a mask covers its volume"))
    have_sides = suffix_of(file.mask) != ".npy" and suffix_of(file.path) != ".npy"
    if have_sides and not np.allclose(mask.spacing, volume.spacing, rtol=_SAME_SPACING, atol=0):
        said = f"a spacing of {_millimetres(mask.spacing)}, and {printable(file.relative)} has {_millimetres(volume.spacing)}"
        raise DataError(Problem(f"{printable(os.path.relpath(file.mask))} has {said}", "a mask covers its volume"))
    return mask if suffix_of(file.mask) == ".npy" else Volume(mask.values, volume.spacing)


def _millimetres(spacing: Sequence[float]) -> str:
    return " x ".join(f"{side:.3g}" for side in spacing) + " mm"


def _parts(
    usable: Sequence[tuple[VolumeFile, _Read]], names: Sequence[str], targets: Targets, group: str | None = None
) -> dict[str, Examples]:
    """The examples of each part.

    Args:
        names: of the classes; their numbers follow from it.
        targets: what reads masks.
        group: an attribute of DICOM that says what volumes belong together; or a pattern, which is not read here.
    """
    numbers = {name: number for number, name in enumerate(names)}
    is_attribute = group is not None and "(" not in group
    parts = {}
    for part in PARTS:
        mine = [(file, own) for file, own in usable if file.part == part]
        if not mine:
            continue
        masks = [own.labels for _, own in mine if own.labels is not None]
        labels = np.stack(masks) if masks else np.array([numbers[file.class_name] for file, _ in mine], np.int32)
        of_groups = np.array(_group_names(mine, str(group)), object) if is_attribute else None
        parts[part] = Examples(
            {INPUT: np.stack([own.values for _, own in mine])},
            _read_masks(mine, labels, targets) if masks else labels,
            tuple(file.relative for file, _ in mine),
            groups=of_groups,
        )
    return parts


def _read_masks(mine: Sequence[tuple[VolumeFile, _Read]], labels: NDArray[Any], targets: Targets) -> NDArray[Any]:
    """The masks of a part as targets.

    Raises:
        DataError: with the files that hold what no class has.
    """
    try:
        return targets.read("the masks", labels)
    except DataError as error:
        problems: list[Problem] = []
        for file, own in mine:
            try:
                targets.read(
                    printable(os.path.relpath(file.mask or "")), own.labels[None] if own.labels is not None else labels
                )
            except DataError as of_one:
                problems += of_one.problems
        raise DataError(first_of(problems) or error.problems) from error


def _group_names(mine: Sequence[tuple[VolumeFile, _Read]], keyword: str) -> list[str]:
    missing = [printable(file.relative) for file, own in mine if not own.attributes.get(keyword)]
    if missing:
        message = f"`group: {keyword}`: {counted(len(missing), 'volume says', 'volumes say')} no {keyword}"
        hint = f"{listed(missing, 5)}\nDICOM files have attributes, such as PatientID; a pattern finds groups in file names"
        raise DataError(Problem(message, hint, path=groups.PATH))
    return [own.attributes[keyword] for _, own in mine]


def _said(usable: Sequence[tuple[VolumeFile, _Read]], form: VolumeForm) -> Iterator[Problem]:
    """Volumes that became constant: a window beside their values, or the wrong units."""
    constant = [printable(file.relative) for file, own in usable if own.values.min() == own.values.max()]
    if constant:
        message = f"{counted(len(constant), 'volume has', 'volumes have')} one value only"
        hint = "`window` lies beside their values: " if form.window else ""
        yield Problem(message, hint + listed(constant, 5), kind="constant")


def _unusable(read: Sequence[_Read | None]) -> str:
    return f"{read.count(None):,} of {counted(len(read), 'volume')} cannot be used"


class _VolumeFolder(Source[VolumeFolder]):
    def read(self, settings: VolumeFolder, request: Request) -> LoadedData:
        assert not isinstance(request.input_shape, dict)
        found = read_volume_folder(
            settings,
            input_shape=request.input_shape,
            targets=request.targets,
            has_masks=request.targets.HAS_PLACES,
            may_skip=request.data.on_bad_image == "skip",
            allow_leakage=request.data.allow_leakage,
            group=request.data.split.group,
            progress=request.progress,
        )
        request.check_targets(found.targets)
        return found

    def read_for_model(self, settings: VolumeFolder, request: ModelRequest) -> LoadedData:
        trained = settings.of_other_data(request.data.source.settings if request.data else None)
        assert isinstance(trained, VolumeFolder)
        assert not isinstance(request.input_shape, Mapping)
        form = form_of(trained, request.input_shape)
        has_masks = request.targets.HAS_PLACES
        with problems_at(*_PATH, "path"):
            files = masked_files(trained) if has_masks else classified_files(trained.path)
            files = [file for file in files if file.part == "test"] or files
            read, problems = _read_all(files, form, request.progress)
            if problems:
                raise DataError([*first_of(problems), Problem(_unusable(read))])
            usable = [(file, own) for file, own in zip(files, read, strict=True) if own is not None]
            names = list(dict.fromkeys(file.class_name for file in files))
            pooled = [
                (VolumeFile(file.path, file.relative, "test", file.class_name, file.mask), own) for file, own in usable
            ]
            examples = _parts(pooled, names, request.targets)["test"]
            missing: Sequence[Problem] = ()
            if has_masks:
                request.targets.check(examples.labels, "the masks", "the model")
            else:
                numbers, missing = request.targets.renumber(names)
                examples = Examples(
                    examples.inputs, request.targets.with_numbers(examples.labels, numbers), examples.files
                )
        parts = {"test": examples}
        source = f"folder of volumes {printable(trained.path)}: {sizes(parts)} volumes"
        return LoadedData(parts, request.targets, source, of_parts(parts, request.targets), tuple(missing))

    def looks_like(self, path: Path) -> bool:
        if not path.is_dir():
            return False
        walked = (name for _, _, names in os.walk(path) for name in names)
        return any(suffix_of(name) in (".nii", ".nii.gz", ".dcm") for name in walked)


SOURCE = _VolumeFolder()
