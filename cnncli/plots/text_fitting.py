"""Text of users in pictures: made safe to draw, measured and shortened."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from matplotlib import font_manager

FONT = "DejaVu Sans"  # ships with matplotlib: the same letters on every machine
# Tried in this order for letters that DejaVu Sans lacks, where a machine has them.
FALLBACK_FONTS = (
    "Noto Sans CJK SC",
    "Noto Sans CJK JP",
    "Noto Sans SC",
    "Noto Sans JP",
    "Noto Sans KR",
    "Noto Sans Devanagari",
    "Noto Sans Thai",
    "WenQuanYi Zen Hei",
    "Hiragino Sans",
    "PingFang SC",
    "Microsoft YaHei",
    "Yu Gothic",
    "Malgun Gothic",
    "Arial Unicode MS",
)
MISSING = "\N{REPLACEMENT CHARACTER}"
BLANK = "(blank)"
LONGEST = 300  # letters; more never fits in a picture

_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn"}  # control, format (bidi overrides, joiners), surrogate, private, unassigned
_MEASURED_AT = 150  # dots per inch, as the picture is saved: letters are fitted to whole pixels


@lru_cache(maxsize=1)
def font_families() -> tuple[str, ...]:
    """Return the fonts that text is drawn with, in order: our own, then the fallbacks that this machine has."""
    installed = {font.name for font in font_manager.fontManager.ttflist}
    return (FONT, *(name for name in FALLBACK_FONTS if name in installed))


def plain_text(text: object) -> str:
    """Turn any text into one line that can be drawn: no control characters, no letter without a glyph.

    White space becomes single spaces. Control, format and unpaired surrogate characters are dropped, and so are
    combining marks and variation selectors that no font has; any other letter that no font has becomes U+FFFD. So
    neither an error nor matplotlib's "Glyph … missing" warning can come from it. Text that is empty afterwards is
    "(blank)".

    Example:
        >>> plain_text("tabby\\tcat\\x1b[0m")
        'tabby cat[0m'
    """
    spaced = " ".join(str(text)[: 4 * LONGEST].split())
    visible = (letter for letter in spaced if unicodedata.category(letter) not in _INVISIBLE)
    drawn = "".join(_drawable(letter) for letter in unicodedata.normalize("NFC", "".join(visible)))
    return " ".join(drawn.split())[:LONGEST].rstrip() or BLANK


def shorten(text: str, letters: int) -> str:
    """Cut the middle out of a text longer than `letters`, so that both its ends still tell it from others.

    Example:
        >>> shorten("black-footed albatross 001", 15)
        'black-foo…s 001'
    """
    if len(text) <= letters:
        return text
    tail = max(0, letters - 1) * 2 // 5
    return text[: max(0, letters - 1 - tail)].rstrip() + "…" + (text[-tail:] if tail else "")


@lru_cache(maxsize=8192)
def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """Return the width of one line in inches, at a font size in points."""
    font = font_manager.get_font(_font_file(FONT, bold))
    font.set_size(size, _MEASURED_AT)
    font.set_text(text)
    width, _ = font.get_width_height()
    return float(width) / 64 / _MEASURED_AT  # FreeType counts in 1/64 of a pixel


def fit_lines(text: str, width: float, size: float, most: int) -> list[str]:
    """Break a text into at most so many lines of `width` inches: after spaces, commas, `_`, `-`, `.` and `/`, else anywhere.

    What does not fit into the lines is shortened in the last one.
    """
    lines: list[str] = []
    rest = text.strip()
    while rest and len(lines) < most - 1 and text_width(rest, size) > width:
        fitting = next((n for n in range(len(rest) - 1, 0, -1) if text_width(rest[:n].rstrip(), size) <= width), 1)
        ends = [match.end() for match in _AFTER.finditer(rest[: fitting + 1]) if match.end() <= fitting]
        end = ends[-1] if ends else fitting
        lines.append(rest[:end].rstrip())
        rest = rest[end:].lstrip()
    return [*lines, fit_text(rest, width, size)] if rest else lines


_AFTER = re.compile(r"[ ,_./-]+")  # where a line may end


def fit_text(text: str, width: float, size: float, *, bold: bool = False) -> str:
    """Shorten a text to at most `width` inches at a font size in points; "" when not even two letters fit."""
    if text_width(text, size, bold=bold) <= width:
        return text
    fits, too_long = 0, len(text)
    while too_long - fits > 1:
        middle = (fits + too_long) // 2
        if text_width(shorten(text, middle), size, bold=bold) <= width:
            fits = middle
        else:
            too_long = middle
    return shorten(text, fits) if fits > 2 else ""


@dataclass(frozen=True)
class Title:
    """A heading: a name, and after it words that say what the picture shows. Where there is no room the name is shortened.

    Attributes:
        name: any text.
        words: any text, from its punctuation on: `, confusion matrix`.
    """

    name: str
    words: str = ""

    def __add__(self, words: str) -> Title:
        return Title(self.name, self.words + words)

    def __str__(self) -> str:
        return plain_text(self.name + self.words)

    def fitted(self, width: float, size: float) -> str:
        """The heading in bold letters, at most `width` inches at a font size in points."""
        words = plain_text(self.words) if self.words else ""
        name = fit_text(plain_text(self.name), width - text_width(words, size, bold=True), size, bold=True)
        return name + words if name else fit_text(str(self), width, size, bold=True)


def _drawable(letter: str) -> str:
    if any(ord(letter) in _letters_of(name) for name in font_families()):
        return letter
    return "" if unicodedata.category(letter).startswith("M") else MISSING


@lru_cache(maxsize=32)
def _letters_of(family: str) -> frozenset[int]:
    return frozenset(font_manager.get_font(_font_file(family, bold=False)).get_charmap())


@lru_cache(maxsize=64)
def _font_file(family: str, bold: bool) -> str:
    weight = "bold" if bold else "normal"
    return str(font_manager.findfont(font_manager.FontProperties(family=[family], weight=weight)))
