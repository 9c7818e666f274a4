"""Load images with boxes as Pascal VOC has them: an XML file of annotations for each image."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from cnncli.data.part_words import WORDS
from cnncli.data.sources.box_source import BoxSource
from cnncli.data.sources.boxed_images import (
    BoxedImage,
    BoxedImages,
    fault,
    image_names_note,
    read_text,
    sorted_by_part,
)
from cnncli.data.sources.folder_tree import IMAGE_SUFFIXES, ClassFile
from cnncli.data.sources.paths import contents, existing_folder
from cnncli.errors import DataError, Problem
from cnncli.messages import printable, shortened
from cnncli.recipe.sources.boxes import Voc

# Of labels and of images; many data sets have the second.
_FOLDERS = (("Annotations", "JPEGImages"), ("annotations", "images"))
_SETS = os.path.join("ImageSets", "Main")
_PARTS = {words[0]: part for part, words in WORDS.items()}  # lists in ImageSets/Main: train, val, test
_MOST_BYTES = 1 << 20  # of a file of annotations


def read_voc(path: str) -> BoxedImages:
    """Read the annotations of a folder.

    The lists `train.txt`, `val.txt` and `test.txt` of `ImageSets/Main` name the images of the parts; without `train.txt` every
    image with annotations is one to train. Pixels count from 1 there, and a box includes the last one. Objects that are marked
    as difficult are left out, as the VOC challenge does not count them.

    Raises:
        DataError: folders, images or annotations are missing.
    """
    root = str(existing_folder(path))
    folders = _folders(root)
    if folders is None:
        annotations, pictures = _FOLDERS[0]
        lacking = next(each for each in (annotations, pictures) if not os.path.isdir(os.path.join(root, each)))
        hint = f"{printable(path)} holds {contents(root)}"
        raise DataError(Problem(f"{printable(path)} has no folder {lacking}", hint))
    annotations, pictures = folders
    labels = os.path.join(root, annotations)
    stems = _stems_by_part(root, labels)
    images = {
        os.path.splitext(name)[0]: name for name in sorted(os.listdir(os.path.join(root, pictures))) if _is_image(name)
    }
    wanted = [stem for some in stems.values() for stem in some]
    if missing := [stem for stem in wanted if stem not in images]:
        raise DataError(image_names_note(missing, len(wanted), os.path.join(path, pictures)))
    if missing := [f"{stem}.xml" for stem in wanted if not os.path.isfile(_annotations_file(labels, stem))]:
        raise DataError(image_names_note(missing, len(wanted), os.path.join(path, annotations)))
    parsed = [
        (part, stem, _Annotations(_annotations_file(labels, stem))) for part, some in stems.items() for stem in some
    ]
    names = tuple(sorted({name for _, _, each in parsed for name in each.names}))
    numbers = {name: number for number, name in enumerate(names)}
    found = []
    for part, stem, each in parsed:
        relative = f"{pictures}/{images[stem]}"
        file = ClassFile(os.path.join(root, pictures, images[stem]), relative, part, "")
        boxes = np.array(each.boxes, np.float64).reshape(-1, 4)
        size = each.size or ((1, 1) if not each.boxes else None)
        classes = [numbers[name] for name in each.names]
        if not each.boxes:
            found.append(BoxedImage(file, faults=tuple(each.faults)))
        else:
            found.append(BoxedImage(file, boxes, classes, size, tuple(each.faults)))
    if not names and not any(each.faults for _, _, each in parsed):
        raise DataError(f"{printable(os.path.join(path, annotations))} has no object")
    lists = {part: f"{word}.txt" for word, part in _PARTS.items() if part in stems}
    return BoxedImages(sorted_by_part(found), names, f"VOC folder {printable(path)}", lists)


def _folders(root: str) -> tuple[str, str] | None:
    """The names of the folders of annotations and of images; None where they are not both there."""
    return next((pair for pair in _FOLDERS if all(os.path.isdir(os.path.join(root, each)) for each in pair)), None)


def _stems_by_part(root: str, labels: str) -> dict[str, list[str]]:
    """The names of the images without their endings, by part.

    Args:
        labels: the folder of annotations.
    """
    found = {}
    for word, part in _PARTS.items():
        file = os.path.join(root, _SETS, f"{word}.txt")
        if os.path.isfile(file):
            found[part] = [line.split()[0] for line in read_text(file).splitlines() if line.strip()]
    if found.get("train"):
        return {part: stems for part, stems in found.items() if stems}
    names = sorted(name for name in os.listdir(labels) if name.endswith(".xml"))
    if not names:
        raise DataError(f"{printable(labels)} has no .xml file")
    used = {stem for stems in found.values() for stem in stems}
    train = [stem for stem in (name.removesuffix(".xml") for name in names) if stem not in used]
    return {"train": train, **found}


def _annotations_file(labels: str, stem: str) -> str:
    return os.path.join(labels, f"{stem}.xml")


def _is_image(name: str) -> bool:
    return os.path.splitext(name)[1].lower() in IMAGE_SUFFIXES


class _Annotations:
    """The objects of one file of annotations.

    Attributes:
        boxes: top, left, bottom, right of each, in pixels from 0.
        names: of the class of each.
        size: (height, width) of the image; None where it is not said.
        faults: what is wrong.
    """

    def __init__(self, path: str) -> None:
        self.boxes: list[list[float]] = []
        self.names: list[str] = []
        self.size: tuple[int, int] | None = None
        self.faults: list[Problem] = []
        self._file = os.path.basename(path)
        root = self._parsed(path)
        if root is None:
            return
        self.size = self._size(root)  # before the objects, which lie in it
        for number, each in enumerate(root.iter("object"), start=1):
            if (each.findtext("difficult") or "0").strip() == "1":
                continue
            for message in self._add(each):
                self.faults.append(fault(self._file, 0, f"object {number}: {message}"))
        if self.boxes and self.size is None:
            self.faults.append(fault(self._file, 0, "`size` with `width` and `height` is missing"))

    def _parsed(self, path: str) -> ElementTree.Element | None:
        try:
            text = read_text(path)
            if os.path.getsize(path) > _MOST_BYTES or "<!DOCTYPE" in text or "<!ENTITY" in text:
                raise DataError(f"{printable(self._file)} is no file of annotations")
            return ElementTree.fromstring(text)
        except DataError as error:
            self.faults += error.problems
        except ElementTree.ParseError as error:
            self.faults.append(fault(self._file, error.position[0], f"no XML: {str(error).partition(':')[0]}"))
        return None

    def _size(self, root: ElementTree.Element) -> tuple[int, int] | None:
        try:
            height, width = (int(float(root.findtext(f"size/{key}") or 0)) for key in ("height", "width"))
        except (ValueError, OverflowError):
            return None
        return (height, width) if height > 0 and width > 0 else None

    def _add(self, each: ElementTree.Element) -> Iterator[str]:
        name = (each.findtext("name") or "").strip()
        if not name:
            yield "`name` is missing"
            return
        values = []
        for key in ("ymin", "xmin", "ymax", "xmax"):
            written = each.findtext(f"bndbox/{key}")
            try:
                values.append(float(written or ""))
            except ValueError:
                yield f"`{key}` is `{shortened(written)}`" if written else f"`{key}` is missing"
                return
        top, left, bottom, right = values
        if not (np.isfinite(values).all() and bottom >= top and right >= left):
            yield f"ymin {top:g}, xmin {left:g}, ymax {bottom:g}, xmax {right:g} are no box"
            return
        if self.size is not None and (min(bottom, right) < 1 or top > self.size[0] or left > self.size[1]):
            height, width = self.size
            where = f"ymin {top:g}, xmin {left:g}, ymax {bottom:g}, xmax {right:g}"
            yield f"{where} lie outside the image of {width}x{height} pixels"
            return
        self.boxes.append([top - 1, left - 1, bottom, right])
        self.names.append(name)


class _Voc(BoxSource[Voc]):
    def labels(self, settings: Voc) -> BoxedImages:
        return read_voc(settings.path)

    def looks_like(self, path: Path) -> bool:
        folders = _folders(str(path))
        return folders is not None and any(name.endswith(".xml") for name in os.listdir(path / folders[0]))


SOURCE = _Voc()
