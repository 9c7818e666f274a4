"""Load a folder of images, one folder for each class."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from cnncli.data import images
from cnncli.data.columns import Values, take
from cnncli.data.dataset import INPUT, Examples, ImageFiles
from cnncli.data.fingerprint import of_files
from cnncli.data.shapes import Shape
from cnncli.data.sources.base import ModelRequest, Request, Source
from cnncli.data.sources.class_folders import class_names_of, lacking_notes, refuse_empty_classes, refuse_no_training
from cnncli.data.sources.classes_in_names import read_tree_of_names
from cnncli.data.sources.equal_files import duplicate_of, duplicates
from cnncli.data.sources.folder_tree import IMAGE_FILES, Tree, read_tree
from cnncli.data.sources.image_form import form_of, settled
from cnncli.data.sources.image_metadata import metadata_of
from cnncli.data.sources.image_remarks import looks_of, remarks
from cnncli.data.sources.image_scan import Bad, Scan, Usable, scan
from cnncli.data.sources.loaded_data import PARTS, LoadedData, Progress, problems_at, sizes
from cnncli.data.sources.paths import existing_folder
from cnncli.data.sources.table import read_table, read_table_for_model
from cnncli.data.targets import TargetInfo
from cnncli.errors import DataError, Problem
from cnncli.messages import counted, printable
from cnncli.recipe.sources.image_folder import ImageFolder
from cnncli.tasks.classification.targets import ClassTargets

_MOST_LISTED = 20
_PATH = ("data", "source", "image_folder")


def read_image_folder(
    settings: ImageFolder,
    *,
    input_shape: Shape | None = None,
    on_bad_image: Literal["error", "skip"] = "error",
    allow_leakage: bool = False,
    targets: type[TargetInfo] = ClassTargets,
    check_targets: Callable[[TargetInfo], None] | None = None,
    progress: Progress | None = None,
) -> LoadedData:
    """Read class folders, or `train/`, `val/` and `test/` with class folders inside, for training.

    Images become one uint8 array when that fits into a quarter of the free memory, else a file of the cache. Where there is
    no room for that either they stay in their files, which have been decoded once all the same to find the bad ones.

    Args:
        settings: the recipe's.
        input_shape: of the network: (height, width, channels), for what `settings` leaves open.
        on_bad_image: what to do about files that cannot be decoded.
        allow_leakage: go on when one image lies in two parts.
        targets: what the labels are; where an example can have several classes, files with the same bytes are one example.
        check_targets: called before any image is read; may raise.
        progress: called with ("reading images", count, all).

    Raises:
        DataError: the folder, its classes or its files are not in order; every bad file is reported at once.
    """
    form = form_of(settings, input_shape, _PATH)
    with problems_at(*_PATH, "path"):
        has_classes = targets.USES_LABELS
        tree = _tree(settings, has_classes=has_classes)
        refuse_no_training(settings.path, tree)
        names: list[str] = []
        if has_classes:
            names = class_names_of(settings.path, tree, must_be_trained=targets.NEEDS_KNOWN_CLASSES)
        info = targets.of_folders(names)
        if check_targets:
            check_targets(info)
        notes = [*tree.notes, *(lacking_notes(tree) if targets.NEEDS_KNOWN_CLASSES else ())]
        files = [file for files in tree.files.values() for file in files]
        seen = scan(files, form, progress=progress)
        if (better := settled(form, settings, seen.usable)) != form:  # what it was read as does not suit these images
            form = better
            seen = scan(files, form, progress=progress)
        if seen.bad and on_bad_image == "error":
            raise _bad_images(seen, "repair or remove them, or skip them: `on_bad_image: skip` in `data`")
        if seen.bad:
            message = f"{counted(len(seen.bad), 'image')} left out"
            notes.append(Problem(message, "\n".join(_reasons(seen.bad)), kind="broken"))
            refuse_empty_classes(tree, (each.file for each in seen.usable))
        numbers = {name: number for number, name in enumerate(names)} or {"": 0}
        labelled = _Labelled.of(seen, numbers, merge=info.SEVERAL_CLASSES)
        looks = [looks_of(each) for each in labelled.seen.usable]
        files = [each.file for each in labelled.seen.usable]
        notes += duplicates(files, looks, tree, allow_leakage=allow_leakage)
        notes += remarks(seen.usable, form)
    return _found(settings.path, labelled, form, info, notes)


def read_image_folder_for_model(
    settings: ImageFolder, *, form: images.Form, model: TargetInfo, progress: Progress | None = None
) -> LoadedData:
    """Read the images of `test/`, or all of them where there is no `test/`, for a trained model.

    Args:
        settings: of the folder.
        form: what the model's own images became.
        model: its targets: labels follow its classes; class folders are matched by name.

    Raises:
        DataError: as `read_image_folder`; also for a class that the model does not know.
    """
    with problems_at(*_PATH, "path"):
        tree = _tree(settings, has_classes=model.USES_LABELS)
        files = tree.files.get("test") or [file for files in tree.files.values() for file in files]
        names = list(dict.fromkeys(file.class_name for file in files))
        model = model.of_other_data(names)
        matched, missing = model.renumber(names)
        seen = scan(files, form, progress=progress)
        if seen.bad:
            raise _bad_images(seen, "repair or remove them")
    numbers = dict(zip(names, matched.tolist(), strict=True))
    notes = [*tree.notes, *missing, *remarks(seen.usable, form)]
    return _found(settings.path, _Labelled.of(seen, numbers, merge=model.SEVERAL_CLASSES), form, model, notes)


def _tree(settings: ImageFolder, *, has_classes: bool) -> Tree:
    """The files; their classes are their folders, or stand in their names."""
    root = os.path.abspath(existing_folder(settings.path))
    if has_classes and settings.pattern is not None:
        return read_tree_of_names(root, IMAGE_FILES, settings.pattern, path=(*_PATH, "label"))
    return read_tree(root, IMAGE_FILES, has_classes=has_classes)


@dataclass(frozen=True, slots=True, eq=False)
class _Labelled:
    """The images that are examples.

    Attributes:
        seen: what was seen of them.
        classes: of each the numbers of its classes.
        files: all files, also those that are the same example as another.
    """

    seen: Scan
    classes: list[list[int]]
    files: list[Usable]

    @classmethod
    def of(cls, seen: Scan, numbers: Mapping[str, int], *, merge: bool) -> _Labelled:
        """Those of a scan.

        Args:
            numbers: of the classes, by name.
            merge: whether files of a part with the same bytes are one example, which has all of their classes.
        """
        if not merge:
            return cls(seen, [[numbers[each.file.class_name]] for each in seen.usable], seen.usable)
        rows: dict[tuple[str, str], int] = {}
        classes: dict[int, set[int]] = {}
        for row, each in enumerate(seen.usable):
            first = rows.setdefault((each.file.part, each.sha256), row)
            classes.setdefault(first, set()).add(numbers[each.file.class_name])
        kept = np.array(list(classes), np.int64)
        pixels = None if seen.pixels is None else take(seen.pixels, kept)
        merged = replace(seen, usable=[seen.usable[row] for row in classes], pixels=pixels)
        return cls(merged, [sorted(found) for found in classes.values()], seen.usable)


def _bad_images(seen: Scan, way_out: str) -> DataError:
    message = f"{len(seen.bad):,} of {counted(len(seen.bad) + len(seen.usable), 'image')} cannot be used"
    every = [{"file": printable(bad.file.relative), "reason": bad.reason} for bad in seen.bad]
    return DataError(Problem(message, "\n".join([*_reasons(seen.bad), way_out])), details={"bad_images": every})


def _reasons(bad: Sequence[Bad]) -> list[str]:
    shown = [f"{printable(each.file.relative)}: {each.reason}" for each in bad[:_MOST_LISTED]]
    return shown if len(bad) <= _MOST_LISTED else [*shown, f"and {len(bad) - _MOST_LISTED:,} more"]


def _found(
    text: str, labelled: _Labelled, form: images.Form, targets: TargetInfo, notes: Iterable[Problem]
) -> LoadedData:
    seen = labelled.seen
    labels = targets.of_class_sets(labelled.classes)
    parts: dict[str, Examples] = {}
    copies: dict[str, NDArray[np.int64]] = {}
    begin = 0
    for part in PARTS:
        mine = [each for each in seen.usable if each.file.part == part]
        if mine:
            parts[part] = _examples(mine, seen, begin, form, labels[begin : begin + len(mine)])
            copies[part] = duplicate_of(map(looks_of, mine))
            begin += len(mine)
    counts = f"{sizes(parts)} images, {targets.size}"
    return LoadedData(
        parts=parts,
        targets=targets,
        source=f"image folder {printable(text)}: {counts}",
        fingerprint=of_files((each.file.relative, each.byte_count, each.sha256) for each in labelled.files),
        notes=tuple(notes),
        skipped=tuple(bad.file.relative for bad in seen.bad),
        duplicate_of=copies,
        form=form,
    )


def _examples(mine: Sequence[Usable], seen: Scan, begin: int, form: images.Form, labels: NDArray[Any]) -> Examples:
    files = tuple(each.file.relative for each in mine)
    sha256 = tuple(each.sha256 for each in mine)
    originals = ImageFiles(tuple(each.file.path for each in mine), form)
    pixels: Values = originals
    if isinstance(seen.pixels, np.ndarray):
        pixels = seen.pixels[begin : begin + len(mine)]
    elif seen.pixels is not None:
        pixels = seen.pixels.take(np.arange(begin, begin + len(mine)))
    return Examples({INPUT: pixels}, labels, files, sha256, originals)


class _ImageFolder(Source[ImageFolder]):
    def read(self, settings: ImageFolder, request: Request) -> LoadedData:
        assert not isinstance(request.input_shape, dict)  # the schema's rules: this source brings one input
        with problems_at(*_PATH, "path"):
            table = metadata_of(settings, for_training=True) if request.targets.USES_LABELS else None
        if table is not None:
            return read_table(table, request, path=_PATH)
        return read_image_folder(
            settings,
            input_shape=request.input_shape,
            on_bad_image=request.data.on_bad_image,
            allow_leakage=request.data.allow_leakage,
            targets=request.targets,
            check_targets=request.check_targets,
            progress=request.progress,
        )

    def read_for_model(self, settings: ImageFolder, request: ModelRequest) -> LoadedData:
        assert not isinstance(request.input_shape, Mapping)
        trained = settings.of_other_data(request.data.source.settings if request.data else None)
        assert isinstance(trained, ImageFolder)
        table = metadata_of(trained, for_training=False) if request.targets.USES_LABELS else None
        if table is not None:
            return read_table_for_model(table, request)
        form = request.form or form_of(settings, request.input_shape, _PATH)
        return read_image_folder_for_model(trained, form=form, model=request.targets, progress=request.progress)

    def looks_like(self, path: Path) -> bool:
        return path.is_dir()


SOURCE = _ImageFolder()
