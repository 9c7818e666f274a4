"""Find parallel paths in consecutive layers, which a recipe writes as `branches` and `residual` instead of with names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

_MERGES = ("Add", "Average", "Concatenate", "Maximum", "Minimum", "Multiply", "Subtract")
START = -1  # what comes in


@dataclass(frozen=True)
class Paths:
    """Consecutive layers, each by its place in them.

    Attributes:
        kinds: the class of each layer.
        sources: what each takes: the place of a layer, or `START`.
        written: writes the layer at a place without what it takes.
    """

    kinds: Sequence[str]
    sources: Sequence[tuple[int, ...]]
    written: Callable[[int], Any]

    def structured(self) -> list[Any] | None:
        """The layers as items of a recipe; None where they are no paths that fork and come together again."""
        found = self._chain(0, len(self.kinds), START)
        return found if found is not None and self._is_private() else None

    def _is_private(self) -> bool:
        """What flows in, and what comes in between, is taken at least once; a path without an end would be lost."""
        taken = {source for sources in self.sources for source in sources}
        return taken == {START, *range(len(self.kinds) - 1)}

    def _chain(self, begin: int, end: int, start: int) -> list[Any] | None:
        """Layers that follow each other.

        Args:
            start: the place of what comes in.
        """
        items: list[Any] = []
        current, at = start, begin
        while at < end:
            users = [place for place in range(at, end) if current in self.sources[place]]
            if users == [at] and self.sources[at] == (current,):
                items.append(self.written(at))
                current, at = at, at + 1
                continue
            merged = self._merged(at, end, current, users)
            if merged is None:
                return None
            place, item = merged
            items.append(item)
            current, at = place, place + 1
        return items

    def _merged(self, begin: int, end: int, start: int, users: Sequence[int]) -> tuple[int, Any] | None:
        """The first layer at which paths from a place come together again, and the structure that ends with it."""
        for place in range(max(users, default=end), end):
            ends = self.sources[place]
            if self.kinds[place] not in _MERGES or len(ends) < 2:
                continue
            paths = self._split(begin, place, start, ends)
            if paths is not None:
                return place, _structure(self.kinds[place], self.written(place), paths)
        return None

    def _split(self, begin: int, place: int, start: int, ends: Sequence[int]) -> list[list[Any]] | None:
        """The paths that lead to a merging layer, in its order."""
        paths: list[list[Any]] = []
        for end in ends:
            if end == start:
                paths.append([])
                continue
            path = self._chain(begin, end + 1, start) if begin <= end < place else None
            if path is None:
                return None
            paths.append(path)
            begin = end + 1
        return paths if begin == place else None


def _structure(kind: str, merge: Any, paths: list[list[Any]]) -> Any:
    """`residual` for what is added to what came in, else `branches`."""
    args = merge[kind] if isinstance(merge, dict) else {}
    if kind == "Add" and len(paths) == 2 and paths[0] and not paths[1] and set(args) <= {"name"}:
        return {"residual": {**args, "body": paths[0]}}
    return {"branches": {"merge": merge, "paths": paths}}
