"""Texts of a recipe with `$name` and `$(expression)` in them."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from typing import Any

from cnncli.messages import described, shortened
from cnncli.recipe.deferred import Broken, Deferred, UnknownText
from cnncli.recipe.growth import LONGEST_TEXT
from cnncli.recipe.language.expressions import ExpressionError, Names, evaluate, named, parsed, size_here

_NAME = re.compile(r"\$(here\.[a-z]+|[A-Za-z_][A-Za-z0-9_]*)")


def substitute(text: str, names: Mapping[str, Any]) -> Any:
    """Replace every `$name` and `$(expression)` in a text.

    A text that is a single `$name` or `$(expression)` becomes its value and keeps the value's type; otherwise the values
    are written into the text. `$$` is a dollar sign.

    Args:
        text: a scalar of a recipe.
        names: the values that may be named; `Names` for whoever has to know whether the result is open.

    Raises:
        ExpressionError: an unknown name, a syntax that is not part of the language, or a failing computation.
    """
    if "$" not in text:
        return text
    names = names if isinstance(names, Names) else Names(names)
    pieces: list[Any] = []
    position = 0
    while position < len(text):
        dollar = text.find("$", position)
        if dollar < 0:
            pieces.append(text[position:])
            break
        if dollar > position:
            pieces.append(text[position:dollar])
        value, position = _one(text, dollar, names)
        pieces.append(value)
    if names.is_broken:
        return Broken(2)
    if len(pieces) == 1:
        return pieces[0]
    for piece in pieces:
        if isinstance(piece, (list, dict)):
            raise ExpressionError(f"{described(piece)} cannot stand inside a text")
    joined = _joined([str(piece.stand_in if isinstance(piece, Deferred) else piece) for piece in pieces])
    if not any(isinstance(piece, Deferred) for piece in pieces):
        return joined
    return UnknownText(joined, written=_joined([_as_written(piece) for piece in pieces]))


def split_text(text: str) -> list[str | ast.expr]:
    """A text of a recipe that can be substituted, as texts and the syntax trees of its `$name` and `$(expression)`."""
    pieces: list[str | ast.expr] = []
    position = 0
    while position < len(text):
        dollar = text.find("$", position)
        end = len(text) if dollar < 0 else dollar
        plain, position = text[position:end], end
        if text.startswith("$$", position):
            plain, position = f"{plain}$", position + 2
        if pieces and isinstance(pieces[-1], str):
            pieces[-1] += plain
        elif plain:
            pieces.append(plain)
        if text.startswith("$(", position):
            end = _closing(text, position + 1)
            pieces.append(parsed(text[position + 2 : end].strip()))
            position = end + 1
        elif match := _NAME.match(text, position):
            pieces.append(parsed(match.group(1)) if "." in match.group(1) else ast.Name(match.group(1), ast.Load()))
            position = match.end()
    return pieces


def _joined(texts: list[str]) -> str:
    """The texts as one; its length is known before it is built."""
    if len(texts) > 1 and sum(map(len, texts)) > LONGEST_TEXT:
        raise ExpressionError(f"the text has more than {LONGEST_TEXT:,} characters")
    return "".join(texts)


def _as_written(value: Any) -> str:
    return value.written if isinstance(value, Deferred) else str(value).replace("$", "$$")


def _one(text: str, dollar: int, names: Names) -> tuple[Any, int]:
    """The value of what begins at a dollar sign, and where it ends."""
    if text.startswith("$$", dollar):
        return "$", dollar + 2
    if text.startswith("$(", dollar):
        end = _closing(text, dollar + 1)
        return evaluate(text[dollar + 2 : end], names), end + 1
    match = _NAME.match(text, dollar)
    if match:
        name, _, size = match.group(1).partition(".")
        hint = "" if size or name in names else _with_brackets(name, names)
        return (size_here(size, names) if size else named(name, names, hint)), match.end()
    hint = "write `$name` or `$(expression)`; a dollar sign itself is `$$`"
    raise ExpressionError(f"`{shortened(text[dollar:])}` is not a name or an expression", hint)


def _closing(text: str, opening: int) -> int:
    depth, quote = 0, ""
    for index in range(opening, len(text)):
        character = text[index]
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character in "()":
            depth += 1 if character == "(" else -1
            if depth == 0:
                return index
    raise ExpressionError(f"`{shortened(text[opening - 1 :])}` has no closing bracket")


def _with_brackets(name: str, names: Mapping[str, Any]) -> str:
    """`x$i_0` may mean `x$(i)_0`; empty where no name ends before a digit or `_`."""
    ends = (end for end in range(len(name) - 1, 0, -1) if name[:end] in names and not name[end].isalpha())
    return next((f"did you mean `$({name[:end]}){name[end:]}`?" for end in ends), "")
