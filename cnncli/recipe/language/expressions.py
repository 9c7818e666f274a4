"""Expressions in recipes: `$name` and `$(expression)`, evaluated over a closed list of syntax nodes.

There are no calls but those of `functions`, no attributes but the sizes of `here`, and no names but those given, so an
expression can compute and nothing else. Numbers, texts and lists are bounded, so it cannot take time or memory either. A
computed number without a fraction is an integer.
"""

from __future__ import annotations

import ast
import copy
import keyword
import operator
import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from cnncli.messages import described, did_you_mean, listed, shortened
from cnncli.recipe.deferred import Broken, Deferred, Unknown, UnknownNumber, UnknownText
from cnncli.recipe.growth import TooLarge, size_of
from cnncli.recipe.language import functions

_LONGEST_EXPRESSION = 500
_LARGEST_NUMBER = 10**15
_LARGEST_EXPONENT = 64
_LONGEST_VALUE = functions.LONGEST_LIST
HERE = "here"  # what comes in where an expression stands; its attributes are sizes
NO_INPUT = "only `model.layers` and `blocks` have it: the sizes of what comes into a layer"
_CONSTANTS = {"true": True, "false": False, "null": None}  # as YAML writes them

_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}
# bool is an int, and cannot say that it is not known yet.
_DEFERRED: tuple[tuple[type, Any], ...] = ((bool, None), (int, Unknown), (float, UnknownNumber), (str, UnknownText))
_COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda a, b: a in b,
    ast.NotIn: lambda a, b: a not in b,
}
_UNARY: dict[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.UAdd: operator.pos,
    ast.USub: operator.neg,
    ast.Not: operator.not_,
}


class ExpressionError(ValueError):
    """An expression cannot be evaluated.

    Args:
        message: what is wrong with it.
        hint: what to do.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class Names(Mapping[str, Any]):
    """The values that may be named, and whether what came of them is still open.

    Attributes:
        deferred_count: how often a value was read that is not known yet.
        is_open: a result depends on such a value and cannot say how: true or false, or a list of unknown length.
        is_broken: a value was read whose own mistake is reported already.
        work: how many items the values have that were read and computed.
    """

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values
        self.deferred_count = 0
        self.is_open = False
        self.is_broken = False
        self.work = 0

    def __getitem__(self, name: str) -> Any:
        value = self._values[name]
        self.work += size_of(value)
        self.deferred_count += isinstance(value, Deferred)
        self.is_broken |= isinstance(value, Broken)
        return value

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __contains__(self, name: object) -> bool:
        return name in self._values


@dataclass(frozen=True, slots=True)
class Absent:
    """Stands for a name that has no value in this recipe.

    Attributes:
        hint: why, and what to write instead.
    """

    hint: str


def named(name: str, names: Mapping[str, Any], hint: str = "") -> Any:
    """The value of a name; `hint` says what may be meant where there is none.

    Raises:
        ExpressionError: there is none.
    """
    if name not in names:
        near = did_you_mean(f"${name}", [f"${each}" for each in names])
        raise ExpressionError(f"unknown name `${name}`", hint or near or "define it in `vars`")
    try:
        value = names[name]
    except TooLarge as error:
        raise ExpressionError(f"`${name}`: {error}") from error
    if isinstance(value, Absent):
        raise ExpressionError(f"unknown name `${name}`", value.hint)
    if isinstance(value, Sizes):
        raise ExpressionError(f"`${name}` is not a value", f"write one of its sizes, for example `${name}.channels`")
    return value


class Sizes:
    """The sizes of a tensor, as `$here.channels` reads them."""

    def size(self, axis: str) -> int:
        """A size by the name of its axis; `Unknown` while it is not known.

        Raises:
            ExpressionError: the tensor has no axis of this name, or its size varies.
        """
        raise NotImplementedError


def size_here(axis: str, names: Names) -> int:
    """`here.axis`."""
    here = names.get(HERE)
    if not isinstance(here, Sizes):
        hint = here.hint if isinstance(here, Absent) else ""
        raise ExpressionError(f"unknown name `${HERE}`", hint or NO_INPUT)
    size = here.size(axis)
    names.deferred_count += isinstance(size, Deferred)
    return size


def evaluate(source: str, names: Mapping[str, Any]) -> Any:
    """Compute an expression.

    Args:
        source: the text between `$(` and `)`.
        names: the values that may be named.

    Raises:
        ExpressionError: an unknown name, a syntax that is not part of the language, or a failing computation.
    """
    names = names if isinstance(names, Names) else Names(names)
    if len(source) > _LONGEST_EXPRESSION:
        raise ExpressionError(f"the expression is longer than {_LONGEST_EXPRESSION} characters")
    try:
        return _evaluate(parsed(source.strip()), names)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        if isinstance(error, ExpressionError):
            raise
        raise ExpressionError(
            f"`{shortened(source.strip())}` is not an expression", _reserved_in(source, names)
        ) from error
    except ZeroDivisionError as error:
        raise ExpressionError(f"`{shortened(source.strip())}` divides by zero") from error
    except OverflowError as error:
        raise ExpressionError(f"the result of `{shortened(source.strip())}` is too large for a number") from error
    except TypeError as error:
        if isinstance(names, Names) and names.is_broken:
            return Broken(2)
        raise ExpressionError(f"`{shortened(source.strip())}` cannot be computed: {error}") from error
    except (IndexError, KeyError) as error:
        raise ExpressionError(f"`{shortened(source.strip())}` looks for an item that is not there") from error


def _reserved_in(source: str, names: Names) -> str:
    """A hint where an expression reads a name that is a word of its syntax, such as `lambda` or `in`."""
    word = next((word for word in re.findall(r"\w+", source) if keyword.iskeyword(word) and word in names), "")
    return f"`{word}` is a reserved word in expressions: choose another name, such as `{word}_`" if word else ""


@lru_cache(maxsize=1024)
def parsed(source: str) -> ast.expr:
    """The syntax tree of an expression; nobody changes it, so that the rounds of a `repeat` share it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)  # `1if x` would be Python's to remark on, beside our lines
        return ast.parse(source, mode="eval").body


