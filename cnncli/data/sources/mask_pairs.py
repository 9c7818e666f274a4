"""Pair image files with mask files, by their names."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from cnncli.data.sources.folder_tree import IMAGE_FILES, ClassFile, read_tree
from cnncli.data.sources.loaded_data import PARTS
from cnncli.data.sources.paths import existing_folder
from cnncli.errors import DataError, Problem
from cnncli.messages import listed, printable
from cnncli.recipe.sources.mask_folder import MaskFolder

# What is added to the name of an image, and to that of a mask: `cat_mask.png` is the mask of `cat.jpg`.
_IMAGE_WORDS = "image|images|img|rgb|sat|photo|leftImg8bit"
_MASK_WORDS = "mask|masks|seg|segmentation|label|labels|labelIds|gtFine_labelIds|gt|manual1|annotation|l"
_OF_IMAGES = re.compile(rf"(?i)^(?:{_IMAGE_WORDS})[-_.]|[-_.](?:{_IMAGE_WORDS})$")
_OF_MASKS = re.compile(rf"(?i)^(?:{_MASK_WORDS})[-_.]|[-_.](?:{_MASK_WORDS})$")
_NO_IMAGES = (
    ".npy",
    ".npz",
    ".mat",
    ".json",
    ".txt",
    ".xml",
    ".svg",
    ".nii",
    ".nii.gz",
    ".pdf",
)  # masks of other kinds


@dataclass(frozen=True, slots=True)
class Pair:
    """An image and its mask.

    Attributes:
        image: its `relative` begins inside of what all folders of images share.
        mask: path of the file.
    """

    image: ClassFile
    mask: str


@dataclass(frozen=True, slots=True)
class Pairs:
    """What the folders hold.

    Attributes:
        pairs: by part, within each sorted by the bytes of the images' names.
        faults: images without a mask, masks without an image.
        notes: what was left aside, and how names were matched.
        folders: by part, what messages call it.
    """

    pairs: tuple[Pair, ...]
    faults: tuple[Problem, ...]
    notes: tuple[Problem, ...]
    folders: Mapping[str, str]


def find_pairs(settings: MaskFolder) -> Pairs:
    """Pair the files of all folders.

    Raises:
        DataError: a folder is missing or holds no image.
    """
    problems: list[Problem] = []
    for key, folder in settings.paths().items():
        try:
            existing_folder(folder)
        except DataError as error:
            problems += [
                Problem(each.message, each.hint, path=("data", "source", "mask_folder", key)) for each in error.problems
            ]
    if problems:
        raise DataError(problems)
    shared = os.path.commonpath([os.path.abspath(images) for _, images, _ in settings.parts()])
    found = [_pairs_of(part, images, masks, shared) for part, images, masks in settings.parts()]
    folders: dict[str, str] = {}
    for each in found:
        if both := [part for part in each.folders if part in folders]:
            message = f"the {both[0]} part is there twice: {folders[both[0]]}/ and {each.folders[both[0]]}/"
            raise DataError(Problem(message, "name one of them"))
        folders |= each.folders
    pairs = sorted((pair for each in found for pair in each.pairs), key=lambda pair: PARTS.index(pair.image.part))
    notes = [note for each in found for note in each.notes]
    return Pairs(tuple(pairs), tuple(fault for each in found for fault in each.faults), tuple(notes), folders)


def _pairs_of(part: str, images: str, masks: str, shared: str) -> Pairs:
    """Those of a folder of images and a folder of masks, which may be the same."""
    root, mask_root = os.path.abspath(images), os.path.abspath(masks)
    tree = read_tree(root, IMAGE_FILES, has_classes=False)
    is_one_folder = os.path.realpath(root) == os.path.realpath(mask_root)
    mask_tree = tree if is_one_folder else read_tree(mask_root, IMAGE_FILES, has_classes=False)
    files = [file for some in tree.files.values() for file in some]
    mask_files = [file for some in mask_tree.files.values() for file in some]
    if is_one_folder:
        files = [file for file in files if not _OF_MASKS.search(_stem(file))]
        mask_files = [file for file in mask_files if _OF_MASKS.search(_stem(file))]
        if not mask_files:
            message = f"{printable(images)} is the folder of the images and of the masks, and no file is called a mask"
            raise DataError(Problem(message, "masks in the folder of their images have names as `cat_mask.png`"))
    matched, faults, notes = _match(files, mask_files, images, masks)
    pairs = []
    for file, mask in matched:
        relative = os.path.relpath(file.path, shared).replace(os.sep, "/")
        own = file.part if tree.folders else part
        pairs.append(Pair(ClassFile(file.path, relative, own, ""), mask.path))
    folders = {own: f"{images}/{folder}" for own, folder in tree.folders.items()} or {part: images}
    aside = dict.fromkeys([*tree.notes, *mask_tree.notes])
    return Pairs(
        tuple(pairs), tuple(faults), (*aside, *notes), {own: os.path.normpath(name) for own, name in folders.items()}
    )


def _match(
    files: Sequence[ClassFile], masks: Sequence[ClassFile], image_folder: str, mask_folder: str
) -> tuple[list[tuple[ClassFile, ClassFile]], list[Problem], list[Problem]]:
    """Pairs in the order of the images, faults, and notes."""
    by_name: dict[tuple[str, str], list[ClassFile]] = defaultdict(list)
    for mask in masks:
        by_name[_key(mask)].append(mask)
    found: dict[ClassFile, list[ClassFile]] = {file: by_name.get(_key(file), []) for file in files}
    taken = {mask for some in found.values() for mask in some}
    added: dict[tuple[str, str], list[ClassFile]] = defaultdict(list)
    for mask in masks:
        if mask not in taken:
            added[_key(mask, _OF_MASKS)].append(mask)
    example = None
    for file in files:
        if not found[file] and (some := added.get(_key(file)) or added.get(_key(file, _OF_IMAGES), [])):
            found[file] = some
            example = example or (some[0], file)
    owners: dict[ClassFile, list[ClassFile]] = defaultdict(list)
    for file, some in found.items():
        for mask in some:
            owners[mask].append(file)
    faults = [*_unpaired(found, image_folder, mask_folder), *_shared(owners, image_folder, mask_folder)]
    for mask in masks:
        if mask not in owners:
            faults.append(Problem(f"{_shown(mask_folder, mask)}: this mask has no image in {printable(image_folder)}/"))
    notes = []
    if example:
        mask, file = example
        of = f"{printable(mask.relative)} is taken for the mask of {printable(file.relative)}"
        notes.append(Problem(f"names of masks and images differ: {of}"))
    pairs = [(file, some[0]) for file, some in found.items() if len(some) == 1 and len(owners[some[0]]) == 1]
    return pairs, faults, notes


def _unpaired(found: Mapping[ClassFile, Sequence[ClassFile]], image_folder: str, mask_folder: str) -> Iterable[Problem]:
    for file, some in found.items():
        if not some:
            name = _shown(image_folder, file)
            why = f"no {printable(_without_ending(file))}.* in {printable(mask_folder)}/"
            other = (os.path.join(mask_folder, _without_ending(file) + ending) for ending in _NO_IMAGES)
            if (found_instead := next(filter(os.path.isfile, other), None)) is not None:
                why = f"{printable(found_instead)} is no image file"
            yield Problem(f"{name}: it has no mask: {why}")
        elif len(some) > 1:
            both = listed((printable(mask.relative) for mask in some), 3)
            yield Problem(
                f"{_shown(image_folder, file)}: it has {len(some)} masks in {printable(mask_folder)}/: {both}"
            )


def _shared(owners: Mapping[ClassFile, Sequence[ClassFile]], image_folder: str, mask_folder: str) -> Iterable[Problem]:
    for mask, some in owners.items():
        if len(some) > 1:
            both = listed((printable(file.relative) for file in some), 3)
            yield Problem(
                f"{_shown(mask_folder, mask)}: it is the mask of {len(some)} images in {printable(image_folder)}/: {both}"
            )


def _shown(folder: str, file: ClassFile) -> str:
    return printable(os.path.join(folder, file.relative))


def _stem(file: ClassFile) -> str:
    return os.path.splitext(os.path.basename(file.relative))[0]


def _without_ending(file: ClassFile) -> str:
    return os.path.splitext(file.relative)[0]


def _key(file: ClassFile, words: re.Pattern[str] | None = None) -> tuple[str, str]:
    """The folder and the name without ending by which an image and a mask are matched.

    Args:
        words: what does not count at the beginning or the end of the name.
    """
    stem = _stem(file)
    return os.path.dirname(file.relative), words.sub("", stem, count=1) if words else stem
