"""A sketch of the training examples, for estimating how many other examples are among them."""

from __future__ import annotations

import base64
import binascii
import hashlib
import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncli.data.columns import Values, as_column
from cnncli.data.content_digest import may_tell, rounded, shown, tells
from cnncli.recipe.named_inputs import by_name

Inputs = Values | Mapping[str, Values]

_MOST, _MOST_COMPARED = 2048, 8192  # examples that are recorded, and that are compared with them
_DIGEST_BYTES = 6  # two of a million examples have the same one with a probability of 1 in 500
_MOST_VALUES = 4096  # of an example; of more some, evenly spread
_CHUNK_VALUES = 1 << 22
_FEW = 3  # hits that may be chance where not all training examples are recorded


@dataclass(frozen=True, slots=True)
class Sketch:
    """Digests of some of the training examples, chosen at random, or of all of them where there are few.

    Attributes:
        count: training examples.
        sampled: how many of them were looked at; those of one value have no digest.
        digests: base64 of 6 bytes for each.
    """

    count: int
    sampled: int
    digests: str

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, value: Any) -> Sketch | None:
        """The sketch that `as_json` wrote; None for anything else."""
        if not isinstance(value, Mapping):
            return None
        count, sampled, digests = (value.get(name) for name in ("count", "sampled", "digests"))
        if not (isinstance(count, int) and isinstance(sampled, int) and isinstance(digests, str)):
            return None
        return cls(count, sampled, digests) if 0 < sampled <= count else None


@dataclass(frozen=True, slots=True)
class Overlap:
    """How many examples are among the training examples.

    Attributes:
        share: of those that show anything, from 0 to 1; estimated unless `is_exact`.
        found: how many are.
        count: examples that show anything.
        is_exact: whether all training examples are known.
    """

    share: float
    found: int
    count: int
    is_exact: bool


def sketch_of(inputs: Inputs) -> Sketch | None:
    """Record some training examples, all inputs of each; None of rows that may well be equal by chance.

    Args:
        inputs: (count, *shape of one); of several inputs by name.
    """
    columns: dict[str, Values] = by_name(inputs)
    if not any(map(may_tell, columns.values())):
        return None
    count = len(next(iter(columns.values())))
    rows = _some(count, _MOST)
    digests = sorted(_digests(columns, rows))
    return Sketch(count, len(rows), base64.b64encode(b"".join(digests)).decode())


def overlap_of(sketch: Sketch, inputs: Inputs) -> Overlap | None:
    """How many examples are among those of a sketch; None where hardly any is.

    What counts is what an example shows, not its scale, its type or its container. Examples of one value are left out.

    Args:
        inputs: (count, *shape of one), as the network takes them; of several inputs by name.
    """
    try:
        content = base64.b64decode(sketch.digests, validate=True)
    except (binascii.Error, ValueError):
        return None
    known = {content[begin : begin + _DIGEST_BYTES] for begin in range(0, len(content), _DIGEST_BYTES)}
    columns: dict[str, Values] = by_name(inputs)
    examples = len(next(iter(columns.values())))
    count = found = 0
    rows = _some(examples, _MOST_COMPARED)
    for digest in _digests(columns, rows):
        count += 1
        found += digest in known
    is_exact = sketch.sampled == sketch.count and len(rows) == examples
    if found < (1 if is_exact else _FEW):
        return None
    return Overlap(min(1.0, found / sketch.sampled * sketch.count / count), found, count, is_exact)


def _some(count: int, most: int) -> NDArray[np.int64]:
    """All indices, or `most` of them, by a stream of random numbers that no version of NumPy changes."""
    if count <= most:
        return np.arange(count, dtype=np.int64)
    return np.sort(np.argsort(np.random.PCG64(0).random_raw(count), kind="stable")[:most])


def _digests(inputs: Mapping[str, Values], rows: NDArray[np.int64]) -> Iterator[bytes]:
    """A digest of each of these examples that has more than one value, over all of its inputs."""
    columns = [as_column(shown(column)) for _, column in sorted(inputs.items())]
    sizes = [math.prod(column.shape[1:]) for column in columns]
    step = max(1, _CHUNK_VALUES // max(1, *sizes))
    for begin in range(0, len(rows), step):
        looks: list[list[NDArray[Any]]] = [[] for _ in rows[begin : begin + step]]
        telling = [False] * len(looks)
        for column, size in zip(columns, sizes, strict=True):
            places = slice(None) if size <= _MOST_VALUES else np.linspace(0, size - 1, _MOST_VALUES).astype(np.int64)
            values = column.read(rows[begin : begin + step])
            for index, row in enumerate(rounded(values.reshape(-1, size)[:, places], keep_scale=False)):
                looks[index].append(row)
                telling[index] = telling[index] or bool(row.any() and tells(values[index]))
        for example, tells_something in zip(looks, telling, strict=True):
            if tells_something:
                content = b"".join(row.astype("<u2").tobytes() for row in example)
                yield hashlib.blake2b(content, digest_size=_DIGEST_BYTES).digest()
