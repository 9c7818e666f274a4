"""Lay out generated Python as `ruff format` does: lines of at most 88 characters, broken at brackets.

What is generated has one statement on a line; only statements that are too long are changed here.
"""

from __future__ import annotations

import io
import keyword
import tokenize
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

LINE_LENGTH = 88
_PAIRS = {"(": ")", "[": "]", "{": "}"}
_INDENT = 4


def quoted(text: str) -> str:
    """A text as a literal, in double quotes unless it has more of them than of single ones."""
    literal = repr(text)
    if literal[0] == '"' or '"' in text:
        return literal
    return f'"{literal[1:-1]}"' if "\\'" not in literal else f'"{text}"'


def laid_out(lines: Iterable[str]) -> str:
    """Lines as one module.

    Args:
        lines: each a statement with its indentation, a comment, or empty.
    """
    return "".join(f"{line}\n" for line in lines for line in _broken(line))


def _broken(line: str) -> Iterator[str]:
    indent = len(line) - len(line.lstrip())
    if len(line) <= LINE_LENGTH or line.lstrip().startswith(("#", '"""')) or line.lstrip()[-3:] == '"""':
        yield line
        return
    yield from _lines(_parsed(line.strip()), indent)


@dataclass
class _Bracket:
    """A pair of brackets with its items, each a list of texts and further brackets.

    Attributes:
        is_call: it follows a name or another bracket: its items may share a line of their own.
        is_tuple: it ends with a comma.
        is_comprehension: its items are an element and its `for` and `if`.
    """

    opening: str
    is_call: bool
    items: list[list[_Part]] = field(default_factory=lambda: [[]])
    is_tuple: bool = False
    is_comprehension: bool = False

    @property
    def closing(self) -> str:
        return _PAIRS[self.opening]

    def flat(self) -> str:
        inner = (" " if self.is_comprehension else ", ").join(map(_flat, self.items))
        alone = self.opening == "(" and not self.is_call and len(self.items) == 1 and self.is_tuple
        return f"{self.opening}{inner}{',' if alone else ''}{self.closing}"


_Part = str | _Bracket


def _flat(parts: list[_Part]) -> str:
    return "".join(part if isinstance(part, str) else part.flat() for part in parts).strip()


def _parsed(statement: str) -> list[_Part]:
    """A statement as texts and brackets."""
    root: list[_Part] = []
    stack: list[_Bracket] = []
    current = root
    end = 0
    previous = ""
    for token in _tokens(statement):
        gap = " " * (token.start[1] - end) if end else ""
        end = token.end[1]
        text = token.string
        if text in _PAIRS:
            is_call = not gap and (
                (previous.isidentifier() and not keyword.iskeyword(previous)) or previous in (")", "]")
            )
            bracket = _Bracket(text, is_call)
            current += [gap, bracket] if gap and current else [bracket]
            stack.append(bracket)
            current = bracket.items[0]
        elif stack and text == stack[-1].closing:
            bracket = stack.pop()
            if bracket.items[-1] == [] or bracket.items[-1] == [""]:
                bracket.items.pop()
                bracket.is_tuple = bool(bracket.items)
            current = stack[-1].items[-1] if stack else root
        elif stack and (text == "for" or (text == "if" and stack[-1].is_comprehension)):
            stack[-1].is_comprehension = True
            stack[-1].items.append([text])
            current = stack[-1].items[-1]
        elif stack and text == "," and not stack[-1].is_comprehension:
            stack[-1].items.append([])
            current = stack[-1].items[-1]
        else:
            current.append(f"{gap}{text}" if current else text)
        previous = text
    return root


def _tokens(statement: str) -> Iterator[tokenize.TokenInfo]:
    """The tokens of one line; an f-string is one of them, in every version of Python."""
    start: tokenize.TokenInfo | None = None
    depth = 0
    for token in tokenize.generate_tokens(io.StringIO(statement).readline):
        kind = tokenize.tok_name[token.type]
        if kind == "FSTRING_START":
            start = token if depth == 0 else start
            depth += 1
        elif kind == "FSTRING_END":
            depth -= 1
            if depth == 0 and start is not None:
                text = statement[start.start[1] : token.end[1]]
                yield token._replace(type=tokenize.STRING, string=text, start=start.start)
        elif depth == 0 and kind not in ("NEWLINE", "NL", "ENDMARKER", "INDENT", "DEDENT"):
            yield token


def _lines(parts: list[_Part], indent: int, ends_with: str = "") -> list[str]:
    """The lines of one piece: its brackets are broken from the left, as far as what follows does not fit."""
    lines: list[str] = []
    line = " " * indent
    for index, part in enumerate(parts):
        if isinstance(part, str):
            line += part
            continue
        after = _until_next_bracket(parts[index + 1 :], ends_with)
        if len(line) + len(part.flat()) + len(after) <= LINE_LENGTH or not part.items:
            line += part.flat()
            continue
        lines.append(line + part.opening)
        lines += _contents(part, indent + _INDENT)
        line = " " * indent + part.closing
    return [*lines, line + ends_with]


def _until_next_bracket(parts: list[_Part], ends_with: str) -> str:
    """What has to stand on the same line: everything before the next place where the line can be broken."""
    text = ""
    for part in parts:
        if isinstance(part, str):
            text += part
        elif part.items:
            return text + part.opening
        else:
            text += part.flat()
    return text + ends_with


def _contents(bracket: _Bracket, indent: int) -> list[str]:
    if bracket.is_call and bracket.opening == "(":
        one_line = " " * indent + bracket.flat()[1:-1]
        if len(one_line) <= LINE_LENGTH:
            return [one_line]
    if bracket.opening == "(" and not bracket.is_call and len(bracket.items) == 1 and not bracket.is_tuple:
        return _lines(bracket.items[0], indent)
    if bracket.is_call and bracket.opening == "[":
        return _lines(bracket.items[0], indent)
    comma = "" if bracket.is_comprehension else ","
    return [line for item in bracket.items for line in _lines(item, indent, comma)]