def _evaluate(node: ast.expr, names: Names) -> Any:
    """The value of a syntax node; where it is not known yet, with the expression that it stands for."""
    if isinstance(node, (ast.List, ast.Tuple)):
        return _bounded([_evaluate(item, names) for item in node.elts], names)
    before = names.deferred_count
    value = _compute(node, names)
    if names.deferred_count == before or isinstance(node, ast.Name):
        return value
    expression = _expression(node, names)
    deferred = next((made for kind, made in _DEFERRED if isinstance(value, kind)), None)
    if deferred is None or not expression:
        names.is_open = True
        return value
    return deferred(value, expression)


def _expression(node: ast.expr, names: Names) -> str:
    """An expression in terms of what is not known yet alone: every other name is replaced by its value."""
    values = {name: names[name] for name in _names_in(node) if name in names}
    if any(isinstance(value, (list, dict, str)) and size_of(value) > _LONGEST_EXPRESSION for value in values.values()):
        return ""
    texts = {name: value.expression if isinstance(value, Deferred) else repr(value) for name, value in values.items()}
    if not all(texts.values()):
        return ""
    return _written_out(node, tuple(texts.items()))


@lru_cache(maxsize=1024)
def _written_out(node: ast.expr, texts: tuple[tuple[str, str], ...]) -> str:
    """An expression as text, with `texts` substituted for the names; empty if it is too long. Cached: rounds repeat it."""
    text = ast.unparse(_Replacement(dict(texts)).visit(copy.deepcopy(node)))
    return text if len(text) <= _LONGEST_EXPRESSION else ""


def _names_in(node: ast.AST) -> Iterator[str]:
    """The names that an expression reads; not those of functions, and not `here`."""
    if isinstance(node, ast.Name):
        yield node.id
    parts = node.args if isinstance(node, ast.Call) else ast.iter_child_nodes(node)
    if not isinstance(node, ast.Attribute):
        for part in parts:
            yield from _names_in(part)


