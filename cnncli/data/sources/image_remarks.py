"""What is worth a word about images that can all be used: copies, conversions, sizes that surprise."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np

from cnncli.data.images import Form
from cnncli.data.sources.folder_tree import IMAGE_SUFFIXES, ImageFile, Tree
from cnncli.data.sources.image_scan import Usable
from cnncli.errors import DataError, Problem
from cnncli.wording import counted, listed, printable

_MOST_PAIRS = 5
_MOST_DISTORTION = 2.0
_MOST_ENLARGEMENT = 2.0
_SURPRISING_SHARE = 0.1


def duplicates(used: Sequence[Usable], tree: Tree, *, allow_leakage: bool) -> Iterator[Problem]:
    """Files with the same bytes: in two parts, in two classes, or beside each other.

    Raises:
        DataError: in two parts, unless that is allowed: what is measured there was seen in training.
    """
    groups: dict[str, list[Usable]] = {}
    for each in used:
        groups.setdefault(each.sha256, []).append(each)
    same = [[each.file for each in group] for group in groups.values() if len(group) > 1]
    if leaks := _differing(same, lambda file: file.part):
        message = f"{counted(len(leaks), 'image lies', 'images lie')} in two of {_listed_folders(tree)}"
        if not allow_leakage:
            way_out = "remove them from one, or go on all the same: `allow_leakage: true` in `data`"
            raise DataError(Problem(message, "\n".join([*_first(leaks), way_out])))
        yield Problem(message, "\n".join([*_first(leaks), "what is measured with them comes out too good"]))
    if conflicts := _differing(same, lambda file: file.class_name):
        message = f"{counted(len(conflicts), 'image lies', 'images lie')} in two classes: one of the two is wrong"
        yield Problem(message, "\n".join(_first(conflicts)))
    if copies := _repeated(same):
        message = f"{counted(len(copies), 'image is', 'images are')} there more than once"
        yield Problem(message, "\n".join([*_first(copies), "where parts are set aside, copies stay in one part"]))


def _differing(groups: Iterable[Sequence[ImageFile]], key: Callable[[ImageFile], str]) -> list[str]:
    """For each group of equal files that differ in `key` two such, as `a.jpg = b.jpg`."""
    pairs = []
    for first, *rest in groups:
        other = next((file for file in rest if key(file) != key(first)), None)
        if other:
            pairs.append(_pair(first, other))
    return pairs


def _repeated(groups: Iterable[Sequence[ImageFile]]) -> list[str]:
    """For each group of equal files with two in the same class of the same part, these two."""
    pairs = []
    for group in groups:
        seen: dict[tuple[str, str], ImageFile] = {}
        for file in group:
            first = seen.setdefault((file.part, file.class_name), file)
            if first is not file:
                pairs.append(_pair(first, file))
                break
    return pairs


def _pair(one: ImageFile, other: ImageFile) -> str:
    return f"{printable(one.relative)} = {printable(other.relative)}"


def _first(pairs: Sequence[str]) -> list[str]:
    rest = [f"and {len(pairs) - _MOST_PAIRS:,} more"] if len(pairs) > _MOST_PAIRS else []
    return [*pairs[:_MOST_PAIRS], *rest]


def _listed_folders(tree: Tree) -> str:
    *most, last = [f"{folder}/" for folder in tree.folders.values()]
    return f"{', '.join(most)} and {last}"


def remarks(used: Sequence[Usable], form: Form) -> Iterator[Problem]:
    """What was done to some of the images, and sizes that surprise."""
    counts = Counter(oddity for each in used for oddity in each.oddities)
    converted = [f"{count:,} {oddity}" for oddity, count in sorted(counts.items()) if oddity not in _OWN_SENTENCES]
    if converted:
        yield Problem(f"converted to {form.color}: {listed(converted)}")
    for oddity, sentence in _OWN_SENTENCES.items():
        if count := counts[oddity]:
            yield Problem(sentence.format(counted(count, f"{oddity} image")))
    misnamed = [
        f"{each.file.relative} ({each.format})"
        for each in used
        if IMAGE_SUFFIXES.get(os.path.splitext(each.file.relative)[1].lower(), each.format) != each.format
    ]
    if misnamed:
        message = (
            f"{counted(len(misnamed), 'image has', 'images have')} the ending of another format: {listed(misnamed)}"
        )
        yield Problem(message, "they are read by their content")
    yield from _surprising_sizes(used, form)


_OWN_SENTENCES = {
    "transparent": "{}: laid on black",
    "animated": "{}: the first frame is used",
}


def _surprising_sizes(used: Sequence[Usable], form: Form) -> Iterator[Problem]:
    if not used:
        return
    sizes_of = np.array([(each.width, each.height) for each in used], np.float64)  # (count, 2)
    smallest, median, largest = (sizes_of[np.argsort(sizes_of.prod(axis=1))[rank]] for rank in (0, len(used) // 2, -1))
    spread = "from {:.0f}x{:.0f} over {:.0f}x{:.0f} (median) to {:.0f}x{:.0f}".format(*smallest, *median, *largest)
    ratio = sizes_of[:, 0] / sizes_of[:, 1] * form.height / form.width
    distorted = int((np.maximum(ratio, 1 / ratio) > _MOST_DISTORTION).sum())
    if form.resize == "stretch" and distorted > len(used) * _SURPRISING_SHARE:
        message = f"{distorted:,} of {counted(len(used), 'image')} are stretched to more than twice their shape"
        yield Problem(message, f"width x height: {spread}\n`resize: pad` or `resize: crop` keeps their shape")
    enlarged = int((sizes_of * _MOST_ENLARGEMENT < (form.width, form.height)).all(axis=1).sum())
    if enlarged > len(used) / 2:
        message = f"{enlarged:,} of {counted(len(used), 'image')} are enlarged to more than twice their size"
        yield Problem(message, f"width x height: {spread}; they become {form.width}x{form.height}")
