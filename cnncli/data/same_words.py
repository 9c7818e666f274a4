"""Compare the words of a recipe with those of data: `1`, 1.0 and 1 are one word, and so are `True` and true."""

from __future__ import annotations

import re
from typing import Any

_NUMBER = re.compile(r"[+-]?([0-9]{1,15}(\.[0-9]*)?|\.[0-9]{1,15})([eE][+-]?[0-9]{1,3})?")


def same(value: Any) -> str:
    """A word in the form in which equal ones are equal.

    Example:
        >>> same(-1), same(" -1.0 "), same(True), same("owl")
        ('-1.0', '-1.0', 'true', 'owl')
    """
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else "" if value is None else str(value)
    text = text.strip()
    if _NUMBER.fullmatch(text):
        return str(float(text) + 0.0)  # -0 is 0
    return text.lower() if text.lower() in ("true", "false") else text
