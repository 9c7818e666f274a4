"""Translate `$name` and `$(expression)` of recipes to Python.

Python computes most of them to the same value. A recipe makes an integer of a number without a fraction, Python does not: so
each translation is computed on every set of values that occurs in the recipe, and compared with what the recipe has.
"""

from __future__ import annotations

import ast
import copy
import io
import math
import re
import tokenize
from collections.abc import Mapping, Sequence
from typing import Any

from cnncli.conversion.python_layout import quoted
from cnncli.recipe.language import functions
from cnncli.recipe.language.expressions import HERE
from cnncli.recipe.language.texts import split_text

# Functions of the language -> how Python calls them.
_FUNCTIONS: dict[str, str] = {
    **{name: name for name in ("int", "round", "max", "min", "abs", "len", "sum", "range", "divisible")},
    "ceil": "math.ceil",
    "floor": "math.floor",
    "log": "math.log",
}
_CONSTANTS = {"true": True, "false": False, "null": None}
# The sizes of a tensor -> the number of the axis.
_AXES = {"channels": -1, "width": -2, "length": -2, "height": -3, "depth": -4}


class NotTranslated(Exception):
    """Something of a recipe has no Python of the same meaning here."""


Values = Mapping[str, Any]


def translated(
    text: str, names: Mapping[str, str], occurring: Sequence[tuple[Values, Any]], *, as_text: bool = False
) -> str:
    """A text with `$` in it as Python.

    Args:
        text: of the recipe.
        names: the recipe's names -> Python for them.
        occurring: values of the names, and what the text is with them.
        as_text: what it is is made a text.

    Raises:
        NotTranslated: no Python was found that has these values.
    """
    pieces = split_text(text)
    if len(pieces) == 1 and isinstance(pieces[0], ast.expr) and not as_text:
        return _expression(pieces[0], names, occurring)
    parts = []
    for piece in pieces:
        if isinstance(piece, str):
            parts.append(piece.replace("{", "{{").replace("}", "}}"))
            continue
        code = _source(piece, names)
        if any(character in code for character in "\"'{}\\\\"):
            raise NotTranslated(text)  # within an f-string only from Python 3.12 on
        parts.append(f"{{{code}}}")
    found = quoted("".join(parts)) if len(pieces) == 1 and isinstance(pieces[0], str) else f"f{quoted(''.join(parts))}"
    for values, wanted in occurring:
        made = "".join(piece if isinstance(piece, str) else str(_computed(piece, values)) for piece in pieces)
        if made != wanted:
            raise NotTranslated(text)
    return found


def _expression(node: ast.expr, names: Mapping[str, str], occurring: Sequence[tuple[Values, Any]]) -> str:
    candidates = [node]
    if any(isinstance(part, ast.Div) for part in ast.walk(node)):
        candidates.append(_WholeDivision().visit(copy.deepcopy(node)))
    candidates.append(ast.Call(ast.Name("int", ast.Load()), [node], []))
    # A recipe has 0 where Python has 0.0; among numbers with fractions that makes no difference.
    are_fractions = any(type(wanted) is float for _, wanted in occurring)
    for candidate in candidates:
        pairs = [(_computed(candidate, values), wanted) for values, wanted in occurring]
        if all(is_same(*pair) or (are_fractions and is_equal_number(*pair)) for pair in pairs):
            return _source(candidate, names)
    raise NotTranslated(ast.unparse(node))


class _WholeDivision(ast.NodeTransformer):
    """`width // 2` for `width / 2`."""

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        self.generic_visit(node)
        return ast.BinOp(node.left, ast.FloorDiv(), node.right) if isinstance(node.op, ast.Div) else node


def is_same(one: Any, other: Any) -> bool:
    """Whether two values are equal and of one type; a tuple is a list."""
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        return len(one) == len(other) and all(map(is_same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return list(one) == list(other) and all(is_same(one[key], other[key]) for key in one)
    if isinstance(one, float) and isinstance(other, float) and math.isnan(one) and math.isnan(other):
        return True
    return type(one) is type(other) and bool(one == other)


def is_equal_number(one: Any, other: Any) -> bool:
    """Whether two values are numbers and equal, with or without a fraction."""
    are_numbers = all(isinstance(each, (int, float)) and not isinstance(each, bool) for each in (one, other))
    return are_numbers and bool(one == other)


def _computed(node: ast.expr, values: Values) -> Any:
    """What Python makes of an expression that the recipe's own evaluation has accepted, on values that it was given."""
    known = {"int": int, "round": round, "max": max, "min": min, "abs": abs, "len": len, "sum": sum, "range": range}
    known |= {"ceil": math.ceil, "floor": math.floor, "log": math.log, "divisible": functions.divisible, **_CONSTANTS}
    code = compile(ast.fix_missing_locations(ast.Expression(node)), "recipe", "eval")
    try:
        found = eval(code, {"__builtins__": {}, **known, **values})  # a closed list of syntax nodes
    except (ArithmeticError, AttributeError, TypeError, ValueError, LookupError, NameError) as error:
        raise NotTranslated(str(error)) from error
    return list(found) if isinstance(found, range) else found


def _source(node: ast.expr, names: Mapping[str, str]) -> str:
    """An expression as source text, as `ruff format` writes it."""
    renamed = _Renaming(names).visit(copy.deepcopy(node))
    return normalized(ast.unparse(renamed))


class _Renaming(ast.NodeTransformer):
    """Replaces the recipe's names by Python."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id in _CONSTANTS:
            return ast.Constant(_CONSTANTS[node.id])
        if node.id not in self._names:
            raise NotTranslated(node.id)
        return ast.parse(self._names[node.id], mode="eval").body

    def visit_Call(self, node: ast.Call) -> ast.expr:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name not in _FUNCTIONS:
            raise NotTranslated(name)
        function = ast.parse(_FUNCTIONS[name], mode="eval").body
        return ast.Call(function, [self.visit(argument) for argument in node.args], [])

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        if node.attr not in _AXES or HERE not in self._names:
            raise NotTranslated(node.attr)
        return ast.parse(f"{self._names[HERE]}.shape[{_AXES[node.attr]}]", mode="eval").body


def normalized(source: str) -> str:
    """`ast.unparse`'s text with double quotes and without spaces around a simple power."""
    pieces: list[str] = []
    end = 0
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.STRING:
            pieces += [source[end : token.start[1]], quoted(ast.literal_eval(token.string))]
            end = token.end[1]
    return re.sub(r"(?<![\w.)\]] )(\b[\w.]+) \*\* ([\w.]+)\b", r"\1**\2", "".join(pieces) + source[end:])


def names_in(text: str) -> set[str]:
    """The names that a text of a recipe reads."""
    nodes = [piece for piece in split_text(text) if isinstance(piece, ast.expr)]
    return {part.id for node in nodes for part in ast.walk(node) if isinstance(part, ast.Name)}
