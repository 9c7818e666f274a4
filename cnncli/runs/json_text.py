"""Write values as JSON, also NumPy's, without NaN."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from datetime import date
from pathlib import PurePath
from typing import Any

from cnncli.messages import is_formatting


def to_json(value: Any) -> str:
    """Write a value as indented JSON with a final newline; NaN and infinity become `null`.

    Example:
        to_json({"loss": float("nan")}) == '{\\n  "loss": null\\n}\\n'
    """
    return _text(plain(value), indent=2) + "\n"


def to_json_line(value: Any) -> str:
    """Write plain data as JSON in one line, without its end."""
    return _text(value)


def _text(value: Any, indent: int | None = None) -> str:
    """JSON with every readable character as it is; control and format characters, which harm a terminal, are escaped.

    Lone surrogates, as which a file name that is not UTF-8 arrives, are escaped too.
    """
    text = json.dumps(value, indent=indent, ensure_ascii=False, allow_nan=False)
    if text.isascii() and "\x7f" not in text:
        return text
    return "".join(json.dumps(c)[1:-1] if is_formatting(c) and c != "\n" else c for c in text)


def plain(value: Any) -> Any:
    """Turn a value into what JSON knows: dict, list, str, int, finite float, bool and None.

    Anything with `tolist` or `item` (arrays and scalars of NumPy) is taken for the number it holds.

    Raises:
        TypeError: the value is of a type that has no place in a record.
    """
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, AbstractSet):
        return sorted(plain(item) for item in value)
    if isinstance(value, PurePath):
        return str(value)
    if isinstance(value, date):  # datetime too
        return value.isoformat()
    for name in ("tolist", "item"):
        if hasattr(value, name):
            held = getattr(value, name)()
            return plain(held if type(held) is not type(value) else float(held))  # longdouble.item() is a longdouble
    raise TypeError(f"a record cannot hold a {type(value).__name__}: {value!r}")
