"""Load images with boxes as YOLO has them: data.yaml, folders of images, and a labels file for each image."""

from __future__ import annotations

import glob
import math
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from cnncli.data.part_words import PART_OF
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
from cnncli.data.sources.paths import existing_file
from cnncli.errors import DataError, Problem
from cnncli.messages import counted, listed, printable, shortened
from cnncli.recipe.sources.boxes import Yolo

_FILES = ("data.yaml", "dataset.yaml", "data.yml")
_MOST_LETTERS = 1 << 20  # of data.yaml


def read_yolo(path: str) -> BoxedImages:
    """Read data.yaml and all labels files.

    Args:
        path: of data.yaml or of its folder.

    Raises:
        DataError: data.yaml is wrong, images that it names are missing, or no image has a labels file.
    """
    file = _data_file(path)
    content = _content(file)
    names = _class_names(content, file)
    root = _root(content, file)
    found: list[BoxedImage] = []
    folders: dict[str, str] = {}
    unlabelled, problems = list[str](), list[Problem]()
    for key, part in PART_OF.items():  # keys of data.yaml
        if not content.get(key):
            continue
        folders[part] = key
        entries = content[key] if isinstance(content[key], list) else [content[key]]
        for entry in entries:
            try:
                paths = list(_images(root, str(entry), file, key))
            except DataError as error:
                problems += error.problems
                continue
            for image in paths:
                labels = _labels_path(image)
                relative = os.path.relpath(image, root).replace(os.sep, "/")
                class_file = ClassFile(image, relative, part, "")
                if os.path.isfile(labels):
                    found.append(_labelled(class_file, labels, len(names)))
                else:
                    found.append(BoxedImage(class_file))
                    unlabelled.append(relative)
    if "train" not in folders:
        problems.append(Problem(f"{printable(file)} names no images to train: `train` is missing", _HINT))
    if problems:
        raise DataError(problems)
    if not found:
        raise DataError(Problem(f"{printable(file)} names folders without images", _HINT))
    notes = tuple(_without_labels(unlabelled, found))
    return BoxedImages(sorted_by_part(found), names, f"YOLO data set {printable(path)}", folders, notes)


_HINT = "data.yaml has `train: images/train`, `val: images/val` and `names: [cat, dog]`"


def _without_labels(unlabelled: Sequence[str], found: Sequence[BoxedImage]) -> Iterator[Problem]:
    if not unlabelled:
        return
    has = "has" if len(unlabelled) == 1 else "have"
    message = f"{len(unlabelled):,} of {counted(len(found), 'image')} {has} no labels file"
    expected = _labels_path(unlabelled[0])
    hint = f"no objects, or another folder? looked for {printable(expected)}"
    if len(unlabelled) == len(found):
        raise DataError(Problem(message, hint))
    yield Problem(message, f"{listed(map(printable, unlabelled), 5)}\n{hint}")


def _data_file(path: str) -> str:
    if not os.path.isdir(path):
        return str(existing_file(path))
    for name in _FILES:
        if os.path.isfile(os.path.join(path, name)):
            return os.path.join(path, name)
    raise DataError(Problem(f"{printable(path)} has no data.yaml", _HINT))


def _content(file: str) -> dict[str, Any]:
    """The mapping of data.yaml, in which every key and value is text as it is written: `0: person` has the key "0".

    Raises:
        DataError: it is no YAML, or no mapping.
    """
    text = read_text(file)
    if len(text) > _MOST_LETTERS:
        raise DataError(f"{printable(file)} is too large for a data.yaml: {len(text):,} letters")
    try:
        found = yaml.load(text, Loader=yaml.BaseLoader)  # which makes texts, lists and mappings alone
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        said = getattr(error, "problem", None) or str(error).splitlines()[0]
        problem = fault(file, mark.line + 1 if mark else 0, f"no YAML: {shortened(said)}", _HINT)
        raise DataError(problem) from error
    except RecursionError as error:
        raise DataError(f"{printable(file)} is no data.yaml: it is nested too deep") from error
    if not isinstance(found, dict):
        raise DataError(Problem(f"{printable(file)} is no data.yaml: it has no keys", _HINT))
    return found


def _class_names(content: dict[str, Any], file: str) -> tuple[str, ...]:
    """A list of names, or a mapping of numbers to names."""
    names = content.get("names")
    if isinstance(names, dict):
        wanted = [str(number) for number in range(len(names))]
        if sorted(names) != sorted(wanted):
            message = f"{printable(file)}: `names` are not numbered from 0 to {len(names) - 1}"
            raise DataError(Problem(message, f"they are {listed(names, 10)}"))
        names = [names[number] for number in wanted]
    if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
        raise DataError(Problem(f"{printable(file)} does not name its classes", "add `names: [cat, dog]`"))
    if len(set(names)) < len(names):
        raise DataError(f"{printable(file)}: two of `names` are the same: {listed(names)}")
    count = content.get("nc")
    if count and count != str(len(names)):
        raise DataError(f"{printable(file)}: `nc` is {shortened(str(count))}, and there are {len(names)} `names`")
    return tuple(names)


def _root(content: dict[str, Any], file: str) -> str:
    """The folder from which the images count: `path`, which may itself count from data.yaml or the working directory."""
    here, path = os.path.dirname(os.path.abspath(file)), content.get("path")
    if not path:
        return here
    candidates = [os.path.join(here, str(path)), os.path.abspath(str(path))]
    return next((each for each in candidates if os.path.isdir(each)), here)


