"""Read values from JSON of any origin, and format them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cnncli.messages import clock
from cnncli.runs.record import is_number

MISSING = "–"


def number(value: Any) -> float | None:
    """A finite number, or None."""
    return float(value) if is_number(value) else None


def count(value: Any) -> int | None:
    """A whole number from 0, or None."""
    return int(value) if is_number(value) and value >= 0 and value == int(value) else None


def text(value: Any) -> str:
    """A text, or an empty one."""
    return value if isinstance(value, str) else ""


def mapping(value: Any) -> Mapping[str, Any]:
    """A mapping, or an empty one."""
    return value if isinstance(value, Mapping) else {}


def rows(value: Any) -> list[Mapping[str, Any]]:
    """The mappings of a list."""
    return [row for row in value if isinstance(row, Mapping)] if isinstance(value, list) else []


def texts(value: Any) -> list[str]:
    """The texts of a list."""
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def numbers(value: Any) -> list[float | None]:
    """A list of numbers, with None for what is none."""
    return [number(item) for item in value] if isinstance(value, list) else []


def shape(value: Any) -> str:
    """`28×28×1` of a list of lengths; an open one is `?`."""
    lengths = [count(length) for length in value] if isinstance(value, list) else []
    return "×".join("?" if length is None else str(length) for length in lengths)


def percent(share: float | None) -> str:
    """`90.35%`; of 1 and 0 without decimals."""
    if share is None:
        return MISSING
    return f"{share:.0%}" if share in (0, 1) else f"{share:.2%}"


def decimal(value: float | None) -> str:
    """A number with four digits behind the point, or as many significant ones: `0.3507`, `12,345`, `1e-05`."""
    if value is None:
        return MISSING
    size = abs(value)
    if value == int(value) and size < 1e15:
        return f"{value:,.0f}"
    if size >= 1000:
        return f"{value:,.0f}" if size < 1e15 else f"{value:.4g}"
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


def readable(name: str) -> str:
    """A name of Keras in words: `val_loss` is `validation loss`, `macro_f1` is `macro F1`."""
    known = {"f1": "F1", "auc": "AUC", "mae": "MAE", "mse": "MSE", "val": "validation"}
    return " ".join(known.get(word, word) for word in name.split("_"))


def capitalised(words: str) -> str:
    """The first letter large, the others as they are."""
    return words[:1].upper() + words[1:]
