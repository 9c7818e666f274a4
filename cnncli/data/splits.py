"""Split examples into training, validation and test: a pure function of labels, sizes and seed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cnncli.errors import DataError, Problem
from cnncli.messages import counted, listed, shortened

_PATH = ("data", "split")
_MOST_NAMED = 5
_DOMAIN = 0x53504C49  # "SPLI": separates our stream of a seed from that of `np.random.default_rng(seed)`


@dataclass(frozen=True, slots=True, eq=False)
class Indices:
    """Three disjoint sets that together are all examples; each ascending, int64."""

    train: NDArray[np.int64]
    validation: NDArray[np.int64]
    test: NDArray[np.int64]


def split(
    labels: NDArray[np.integer],
    *,
    validation: float | int | None = None,
    test: float | int | None = None,
    stratify: bool = True,
    seed: int = 0,
    class_names: Sequence[str] | None = None,
) -> Indices:
    """Set examples aside for validation and test; the rest trains.

    Both sizes count from all examples given. They come out exactly; with `stratify`, so does every class's share, to
    within one example (largest remainder), but for classes so small that this would leave a part without them: they
    give one. Which examples are taken follows from the seed alone, on every platform and with every NumPy: they are
    sorted by PCG64's raw 64-bit numbers, a stream that NumPy promises never to change (`shuffle`'s it does not).

    Args:
        labels: int (count,), the class of each example.
        validation: a share (float) or a number (int) of the examples; None: the part is left empty.
        test: likewise.
        stratify: keep every class's share in each part.
        seed: the same seed, the same parts.
        class_names: how messages call the classes; by default their numbers. Empty: there are none, and all labels are
            the same.

    Raises:
        DataError: a part, train included, would lack a class, or be empty.

    Example:
        >>> split(np.array([0, 0, 0, 0, 1, 1, 1, 1]), validation=0.25, test=2).validation.shape
        (2,)
    """
    sizes = {
        part: size_of(wanted, len(labels))
        for part, wanted in (("validation", validation), ("test", test))
        if wanted is not None
    }
    classes = _Classes.of(labels, class_names)
    if class_names is not None and not class_names:
        refuse_empty(sizes, len(labels))
    _refuse_impossible(sizes, classes)
    order = shuffled(len(labels), seed)
    if stratify:
        parts = _stratified(labels, order, sizes, classes)
    else:
        parts = _plain(order, sizes)
        _refuse_missing(labels, parts, classes)
    nothing = np.empty(0, np.int64)
    return Indices(parts["train"], parts.get("validation", nothing), parts.get("test", nothing))


def limit(
    labels: NDArray[np.integer], count: int, *, seed: int = 0, class_names: Sequence[str] | None = None
) -> NDArray[np.int64]:
    """Choose `count` examples with every class's share kept; all of them when there are no more than that.

    Args:
        labels: int (examples,).

    Returns:
        Ascending indices, int64 (min(count, examples),).

    Raises:
        DataError: there are more classes than that.
    """
    if count >= len(labels):
        return np.arange(len(labels), dtype=np.int64)
    classes = _Classes.of(labels, class_names)
    if count < len(classes.names):
        problem = f"{counted(count, 'example')} cannot hold one of each of the {len(classes.names)} classes"
        raise DataError(Problem(problem, f"`limit: {len(classes.names)}` or more", path=("data", "limit")))
    taken = _apportion(count, classes.counts, room=classes.counts)
    return _first_of_each(labels, shuffled(len(labels), seed), classes, [taken])[0]


def limit_per_class(labels: NDArray[np.integer], count: int, *, seed: int = 0) -> NDArray[np.int64]:
    """Choose `count` examples of each class, or all of a class that has fewer.

    Args:
        labels: int (examples,).

    Returns:
        Ascending indices, int64.
    """
    classes = _Classes.of(labels, None)
    taken = np.minimum(classes.counts, count)
    return _first_of_each(labels, shuffled(len(labels), seed), classes, [taken])[0]


@dataclass(frozen=True, slots=True, eq=False)
class _Classes:
    """The classes that occur: their numbers, names and counts, in the same order."""

    numbers: NDArray[np.integer]
    names: list[str]
    counts: NDArray[np.int64]

    @classmethod
    def of(cls, labels: NDArray[np.integer], class_names: Sequence[str] | None) -> _Classes:
        numbers, counts = np.unique(labels, return_counts=True)
        names = [class_names[number] if class_names else str(number) for number in numbers.tolist()]
        return cls(numbers, names, counts.astype(np.int64))


def size_of(wanted: float | int, count: int) -> int:
    """A share or a number of examples as their number."""
    return wanted if isinstance(wanted, int) else math.floor(wanted * count + 0.5)


def shuffled(count: int, seed: int) -> NDArray[np.int64]:
    """All examples, int64 (count,), in a random order: by a stream that is apart from the one that users get with the same seed.

    Data made with `np.random.default_rng(0)` comes from the very numbers of seed 0: an order by these depends on the
    data, so that the parts differ in what they hold.
    """
    return np.argsort(np.random.PCG64([seed, _DOMAIN]).random_raw(count), kind="stable")


def _refuse_impossible(sizes: dict[str, int], classes: _Classes) -> None:
    """Every part, train included, must have room for one example of each class, and each class enough examples."""
    if not sizes:
        return
    count, kinds = int(classes.counts.sum()), len(classes.names)
    parts = ["train", *sizes]
    few = [(name, n) for name, n in zip(classes.names, classes.counts.tolist(), strict=True) if n < len(parts)]
    if few:
        needs = f"{_listed_and(parts)} need one each"
        hint = "add examples of it, leave the class out, or bring the parts ready made"
        if len(few) == 1:
            [(name, n)] = few
            raise DataError(
                Problem(f"class `{shortened(name)}` has {counted(n, 'example')}; {needs}", hint, path=_PATH)
            )
        named = listed((f"`{shortened(name)}` {n}" for name, n in few), _MOST_NAMED)
        raise DataError(Problem(f"{len(few)} classes have too few examples: {named}; {needs}", hint, path=_PATH))
    problems = [
        Problem(
            f"{part} gets {counted(size, 'example')} of {count:,}, fewer than the {kinds} classes",
            f"`{part}: {kinds}` or more: each class needs one example in it",
            path=(*_PATH, part),
        )
        for part, size in sizes.items()
        if size < kinds
    ]
    left = count - sum(sizes.values())
    if left < kinds:
        takes = _listed_and([f"{part} {size:,}" for part, size in sizes.items()])
        verb = "takes" if len(sizes) == 1 else "take"
        message = (
            f"{takes} {verb} so many of {counted(count, 'example')} that {max(left, 0):,} are left for {kinds} classes"
        )
        problems.append(Problem(message, f"a smaller {_listed_and([f'`{part}`' for part in sizes])}", path=_PATH))
    if problems:
        raise DataError(problems)


def refuse_empty(sizes: dict[str, int], count: int) -> None:
    """Every part, train included, must have an example."""
    problems = [
        Problem(
            f"{part} gets no example of {count:,}",
            f"a larger share, or a number: `{part}: 1`",
            path=(*_PATH, part),
        )
        for part, size in sizes.items()
        if not size
    ]
    if sum(sizes.values()) >= count:
        takes = _listed_and([f"{part} {size:,}" for part, size in sizes.items()])
        message = f"of {counted(count, 'example')} none is left to train on: {takes}"
        problems.append(Problem(message, f"a smaller {_listed_and([f'`{part}`' for part in sizes])}", path=_PATH))
    if problems:
        raise DataError(problems)


def _stratified(
    labels: NDArray[np.integer], order: NDArray[np.int64], sizes: dict[str, int], classes: _Classes
) -> dict[str, NDArray[np.int64]]:
    taken: list[NDArray[np.int64]] = []
    left = classes.counts.copy()
    for number, size in enumerate(sizes.values()):
        still_to_come = len(sizes) - number  # the parts after this one, and train: each keeps one of every class
        taken.append(_apportion(size, classes.counts, room=left - still_to_come))
        left -= taken[-1]
    chosen = _first_of_each(labels, order, classes, [*taken, left])
    return dict(zip([*sizes, "train"], chosen, strict=True))


def _apportion(total: int, counts: NDArray[np.int64], *, room: NDArray[np.int64]) -> NDArray[np.int64]:
    """Share `total` among classes in proportion to `counts` by largest remainder: at least 1 and at most `room` each.

    Args:
        total: from the number of classes to the sum of `room`.
        counts: int64 (classes,), each at least 1.
        room: int64 (classes,), each at least 1.

    Returns:
        int64 (classes,), whose sum is `total`.
    """
    whole, remainder = np.divmod(counts * total, counts.sum())
    shares = np.minimum(np.maximum(whole, 1), room)
    for index in np.argsort(-remainder, kind="stable"):
        if shares.sum() >= total:
            break
        if shares[index] == whole[index] and shares[index] < room[index]:
            shares[index] += 1
    # Only small classes lead here: they got one although less was due, or had no room for what was due.
    while shares.sum() > total:
        shares[np.argmax(shares)] -= 1
    while shares.sum() < total:
        shares[np.argmax(room - shares)] += 1
    return shares


def _first_of_each(
    labels: NDArray[np.integer], order: NDArray[np.int64], classes: _Classes, taken: Iterable[NDArray[np.int64]]
) -> list[NDArray[np.int64]]:
    """Deal each class's examples out in the given order: the first to the first part, the next to the next."""
    grouped = order[np.argsort(labels[order], kind="stable")]  # class by class, shuffled within each
    begin = np.cumsum(classes.counts) - classes.counts
    rank = np.arange(len(grouped)) - np.repeat(begin, classes.counts)
    parts, low = [], np.zeros_like(classes.counts)
    for share in taken:
        high = low + share
        inside = (rank >= np.repeat(low, classes.counts)) & (rank < np.repeat(high, classes.counts))
        parts.append(np.sort(grouped[inside]))
        low = high
    return parts


def _plain(order: NDArray[np.int64], sizes: dict[str, int]) -> dict[str, NDArray[np.int64]]:
    parts, begin = {}, 0
    for part, size in sizes.items():
        parts[part] = np.sort(order[begin : begin + size])
        begin += size
    return {**parts, "train": np.sort(order[begin:])}


def _refuse_missing(labels: NDArray[np.integer], parts: dict[str, NDArray[np.int64]], classes: _Classes) -> None:
    problems = []
    for part, indices in parts.items():
        present = np.isin(classes.numbers, labels[indices])
        missing = [
            f"`{shortened(name)}` ({n:,} in all)"
            for name, n, there in zip(classes.names, classes.counts.tolist(), present, strict=True)
            if not there
        ]
        if missing:
            classes_word = "class" if len(missing) == 1 else "classes"
            message = f"{part} gets no example of {classes_word} {listed(missing, _MOST_NAMED)}"
            problems.append(Problem(message, "`stratify: true` gives every part its share", path=_PATH))
    if problems:
        raise DataError(problems)


def _listed_and(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
