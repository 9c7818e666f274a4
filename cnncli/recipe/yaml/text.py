"""The text of a recipe: allowed characters, lines, and quotes for messages."""

from __future__ import annotations

import codecs
import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

from cnncli.errors import Place, Problem, RecipeError

_LINE_BREAK = re.compile(r"\r\n|\n|\r")
_TOKEN = re.compile(r"[^\s,\[\]{}:]+")
_TAG = re.compile(r"[^\s,\[\]{}]+")


@dataclass(frozen=True)
class Text:
    """A text, and the place of each index in it.

    Attributes:
        content: the characters, without a byte order mark.
        file: the file that they stand in, as the user named it.
        fixed: the one place of everything, for a text that stands in no file.
    """

    content: str
    file: str
    fixed: Place | None = None

    @cached_property
    def starts(self) -> list[int]:
        """The index at which each line begins."""
        return [0, *(match.end() for match in _LINE_BREAK.finditer(self.content))]

    def line(self, index: int) -> int:
        return bisect_right(self.starts, index)

    def column(self, index: int) -> int:
        return index - self.starts[self.line(index) - 1] + 1

    def place(self, index: int) -> Place:
        return self.fixed or Place(self.file, self.line(index), self.column(index))

    def problem(self, index: int, message: str, hint: str = "", *, lines: str = "") -> Problem:
        """A problem at `index`.

        Args:
            lines: a hint that names lines, and so is left out where there are none.
        """
        hints = ("" if self.fixed else lines, hint)
        return Problem(message, "\n".join(filter(None, hints)), self.place(index))

    def char(self, index: int) -> str:
        """The character at `index`; NUL at the end, as for PyYAML."""
        return self.content[index : index + 1] or "\0"

    def token(self, index: int) -> str:
        """What stands at `index` up to a space, comma, colon or bracket."""
        found = _TOKEN.match(self.content, index)
        return found[0] if found else ""

    def tag(self, index: int) -> str:
        """The tag that begins at `index`, fit for a message."""
        found = _TAG.match(self.content, index)
        return shown(found[0]) if found else "!"

    def whole_line(self, line: int) -> str:
        end = self.starts[line] if line < len(self.starts) else len(self.content)
        return self.content[self.starts[line - 1] : end].rstrip("\r\n")

    def line_before(self, index: int) -> str:
        """What stands in the line of `index` before it."""
        return self.content[self.starts[self.line(index) - 1] : index]

    def line_after(self, index: int) -> str:
        """What stands from `index` to the end of its line, without a comment."""
        rest = self.whole_line(self.line(index))[self.column(index) - 1 :]
        return re.sub(r"[ \t]+#.*", "", rest).strip()

    def indent(self, line: int) -> int:
        """How many spaces a line begins with."""
        whole = self.whole_line(line)
        return len(whole) - len(whole.lstrip(" "))

    def has_content(self, line: int) -> bool:
        """Whether a line is more than spaces or a comment."""
        return re.match(r" *(#|$)", self.whole_line(line)) is None

    def last_line(self, index: int) -> int:
        """The line of the last thing written before `index`."""
        return self.line(max(len(self.content[:index].rstrip()) - 1, 0))


# Characters.

_BYTE_ORDER_MARKS = (  # that of UTF-32 begins as that of UTF-16 does
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)
_UTF16_WITHOUT_MARK = re.compile(rb"\0[^\0]\0[^\0]|[^\0]\0[^\0]\0")
_CONTROL = "\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x84\\x86-\\x9f\\ud800-\\udfff\\ufffe\\uffff"
_NOT_IN_VALUES = re.compile(f"[{_CONTROL}]")
_NOT_IN_TEXT = re.compile(f"[{_CONTROL}\\x85\\u2028\\u2029]")  # the last three end a line in YAML 1.1, not in 1.2
_LOOKS_LIKE_SPACE = "[\\xa0\\u1680\\u2000-\\u200b\\u202f\\u205f\\u2060\\u3000\\ufeff]"
_FALSE_SPACE = re.compile(_LOOKS_LIKE_SPACE)
_COMMENT_OR_FALSE_SPACE = re.compile(rf"(?:^|[ \t])#[^\r\n]*|({_LOOKS_LIKE_SPACE})", re.MULTILINE)
_OTHER_DASH = re.compile(r"[\u2010-\u2015\u2022\u2212\uff0d] ")
_UNNAMED = {"Cs": "surrogate", "Cn": "noncharacter"}


