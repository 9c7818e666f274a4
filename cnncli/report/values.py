"""Format values as a page shows them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from cnncli.messages import clock
from cnncli.network.summary_json import Size
from cnncli.plots.learning_curves import readable as readable

MISSING = "–"


def shape(lengths: Sequence[int | None]) -> str:
    """`28×28×1`; an open length is `?`. What has no axes is a text."""
    return "×".join("?" if length is None else str(length) for length in lengths) or "a text"


def field(seen: Size | Literal["all"] | None) -> str:
    """A receptive field: `5×5`, `all`."""
    return shape(seen.size) if isinstance(seen, Size) else seen or MISSING


def percent(share: float | None) -> str:
    """`90.35%`; of 1 and 0 without decimals."""
    if share is None:
        return MISSING
    return f"{share:.0%}" if share in (0, 1) else f"{share:.2%}"


def decimal(value: float | None) -> str:
    """A number with four digits behind the point, or as many significant ones: `0.3507`, `12,345`, `1e-05`."""
    if value is None:
        return MISSING
    value += 0.0  # -0 is 0
    size = abs(value)
    if size >= 1e9:
        return f"{value:.4g}"
    if size >= 1000 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.4f}" if size >= 0.01 else f"{value:.4g}"


def rate(share: float | None) -> str:
    """A precision, a recall or an area: four digits behind the point."""
    return MISSING if share is None else f"{share:.4f}"


def whole(value: int | None) -> str:
    """`61,706`."""
    return MISSING if value is None else f"{value:,}"


def duration(seconds: float | None) -> str:
    """`9.0 s`, `2:05 min`, `1:02:03 h`."""
    if seconds is None:
        return MISSING
    if seconds < 60:
        return f"{seconds:.1f} s"
    return f"{clock(seconds)} {'h' if seconds >= 3599.5 else 'min'}"


def score(name: str, value: float | None) -> str:
    """A metric as one reads it: accuracies and means over the classes in percent, anything else as a number."""
    is_share = ("accuracy" in name or name.startswith("macro_")) and value is not None and 0 <= value <= 1
    return percent(value) if is_share else decimal(value)


def capitalised(words: str) -> str:
    """The first letter large, the others as they are."""
    return words[:1].upper() + words[1:]


def all_names(names: Sequence[str]) -> str:
    """`3: cat, dog, eel`; of many the first ten."""
    shown = names if len(names) <= 12 else [*names[:10], f"and {len(names) - 10:,} more"]
    return f"{len(names):,}: {', '.join(shown)}"
