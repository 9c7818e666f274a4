"""The functions of expressions: a closed list. What they return is bounded like every value of an expression."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

LONGEST_LIST = 1000  # items of a list or characters of a text that an expression returns


class FunctionError(ValueError):
    """A function does not take these values; the message says what it takes."""


def call(name: str, values: list[Any]) -> Any:
    """Apply a function of the list.

    Args:
        name: one of `NAMES`.
        values: the arguments, in their order.

    Raises:
        FunctionError: the number or the types of the arguments do not fit.
    """
    usage, _, function = _FUNCTIONS[name]
    try:
        return function(*values)
    except (TypeError, AttributeError, ValueError) as error:
        if isinstance(error, FunctionError):
            raise
        raise FunctionError(f"write `{usage}`") from error


def usage(name: str) -> str:
    """How a function is written: `range(stop)`."""
    return _FUNCTIONS[name][0]


def meaning(name: str) -> str:
    """What a function returns."""
    return _FUNCTIONS[name][1]


def divisible(value: float, divisor: int = 8) -> int:
    """Round to a multiple, and by at most 10% down.

    Args:
        value: a number of filters, usually multiplied by a width.
        divisor: what the result is a multiple of; at least 1. The result is at least this.

    Source: `make_divisible` of Sandler et al., MobileNetV2 (2018); `round_filters` of Tan and Le, EfficientNet (2019).
    """
    if _number(divisor) < 1:
        raise FunctionError("the divisor is at least 1")
    rounded = max(divisor, int(_number(value) + divisor / 2) // divisor * divisor)
    return int(rounded + divisor if rounded < 0.9 * value else rounded)


def _range(*limits: Any) -> list[int]:
    numbers = [int(limit) if isinstance(limit, float) and limit.is_integer() else limit for limit in limits]
    if any(isinstance(number, bool) for number in numbers):
        raise TypeError
    found = range(*numbers)
    if len(found) > LONGEST_LIST:
        raise FunctionError(f"the list has more than {LONGEST_LIST} items")
    return list(found)


def _number(value: Any) -> Any:
    """The value; a text or a list is refused."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError
    return value


def _numbers(values: tuple[Any, ...]) -> list[Any]:
    """The numbers that are given one by one, or as a list."""
    given = values[0] if len(values) == 1 and isinstance(values[0], list) else values
    return [_number(value) for value in given]


def _sum(values: Any) -> Any:
    if not isinstance(values, list):
        raise TypeError
    return sum(map(_number, values))


def _log(value: Any, base: Any = math.e) -> float:
    if _number(value) <= 0 or _number(base) <= 0 or base == 1:
        raise FunctionError("the number and the base are larger than 0, and the base is not 1")
    exact = {2: math.log2, 10: math.log10}.get(base)  # math.log(1000, 10) is a little less than 3
    return exact(value) if exact else math.log(value, base)


def _len(value: Any) -> int:
    return len(value)


_FUNCTIONS: dict[str, tuple[str, str, Callable[..., Any]]] = {
    "int": ("int(number)", "without its fraction", lambda value: int(_number(value))),
    "round": (
        "round(number, digits)",
        "the nearest integer, or that number of decimals",
        lambda value, digits=0: round(_number(value), digits) if digits else round(_number(value)),
    ),
    "ceil": ("ceil(number)", "the next larger integer", lambda value: math.ceil(_number(value))),
    "floor": ("floor(number)", "the next smaller integer", lambda value: math.floor(_number(value))),
    "abs": ("abs(number)", "without its sign", lambda value: abs(_number(value))),
    "log": ("log(number, base)", "the natural logarithm, or that to a base", _log),
    "max": ("max(a, b, …)", "the largest of several numbers, or of a list", lambda *values: max(_numbers(values))),
    "min": ("min(a, b, …)", "the smallest of several numbers, or of a list", lambda *values: min(_numbers(values))),
    "sum": ("sum(list)", "the sum of a list", _sum),
    "len": ("len(list)", "the number of items of a list, or of characters of a text", _len),
    "range": ("range(start, stop, step)", "a list of integers without `stop`; `range(3)` is [0, 1, 2]", _range),
    "divisible": (
        "divisible(number, divisor)",
        "the nearest multiple of the divisor (default 8), at most 10% smaller: MobileNet's rounding of filters",
        divisible,
    ),
}
NAMES = tuple(_FUNCTIONS)
