"""Find the volumes of a folder: in folders of classes, or with masks beside them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

from cnncli.data.same_words import same
from cnncli.data.sources.folder_tree import PART_NAMES
from cnncli.data.sources.loaded_data import PARTS, first_of
from cnncli.data.sources.paths import contents, existing_folder, is_folder, listed_folder
from cnncli.data.volume_file import SUFFIXES, is_volume, series_in, suffix_of
from cnncli.errors import DataError, Problem
from cnncli.messages import printable
from cnncli.recipe.sources.volumes import VolumeFolder

# Folders of volumes and of their masks, as the Medical Segmentation Decathlon and others call them.
_BESIDE = (
    ("images", "labels", "train"),
    ("images", "masks", "train"),
    ("imagesTr", "labelsTr", "train"),
    ("imagesTs", "labelsTs", "test"),
)
_ENDINGS_OF_MASKS = ("_seg", "_mask", "_label", "-seg", "-mask", "-label", "_gt")
_ENDING_OF_IMAGES = "_0000"  # the first channel, as nnU-Net writes it


@dataclass(frozen=True, slots=True)
class VolumeFile:
    """A volume, its part, and what labels it: the name of its class, or the path of its mask.

    Attributes:
        relative: its path inside the folder, with `/`.
    """

    path: str
    relative: str
    part: str
    class_name: str = ""
    mask: str | None = None


def classified_files(path: str) -> list[VolumeFile]:
    """The volumes of class folders, or of parts with class folders inside."""
    root = os.path.abspath(existing_folder(path))
    found = []
    for part, folder in _part_folders(root):
        for entry in listed_folder(folder):
            if is_folder(entry) and not entry.name.startswith("."):
                below = volumes_below(entry.path)
                found += [
                    VolumeFile(each, os.path.relpath(each, root).replace(os.sep, "/"), part, entry.name)
                    for each in below
                ]
    if not found:
        message = f"{printable(path)} has no folder of volumes for each class"
        hint = f"volumes end in {', '.join(SUFFIXES)}, or are folders of DICOM slices; it holds {contents(path)}"
        raise DataError(Problem(message, hint))
    return found


def _part_folders(root: str) -> list[tuple[str, str]]:
    """The parts that a folder has, and their folders; the folder itself where it has none."""
    folders = [entry for entry in listed_folder(root) if is_folder(entry) and not entry.name.startswith(".")]
    parts = [(PART_NAMES[same(entry.name).lower()], entry.path) for entry in folders if _is_part(entry.name)]
    if parts and len(parts) == len(folders):
        return sorted(parts, key=lambda each: PARTS.index(each[0]))
    return [("train", root)]


def _is_part(name: str) -> bool:
    return same(name).lower() in PART_NAMES


def volumes_below(folder: str, *, without: str | None = None) -> list[str]:
    """The volumes of a folder and of the folders in it: files, and folders with DICOM slices.

    Args:
        without: a folder that is left out.
    """
    found: list[str] = []
    for entry in listed_folder(folder):
        if entry.name.startswith(".") or entry.path == without:
            continue
        if is_folder(entry):
            found += [entry.path] if series_in(entry.path) else volumes_below(entry.path, without=without)
        elif is_volume(entry.path):
            found.append(entry.path)
    return found


def masked_files(settings: VolumeFolder) -> list[VolumeFile]:
    """Volumes with their masks.

    Raises:
        DataError: there are no masks, or some volumes or masks are alone; all of them at once.
    """
    root = os.path.abspath(existing_folder(settings.path))
    pairs = [("train", root, os.path.abspath(existing_folder(settings.masks)))] if settings.masks else _beside(root)
    if not pairs:
        message = f"{printable(settings.path)} has no images/ and labels/"
        hint = "name the folder of the masks: `masks: scans/labels`"
        raise DataError(Problem(message, f"{hint}\nit holds {contents(settings.path)}"))
    found, problems = [], list[Problem]()
    for part, images, masks in pairs:
        of_masks: dict[str, str] = {}
        for path in volumes_below(masks):
            name = _stem(os.path.relpath(path, masks), _ENDINGS_OF_MASKS)
            if (other := of_masks.setdefault(name, path)) != path:
                both = f"{printable(os.path.relpath(other))} and {printable(os.path.relpath(path))}"
                problems.append(Problem(f"{both} are masks of one volume", "keep one of them"))
        alone = set(of_masks)
        for path in volumes_below(images, without=masks):
            relative = os.path.relpath(path, root).replace(os.sep, "/")
            name = _stem(os.path.relpath(path, images))
            name = name if name in of_masks else name.removesuffix(_ENDING_OF_IMAGES)
            if name in of_masks:
                alone.discard(name)
                found.append(VolumeFile(path, relative, part, mask=of_masks[name]))
            else:
                problems.append(Problem(f"{printable(relative)} has no mask in {printable(os.path.relpath(masks))}"))
        problems += [
            Problem(f"{printable(os.path.relpath(of_masks[name]))} is the mask of no volume") for name in sorted(alone)
        ]
    if problems:
        raise DataError(first_of(problems))
    return found


def has_masks(path: str) -> bool:
    """Whether a folder has folders of volumes and of masks in it."""
    return bool(_beside(os.path.abspath(existing_folder(path))))


def _beside(root: str) -> list[tuple[str, str, str]]:
    """Each part with its folder of volumes and its folder of masks."""
    found = []
    for part, folder in _part_folders(root):
        for images, masks, own in _BESIDE:
            pair = os.path.join(folder, images), os.path.join(folder, masks)
            if all(map(os.path.isdir, pair)):
                found.append((part if folder != root else own, *pair))
    return found


def _stem(relative: str, endings: Sequence[str] = ()) -> str:
    """A path inside a folder, without its ending and without what masks add to the name."""
    suffix = suffix_of(relative)
    stem = relative[: len(relative) - len(suffix)] if suffix in SUFFIXES else relative
    stem = stem.replace(os.sep, "/")
    return next((stem.removesuffix(ending) for ending in endings if stem.lower().endswith(ending)), stem)
