"""The differences between two resolved recipes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from cnncli.errors import dotted

# What a recipe says about itself, what is drawn, tracked and expected changes nothing of what is trained.
_NO_DIFFERENCE = ("version", "name", "about", "visualize", "track", "expect", "tune")
_Path = tuple[str | int, ...]


class _Absent:
    """Stands where one of the two says nothing."""

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT = _Absent()


@dataclass(frozen=True, slots=True)
class Difference:
    """One value that is not the same.

    Attributes:
        path: where it stands: in the second recipe, or in the first where the second has no such thing.
        layer: the name of the layer that it belongs to; empty outside of layers.
        first, second: plain data; `ABSENT` where that recipe says nothing.
    """

    path: _Path
    layer: str
    first: Any
    second: Any

    @property
    def key(self) -> str:
        """As `--set` writes it: `train.optimizer.Adam.learning_rate`."""
        return dotted(self.path)


def differences(first: Any, second: Any) -> list[Difference]:
    """Compare two recipes as resolved.yaml holds them.

    Items of a list, such as layers, are paired by what they are and their names, so that a layer put in between is one
    difference. A name alone makes no difference.

    Args:
        first, second: plain data.
    """
    return [
        difference for difference in _between(first, second, (), "") if difference.path[:1] not in _NO_DIFFERENCE_PATHS
    ]


_NO_DIFFERENCE_PATHS = {(key,) for key in _NO_DIFFERENCE}


def _between(first: Any, second: Any, path: _Path, layer: str) -> Iterator[Difference]:
    if type(first) is type(second) and first == second:
        return
    if isinstance(first, dict) and isinstance(second, dict) and not _are_other_objects(first, second):
        for key in dict.fromkeys([*first, *second]):
            yield from _between(first.get(key, ABSENT), second.get(key, ABSENT), (*path, key), layer)
    elif isinstance(first, list) and isinstance(second, list) and _are_items(first) and _are_items(second):
        yield from _between_items(first, second, path, layer)
    elif first != second:  # 1 and 1.0 are one value
        yield Difference(path, layer, first, second)


def _are_other_objects(first: dict[str, Any], second: dict[str, Any]) -> bool:
    """`{Adam: …}` and `{SGD: …}`: two things, not a mapping with a key more and one less."""
    return len(first) == len(second) == 1 and first.keys() != second.keys()


def _are_items(values: Sequence[Any]) -> bool:
    """Whether a list holds things with a kind, as layers, callbacks and metrics are, not the numbers of a shape."""
    return all(isinstance(value, str | dict) for value in values)


def _between_items(first: list[Any], second: list[Any], path: _Path, layer: str) -> Iterator[Difference]:
    for left, right in _pairs(first, second):
        if right is None:
            assert left is not None  # one of the two is there
            yield Difference((*path, left), _name(first[left]) or layer, first[left], ABSENT)
        elif left is None:
            yield Difference((*path, right), _name(second[right]) or layer, ABSENT, second[right])
        else:
            ours, theirs = first[left], second[right]
            name = _own_name(ours, theirs) or layer
            yield from _between(_without_name(ours), _without_name(theirs), (*path, right), name)


def _pairs(first: list[Any], second: list[Any]) -> Iterator[tuple[int | None, int | None]]:
    """Which item of the one is which of the other; None where there is none."""
    for kind, a, a_end, b, b_end in _aligned(list(map(_signature, first)), list(map(_signature, second))):
        if kind == "equal":
            yield from zip(range(a, a_end), range(b, b_end), strict=True)
            continue
        kinds = [_kind(item) for item in first[a:a_end]], [_kind(item) for item in second[b:b_end]]
        for inner, left, left_end, right, right_end in _aligned(*kinds):
            if inner == "equal":
                yield from zip(range(a + left, a + left_end), range(b + right, b + right_end), strict=True)
                continue
            yield from ((index, None) for index in range(a + left, a + left_end))
            yield from ((None, index) for index in range(b + right, b + right_end))


def _aligned(first: list[Any], second: list[Any]) -> Sequence[tuple[str, int, int, int, int]]:
    return SequenceMatcher(None, first, second, autojunk=False).get_opcodes()


def _signature(item: Any) -> tuple[str, str]:
    return _kind(item), "" if _is_given(item) else _name(item)


def _kind(item: Any) -> str:
    """`Conv2D` of `{Conv2D: {…}}`; `from` and `name` may stand beside it."""
    if isinstance(item, str):
        return item
    return next((key for key in item if key not in ("from", "name", "if")), "")


def _name(item: Any) -> str:
    if not isinstance(item, dict):
        return ""
    arguments = item.get(_kind(item))
    name = item.get("name") or (arguments.get("name") if isinstance(arguments, dict) else None)
    return name if isinstance(name, str) else ""


def _is_given(item: Any) -> bool:
    """Whether a layer has the name that Keras gives: `conv2d_1` of a `Conv2D`."""
    kind = re.sub(r"([a-z])([A-Z])", r"\1_\2", re.sub(r"(.)([A-Z][a-z0-9]+)", r"\1_\2", _kind(item))).lower()
    return re.fullmatch(re.escape(kind) + r"(_\d+)?", _name(item)) is not None


def _without_name(item: Any) -> Any:
    arguments = item.get(_kind(item)) if isinstance(item, dict) else None
    if not isinstance(arguments, dict):
        return item
    return {**item, _kind(item): {key: value for key, value in arguments.items() if key != "name"}}


def _own_name(first: Any, second: Any) -> str:
    """The name that a person gave, if one of the two has such."""
    return next((_name(item) for item in (second, first) if not _is_given(item)), _name(second))
