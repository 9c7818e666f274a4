"""Scan image files before training: hash and decode each one, and find those that cannot be read."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

import numpy as np
import PIL
from numpy.typing import NDArray

from cnncli.data import cache, image_facts, images
from cnncli.data.columns import Values, take
from cnncli.data.image_facts import Facts, Seen
from cnncli.data.process_pool import ProcessPool, WorkerLost
from cnncli.data.sources.folder_tree import ClassFile
from cnncli.data.sources.loaded_data import Progress
from cnncli.data.threads import in_threads
from cnncli.system_memory import available_bytes

MEMORY_SHARE = 0.25  # of what is free: parts are copied out of the whole once, and the network needs the rest
_CHUNK = 32  # files that a thread takes at a time

_Any = TypeVar("_Any")


@dataclass(frozen=True, slots=True)
class Usable:
    """A file that can be decoded, and what was seen of it.

    Attributes:
        width, height: of the image in it, upright.
        pixels: digest of the decoded pixels, hex; empty where all of them are alike.
        levels: how many values the pixels have, and `low` and `high` the smallest and largest; 0 for images of 8 bits.
        top: the largest value in the file, of images with more than 8 bits; else 0.
    """

    file: ClassFile
    sha256: str
    byte_count: int
    format: str
    width: int
    height: int
    pixels: str
    levels: int
    low: float
    high: float
    top: float
    oddities: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Bad:
    """A file that cannot be used; the reason stands after its name. `sha256` is empty where it cannot even be read."""

    file: ClassFile
    reason: str
    sha256: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Scan:
    """What became of the files, in their order.

    Attributes:
        pixels: of the usable ones, (count, height, width, channels) of the form's type: in memory, or in a file of the
            cache where they do not fit; None when there is no room there either.
    """

    usable: list[Usable]
    bad: list[Bad]
    pixels: Values | None


def scan(files: Sequence[ClassFile], form: images.Form, *, progress: Progress | None = None) -> Scan:
    """Read and decode every file; those that do not fit into memory are looked for in the cache first.

    Args:
        form: what the images become.
        progress: called with ("reading images", count, all).
    """
    told = _Progress(progress, len(files))
    if len(files) * math.prod(form.shape) * form.dtype.itemsize <= MEMORY_SHARE * available_bytes():
        pixels = np.empty((len(files), *form.shape), form.dtype)
        return _sorted_out(files, _look_at_all(files, form, pixels, told), pixels)
    if cache.holds_any(len(files), form.shape, form.dtype):
        digests = [
            digest
            for some in in_threads(_digests, _chunks(files), parts=_CHUNK)
            for digest in told.about(some, "hashing images")
        ]
        if found := cache.find(_key(digests, form), len(files), form.shape, form.dtype):
            return _sorted_out(files, found.facts, found.rows)
    writing = cache.start_writing(len(files), form.shape, form.dtype)
    try:
        facts = _look_at_all(files, form, writing, told)
    except OSError:  # the disk is full after all
        return _sorted_out(files, _look_at_all(files, form, None, told), None)
    if writing is None:
        return _sorted_out(files, facts, None)
    with suppress(OSError):  # then the file has no name, and serves this run alone
        writing.keep(_key(map(image_facts.digest_of, facts), form), facts)
    return _sorted_out(files, facts, writing.rows)


Pixels = NDArray[Any] | cache.Writing | None  # where an image's pixels are put, by its row


def _look_at_all(files: Sequence[ClassFile], form: images.Form, pixels: Pixels, told: _Progress) -> list[Facts]:
    def look(begin: int) -> list[Facts]:
        return [put(row, image_facts.look(files[row].path, form)) for row in rows_from(begin)]

    def look_elsewhere(begin: int) -> list[Facts]:
        rows = rows_from(begin)
        try:
            answer = pool.ask(([files[row].path for row in rows], form))
        except WorkerLost:
            return look(begin)
        return list(map(put, rows, answer))

    def rows_from(begin: int) -> range:
        return range(begin, min(begin + _CHUNK, len(files)))

    def put(row: int, seen: Seen) -> Facts:
        facts, own_pixels = seen
        if pixels is not None and own_pixels is not None:
            pixels[row] = own_pixels
        return facts

    begins = range(0, len(files), _CHUNK)
    with (
        ProcessPool(image_facts.__name__) as pool,
        closing(in_threads(look, begins, parts=_CHUNK, elsewhere=look_elsewhere)) as some_seen,  # before its processes
    ):
        return [facts for some in some_seen for facts in told.about(some, "reading images")]


def _sorted_out(files: Sequence[ClassFile], facts: Sequence[Facts], pixels: Values | None) -> Scan:
    seen = list(map(_seen, files, facts))
    usable = [each for each in seen if isinstance(each, Usable)]
    bad = [each for each in seen if isinstance(each, Bad)]
    if bad and pixels is not None:
        good = np.array([row for row, each in enumerate(seen) if isinstance(each, Usable)], np.int64)
        pixels = take(pixels, good)
    return Scan(usable, bad, pixels)


# What the cache keeps of an image, and by what it is found.


def _key(digests: Iterable[str], form: images.Form) -> str:
    return cache.key_of(digests, asdict(form), PIL.__version__, images.MOST_PIXELS, image_facts.VERSION)


def _digests(files: Sequence[ClassFile]) -> list[str]:
    found = []
    for file in files:
        try:
            found.append(hashlib.sha256(images.read(file.path)).hexdigest())
        except images.BadImage:
            found.append("")
    return found


def _seen(file: ClassFile, facts: Facts) -> Usable | Bad:
    if len(facts) == 2:
        return Bad(file, *facts)
    sha256, byte_count, kind, width, height, pixels, levels, low, high, top, *oddities = facts
    return Usable(file, sha256, byte_count, kind, width, height, pixels, levels, low, high, top, tuple(oddities))


def _chunks(files: Sequence[ClassFile]) -> Iterator[Sequence[ClassFile]]:
    return (files[begin : begin + _CHUNK] for begin in range(0, len(files), _CHUNK))


class _Progress:
    """Tells how many files were gone through."""

    def __init__(self, progress: Progress | None, total: int) -> None:
        self._progress = progress
        self._total = total
        self._done: dict[str, int] = {}

    def about(self, some: list[_Any], what: str) -> list[_Any]:
        self._done[what] = self._done.get(what, 0) + len(some)
        if self._progress:
            self._progress(what, self._done[what], self._total)
        return some