def decode(content: bytes, file: str) -> Text:
    """Read bytes as UTF-8, with or without a byte order mark.

    Raises:
        RecipeError: they are something else, or hold characters that no recipe needs.
    """
    encoding = next((name for mark, name in _BYTE_ORDER_MARKS if content.startswith(mark)), None)
    if encoding or _UTF16_WITHOUT_MARK.match(content):
        raise RecipeError(Problem(f"the file is {encoding or 'UTF-16'}", "save as UTF-8", Place(file, 1, 1)))
    content = content.removeprefix(codecs.BOM_UTF8)
    try:
        text = Text(content.decode("utf-8"), file)
    except UnicodeDecodeError as error:
        before = Text(content[: error.start].decode("utf-8"), file)
        index = len(before.content)
        message = f"byte 0x{content[error.start]:02X} at line {before.line(index)} is not UTF-8"
        raise RecipeError(before.problem(index, message, "save as UTF-8")) from error
    check_characters(text)
    return text


def check_characters(text: Text) -> None:
    """Refuse the characters that may stand nowhere.

    Raises:
        RecipeError: with the first twenty, as a binary file may have thousands.
    """
    found = islice(_NOT_IN_TEXT.finditer(text.content), 20)
    problems = [text.problem(match.start(), f"{character(match[0])} is not allowed", "delete it") for match in found]
    if problems:
        raise RecipeError(problems)


def find_control(value: str) -> str | None:
    """The first character that a value may not hold; an escape in double quotes can bring one in."""
    found = _NOT_IN_VALUES.search(value)
    return found[0] if found else None


def find_false_space(text: str) -> int | None:
    """The index of the first character that looks like a space and is none, such as a no-break space."""
    found = _FALSE_SPACE.search(text)
    return found.start() if found else None


def find_loose_false_space(text: Text, end: int, literal: Iterable[tuple[int, int]]) -> int | None:
    """The first such character before `end` that stands in no comment, nor in the `literal` spans, which are sorted."""
    starts, stops = zip(*literal, (end, end), strict=True)
    gaps = zip((0, *stops), starts, strict=False)
    found = (match for gap in gaps for match in _COMMENT_OR_FALSE_SPACE.finditer(text.content, *gap))
    return next((match.start() for match in found if match[1]), None)


def false_space(text: Text, index: int) -> Problem:
    """The problem with such a character."""
    hint = "replace it by an ordinary space, or quote the text"
    return text.problem(index, f"{character(text.char(index))} outside quotes", hint)


def other_dash(text: Text, index: int) -> Problem | None:
    """The problem with a dash or a bullet at `index` that a word processor made of a list's hyphen."""
    if not _OTHER_DASH.match(text.content, index):
        return None
    message = f"{character(text.char(index))} where a list has its hyphen"
    return text.problem(index, message, f"write `- {shown(text.line_after(index + 2))}`")


def character(char: str) -> str:
    """A character's name and number: `no-break space U+00A0`."""
    unnamed = _UNNAMED.get(unicodedata.category(char), "control character")
    return f"{unicodedata.name(char, unnamed).lower()} U+{ord(char):04X}"


# Words of messages.

TAGS_HINT = "a recipe holds plain values; leave the tag out, or quote the text"
DIRECTIVES_HINT = "delete the line; a recipe is YAML 1.2 as it is"
_NO_SPACE = re.compile(r"\s*(?:- +)*([A-Za-z_]\w*):([^\s:/\\].*)")


def shown(text: str, limit: int = 60) -> str:
    """Make a user's text fit for a message: on one line, without control characters, at most `limit` long."""
    if len(text) > limit:
        text = text[: limit - 1] + "…"
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def quote_hint(text: str, *, what: str = "it") -> str:
    """How to quote `text`: in double quotes, unless it has a character that means something in them."""
    text = shown(text)
    quoted = "'" + text.replace("'", "''") + "'" if set('"\\') & set(text) else f'"{text}"'
    return f"quote {what}: {quoted}"


def colon_hint(line: str) -> str:
    """What to do about a line like `epochs:3`; nothing for any other."""
    found = _NO_SPACE.match(line)
    return f"put a space after the colon: {found[1]}: {shown(found[2].rstrip())}" if found else ""