class _Replacement(ast.NodeTransformer):
    """Puts expressions in the place of names."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return ast.parse(self._texts[node.id], mode="eval").body if node.id in self._texts else node

    def visit_Call(self, node: ast.Call) -> ast.expr:
        node.args = [self.visit(part) for part in node.args]
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        return node


def _compute(node: ast.expr, names: Names) -> Any:
    match node:
        case ast.Constant(value=bool() | int() | float() | str() | None):
            return _bounded(node.value, names)
        case ast.Name():
            return _CONSTANTS[node.id] if node.id in _CONSTANTS else named(node.id, names)
        case ast.List() | ast.Tuple():
            return _bounded([_compute(item, names) for item in node.elts], names)
        case ast.UnaryOp():
            return _unary(node, names)
        case ast.BinOp() if type(node.op) in _BINARY:
            return _binary(node, names)
        case ast.BoolOp():
            return _boolean(node, names)
        case ast.Compare():
            return _compare(node, names)
        case ast.IfExp():
            return _compute(node.body if _compute(node.test, names) else node.orelse, names)
        case ast.Subscript():
            return _compute(node.value, names)[_index(node.slice, names)]
        case ast.Call():
            return _call(node, names)
        case ast.Attribute(value=ast.Name(id="here")):
            return size_here(node.attr, names)
        case ast.Attribute():
            raise ExpressionError("an expression has no attributes", f"except sizes of the input: `{HERE}.channels`")
    is_loop = isinstance(node, (ast.ListComp, ast.GeneratorExp))
    hint = "compute the value where it is used, in a round of `over` or `times`" if is_loop else ""
    raise ExpressionError(f"`{shortened(ast.unparse(node))}` is not part of an expression", hint)


def _index(node: ast.expr, names: Names) -> Any:
    """What stands between square brackets."""
    if not isinstance(node, ast.Slice):
        return _whole(_compute(node, names))
    return slice(
        *(None if end is None else _whole(_compute(end, names)) for end in (node.lower, node.upper, node.step))
    )


def _call(node: ast.Call, names: Names) -> Any:
    if not isinstance(node.func, ast.Name) or node.func.id not in functions.NAMES:
        name = ast.unparse(node.func)
        hint = did_you_mean(name, functions.NAMES) or f"the functions: {listed(functions.NAMES, 20)}"
        raise ExpressionError(f"an expression has no function `{shortened(name)}`", hint)
    name = node.func.id
    if node.keywords or any(isinstance(argument, ast.Starred) for argument in node.args):
        raise ExpressionError(f"`{name}` takes values in their order", f"write `{functions.usage(name)}`")
    values = [_compute(argument, names) for argument in node.args]
    try:
        return _bounded(_whole(functions.call(name, values)), names)
    except functions.FunctionError as error:
        if names.is_broken:
            return Broken(2)
        raise ExpressionError(f"`{shortened(ast.unparse(node))}` cannot be computed", str(error)) from error


def _unary(node: ast.UnaryOp, names: Names) -> Any:
    if type(node.op) not in _UNARY:
        raise ExpressionError(f"`{shortened(ast.unparse(node))}` is not part of an expression")
    value = _compute(node.operand, names)
    return _whole(_UNARY[type(node.op)](value))


def _binary(node: ast.BinOp, names: Names) -> Any:
    left, right = _compute(node.left, names), _compute(node.right, names)
    if isinstance(node.op, ast.Pow) and isinstance(right, (int, float)) and abs(right) > _LARGEST_EXPONENT:
        raise ExpressionError(f"an exponent of {described(right)} is too large (at most {_LARGEST_EXPONENT})")
    if isinstance(node.op, ast.Mult) and any(isinstance(side, (str, list)) for side in (left, right)):
        left, right = _whole(left), _whole(right)
        size = len(left) * right if isinstance(left, (str, list)) else left * len(right)
        if size > _LONGEST_VALUE:
            raise ExpressionError(f"the result would have more than {_LONGEST_VALUE} items")
    if isinstance(node.op, ast.Mod) and isinstance(left, str):
        raise ExpressionError("`%` takes numbers")  # text formatting can make a text of any size
    return _bounded(_whole(_BINARY[type(node.op)](left, right)), names)


def _boolean(node: ast.BoolOp, names: Names) -> Any:
    stop = isinstance(node.op, ast.Or)
    value: Any = not stop
    for operand in node.values:
        value = _compute(operand, names)
        if bool(value) is stop:
            return value
    return value


def _compare(node: ast.Compare, names: Names) -> bool:
    left = _compute(node.left, names)
    for comparison, operand in zip(node.ops, node.comparators, strict=True):
        if type(comparison) not in _COMPARISONS:
            raise ExpressionError(f"`{shortened(ast.unparse(node))}` is not part of an expression", "use == and !=")
        right = _compute(operand, names)
        if not _COMPARISONS[type(comparison)](left, right):
            return False
        left = right
    return True


def _whole(value: Any) -> Any:
    """A float without a fraction as the integer that it is; other values as they are."""
    is_whole = isinstance(value, float) and not isinstance(value, Deferred) and value.is_integer()
    return int(value) if is_whole else value


def _bounded(value: Any, names: Names) -> Any:
    if isinstance(value, (str, list)) and len(value) > _LONGEST_VALUE:
        raise ExpressionError(f"the result has more than {_LONGEST_VALUE} items")
    if isinstance(value, complex):
        raise ExpressionError("the result is not a real number")
    if isinstance(value, (int, float)) and abs(value) > _LARGEST_NUMBER:
        raise ExpressionError(f"a number in an expression is at most {_LARGEST_NUMBER:.0e}")
    if isinstance(value, list):
        try:
            names.work += size_of(value)
        except TooLarge as error:
            raise ExpressionError(str(error)) from error
    return value
