"""Nodes of a recipe's tree: every key and value with its place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cnncli.errors import Place

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Scalar:
    """A single value: text, a number, true, false or null.

    Attributes:
        value: the value as YAML 1.2 reads it.
        quoted: it stood in quotes, so it is text whatever it looks like.
    """

    value: Any
    place: Place
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list."""

    items: tuple[Node, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Entry:
    """One `key: value` of a mapping; the key has a place of its own."""

    key: str
    key_place: Place
    value: Node


@dataclass(frozen=True, slots=True)
class Mapping:
    """A mapping in the order in which it was written; its keys are text and unique."""

    entries: tuple[Entry, ...]
    place: Place

    def get(self, key: str) -> Node | None:
        entry = self.entry(key)
        return entry.value if entry else None

    def entry(self, key: str) -> Entry | None:
        return next((entry for entry in self.entries if entry.key == key), None)

    def keys(self) -> Iterator[str]:
        return (entry.key for entry in self.entries)


Node = Scalar | Sequence | Mapping


def plain(node: Node) -> Any:
    """The tree as dicts, lists and values, without places."""
    if isinstance(node, Mapping):
        return {entry.key: plain(entry.value) for entry in node.entries}
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    return node.value


def count(node: Node) -> int:
    """How many keys and values a tree has, lists and mappings included."""
    if isinstance(node, Mapping):
        return 1 + sum(1 + count(entry.value) for entry in node.entries)
    return 1 + sum(map(count, node.items)) if isinstance(node, Sequence) else 1


def place_of(root: Node, path: Path, *, key: bool = False) -> Place:
    """The place of the value at `path`, or of the nearest thing above it that exists.

    Args:
        key: give the place of the last key instead of its value's.
    """
    node, place = root, root.place
    for part in path:
        if isinstance(node, Mapping) and (entry := node.entry(str(part))):
            node, place = entry.value, (entry.key_place if key else entry.value.place)
        elif isinstance(node, Sequence) and isinstance(part, int) and part < len(node.items):
            node = node.items[part]
            place = node.place
        else:
            break
    return place