def _images(root: str, entry: str, file: str, key: str) -> Iterator[str]:
    """The image files of a folder, at any depth, or those that a text file lists; sorted by their bytes."""
    path = os.path.join(root, entry)
    if not os.path.exists(path) and entry.startswith("../"):  # as archives are unpacked: `../train/images`
        path = os.path.join(root, entry.removeprefix("../"))
    if os.path.isfile(path):
        listed_files = [line.strip() for line in read_text(path).splitlines()]
        folder = os.path.dirname(path)
        paths = [_listed(root, folder, line) for line in listed_files if line]
        if missing := [each for each in paths if not os.path.isfile(each)]:
            problem = image_names_note(missing, len(paths), path)
            raise DataError(Problem(f"{printable(path)} lists images that are not there", problem.hint))
        yield from paths
        return
    if not os.path.isdir(path):
        message = f"{printable(file)}: `{key}` is {shortened(entry)}, and there is no {printable(path)}"
        raise DataError(Problem(message, "folders count from `path`, or from data.yaml"))
    found = [each for each in glob.iglob(os.path.join(glob.escape(path), "**", "*"), recursive=True) if _is_image(each)]
    yield from sorted(found, key=os.fsencode)


def _listed(root: str, folder: str, line: str) -> str:
    candidates = [os.path.join(base, line.removeprefix("./")) for base in (root, folder)]
    return next((each for each in candidates if os.path.isfile(each)), candidates[0])


def _is_image(path: str) -> bool:
    return os.path.splitext(path)[1].lower() in IMAGE_SUFFIXES and not os.path.basename(path).startswith(".")


def _labels_path(image: str) -> str:
    """`images` becomes `labels` where it stands last in the path, and the ending `.txt`."""
    folder, name = os.path.split(image)
    parts = folder.split(os.sep)
    for place in range(len(parts) - 1, -1, -1):
        if parts[place] == "images":
            parts[place] = "labels"
            break
    return os.path.join(os.sep.join(parts), f"{os.path.splitext(name)[0]}.txt")


def _labelled(file: ClassFile, labels: str, class_count: int) -> BoxedImage:
    """An image with the boxes of its labels file: `class x y width height` in a line, or `class x y x y …` of a polygon."""
    name = os.path.basename(labels)
    try:
        lines = read_text(labels).splitlines()
    except DataError as error:
        return BoxedImage(file, faults=tuple(error.problems))
    boxes, classes, faults = list[list[float]](), list[int](), list[Problem]()
    for number, line in enumerate(lines, start=1):
        words = line.split()
        if not words:
            continue
        wrong, hint, values = _row(words, class_count)
        if wrong:
            faults.append(fault(name, number, wrong, hint))
        else:
            classes.append(int(values[0]))
            boxes.append(_box(values[1:]))
    return BoxedImage(file, np.array(boxes, np.float64).reshape(-1, 4), classes, faults=tuple(faults))


def _row(words: Sequence[str], class_count: int) -> tuple[str, str, list[float]]:
    """What is wrong with a line, what to do about it, and its numbers."""
    try:
        values = [float(word) for word in words]
    except ValueError:
        return f"`{shortened(' '.join(words))}` are not numbers", "expected `class x y width height`", []
    is_polygon = len(values) >= 7 and len(values) % 2 == 1
    if len(values) != 5 and not is_polygon:
        return f"{counted(len(values), 'number')}, expected 5", "expected `class x y width height`", []
    number, *shares = values
    if number != int(number) if math.isfinite(number) else True:
        return f"the class is {words[0]}, and classes are integers from 0", "", []
    if not 0 <= number < class_count:
        hint = "classes count from 0" if number == class_count else ""
        return f"the class is {int(number)}, and data.yaml names {class_count} (0 to {class_count - 1})", hint, []
    for word, value in zip(words[1:], shares, strict=True):
        if not 0 <= value <= 1:
            is_large = value > 2
            hint = "divide x and width by the image's width, y and height by its height" if is_large else ""
            return f"{word} is not between 0 and 1: pixels?", hint, []
    if not is_polygon and not (shares[2] > 0 and shares[3] > 0):
        which = "width" if not shares[2] > 0 else "height"
        return f"the {which} is 0", "remove the line, or correct it", []
    if is_polygon and not (max(shares[::2]) > min(shares[::2]) and max(shares[1::2]) > min(shares[1::2])):
        return "the outline has no area", "remove the line, or correct it", []
    return "", "", values


def _box(values: Sequence[float]) -> list[float]:
    """Top, left, bottom, right of `x y width height`, or around a polygon `x y x y …`."""
    if len(values) == 4:
        across, down, width, height = values
        return [down - height / 2, across - width / 2, down + height / 2, across + width / 2]
    columns, rows = values[::2], values[1::2]
    return [min(rows), min(columns), max(rows), max(columns)]


class _Yolo(BoxSource[Yolo]):
    def labels(self, settings: Yolo) -> BoxedImages:
        return read_yolo(settings.path)

    def looks_like(self, path: Path) -> bool:
        file = (
            path
            if path.suffix in (".yaml", ".yml")
            else next((path / name for name in _FILES if (path / name).is_file()), None)
        )
        if file is None or not file.is_file():
            return False
        try:
            content = _content(str(file))
        except DataError:
            return False
        return "names" in content and "train" in content


SOURCE = _Yolo()
