"""Lines of the report that `cnncli compare` prints: sentences, and the differences of two recipes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from rich.text import Text

from cnncli.cli import console, wrapping
from cnncli.messages import printable, shortened

if TYPE_CHECKING:
    from cnncli.recipe.differences import Difference
    from cnncli.tasks.pairs import Side

_LONGEST_VALUE = 60
_MOST_DIFFERENCES = 30


def told(text: str, *, indent: int = 0) -> Iterator[Text]:
    """A text in lines that fit a terminal; elsewhere in one line, for whoever searches it."""
    if console.stdout_columns() is None:
        return iter([Text(" " * indent + printable(text))])
    return wrapping.wrapped(text, indent=indent, hanging=indent + 2)


def differing(first: str, side: Side, found: Sequence[Difference], *, verbose: bool) -> Iterator[Text]:
    """In which values a recipe differs from the first one."""
    from cnncli.recipe.differences import ABSENT

    if not side.run.recipe:
        yield from told(f"what differs in the recipe of {side.label} is not known: it cannot be read")
        return
    if not found:
        yield from told(f"{side.label} has the recipe of {first}")
        return
    yield from told(f"{side.label} differs from {first} in its recipe:")
    shown = found if verbose else found[:_MOST_DIFFERENCES]
    for difference in shown:
        key = difference.key + (f" ({difference.layer})" if difference.layer else "")
        is_item = isinstance(difference.path[-1], int)
        if difference.second is ABSENT and is_item:
            change = f"without {_value(difference.first)}"
        elif difference.first is ABSENT and is_item:
            change = f"with {_value(difference.second)}"
        else:
            change = f"{_value(difference.first)} -> {_value(difference.second)}"
        yield from told(f"{key}: {change}", indent=2)
    if len(shown) < len(found):
        yield from told(f"and {len(found) - len(shown):,} more (--verbose)", indent=2)


def _value(value: Any) -> str:
    """Plain data in one line, as a recipe would have it."""
    from cnncli.recipe.differences import ABSENT

    if value is ABSENT:
        return "not set"
    return shortened(_written(value, outermost=True), _LONGEST_VALUE)


def _written(value: Any, *, outermost: bool = False) -> str:
    if isinstance(value, dict):
        inside = ", ".join(f"{key}: {_written(item)}" for key, item in value.items())
        return inside if outermost and len(value) == 1 else f"{{{inside}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_written, value))}]"
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    return str(value)
