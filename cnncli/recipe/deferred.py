"""Values that a recipe has before they are known: they stand in for the number of classes and what follows from it."""

from __future__ import annotations

from typing import Any, TypeVar


class Deferred:
    """A value that is computed from what is not known yet, such as `$classes` before the data is read.

    What it is equal to only stands in for its type.

    Attributes:
        written: what a recipe has to say to mean it: `$classes`, `$(2 * classes)`, `5 epochs`.
        expression: the same for use within an expression; empty where none can say it.
    """

    written: str
    expression: str

    @property
    def stand_in(self) -> Any:
        """What it is equal to, as a plain value."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return self.written

    __str__ = __repr__


class Unknown(Deferred, int):
    """A whole number that is not known yet; by itself the number of classes."""

    def __new__(cls, value: int, expression: str = "classes", written: str = "") -> Unknown:
        return _deferred(int.__new__(cls, value), expression, written)

    @property
    def stand_in(self) -> int:
        return int(self)


class UnknownNumber(Deferred, float):
    """A number that is not known yet."""

    def __new__(cls, value: float, expression: str = "", written: str = "") -> UnknownNumber:
        return _deferred(float.__new__(cls, value), expression, written)

    @property
    def stand_in(self) -> float:
        return float(self)


class UnknownText(Deferred, str):
    """A text that is not known yet."""

    def __new__(cls, value: str, expression: str = "", written: str = "") -> UnknownText:
        return _deferred(str.__new__(cls, str.__str__(value)), expression, written)

    @property
    def stand_in(self) -> str:
        return str.__str__(self)


_Made = TypeVar("_Made", bound=Deferred)


def _deferred(made: _Made, expression: str, written: str) -> _Made:
    made.expression = expression
    made.written = written or (f"${expression}" if expression.isidentifier() else f"$({expression})")
    return made


class Broken(Unknown):
    """Stands in for a value that could not be computed; its problem is already reported."""
