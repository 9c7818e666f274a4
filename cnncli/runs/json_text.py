"""Values as JSON text: NumPy's too, and never NaN."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from datetime import date
from pathlib import PurePath
from typing import Any


def to_json(value: Any) -> str:
    """Write a value as indented JSON with a final newline; NaN and infinity become `null`.

    Example:
        to_json({"loss": float("nan")}) == '{\\n  "loss": null\\n}\\n'
    """
    value = plain(value)
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
    try:
        text.encode()
    except UnicodeEncodeError:  # a file name that is not UTF-8 arrives as lone surrogates
        text = json.dumps(value, indent=2, ensure_ascii=True, allow_nan=False)
    return text + "\n"


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
