"""Words of messages: quoted values, did-you-mean suggestions, lists, numbers."""

from __future__ import annotations

import difflib
import math
import re
import signal
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import islice
from typing import Any

FEW_EXAMPLES = 100  # fewer carry no four decimals: scores on them are shown with an interval

_LONGEST_QUOTE = 60
_LONGEST_WORD = 100  # of a name that is compared with others
_MOST_OPTIONS = 1000  # that a name is compared with


def printable(text: str) -> str:
    """Text that cannot harm a terminal: control and formatting characters are shown as escapes."""
    if text.isprintable():
        return text
    return "".join(
        character.encode("unicode_escape").decode() if is_formatting(character) else character for character in text
    )


def is_formatting(character: str) -> bool:
    """Control and format characters (bidirectional and zero-width ones too), surrogates, unassigned ones, line separators."""
    category = unicodedata.category(character)
    return category[0] == "C" or category in ("Zl", "Zp")


def visible(text: str) -> str:
    """The same for a file that others read: names that are not UTF-8 keep their bytes, as `surrogateescape` writes them."""
    return "".join(character if "\udc80" <= character <= "\udcff" else printable(character) for character in text)


def shortened(text: str, length: int = _LONGEST_QUOTE) -> str:
    """At most `length` characters, made printable, with an ellipsis where something was left out."""
    text = printable(str(text))  # of a text that depends on sizes what is written: `c$here.channels`
    return text if len(text) <= length else text[: length - 1] + "…"


def described(value: Any) -> str:
    """A value and its kind as a message quotes them: `'32' (text)`, `1.5`, `a list`."""
    if isinstance(value, str):
        return f"'{shortened(value)}' (text)"
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, (list, tuple)):
        text = "" if _is_long(value) else _in_a_list(value)
        return text if 0 < len(text) <= _LONGEST_QUOTE and text.isprintable() else "a list"
    return shortened(str(value))


def _is_long(value: Any) -> bool:
    """Whether a list is too long to be quoted, found without writing all of it."""
    return len(list(islice(_parts_of(value), _LONGEST_QUOTE))) == _LONGEST_QUOTE


def _parts_of(value: Any) -> Iterator[Any]:
    yield value
    for part in value.items() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else ():
        yield from _parts_of(part)


def _in_a_list(value: Any) -> str:
    """A value within a list, with the words of YAML."""
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_in_a_list, value))}]"
    return (
        {None: "null", True: "true", False: "false"}[value] if value is None or isinstance(value, bool) else repr(value)
    )


def nearest(word: str, options: Iterable[str]) -> str | None:
    """The option that was most probably meant, or None.

    Upper and lower case count little; of two equally near options the one in the word's own case wins, and of `Conv1D`,
    `Conv2D` and `Conv3D` the one of images. A word all of whose parts stand in an option (`sparse_crossentropy`) means that
    option, if it is the only one.
    """
    return _nearest(word[:_LONGEST_WORD], tuple(islice(options, _MOST_OPTIONS)))


@lru_cache(maxsize=256)  # a mistake in a `repeat` asks the same in every round
def _nearest(word: str, options: tuple[str, ...]) -> str | None:
    by_lower: dict[str, list[str]] = {}
    for option in options:
        by_lower.setdefault(_normal(option), []).append(option)
    cutoff = 0.7 if len(word) > 3 else 0.66  # two letters exchanged are much of a short word: `cta`, `cat`
    match = difflib.get_close_matches(_normal(word), by_lower, n=1, cutoff=cutoff)
    parts = set(_parts(word))
    holding = {key for key, same in by_lower.items() if len(parts) > 1 and parts <= set(_parts(same[0]))}
    if len(holding) == 1 and (not match or _normal(word) != match[0]):
        match = list(holding)
    if not match:
        return None
    of_images = re.sub(r"[13]d", "2d", match[0])
    found = of_images if of_images in by_lower and not re.search(r"\d", word) else match[0]
    return min(by_lower[found], key=lambda option: option[0].isupper() != word[:1].isupper())


def did_you_mean(word: str, options: Iterable[str]) -> str:
    """A hint with the nearest option, or with the options themselves when none is near and they are few."""
    options = list(dict.fromkeys(islice(options, _MOST_OPTIONS)))
    if match := nearest(word, options):
        return f"did you mean `{match}`?"
    if 0 < len(options) <= 16:
        return "one of: " + ", ".join(options)
    return ""


def counted(count: int, singular: str, plural: str | None = None) -> str:
    """`1 image`, `2,000 images`."""
    return f"{count:,} {singular if count == 1 else plural or singular + 's'}"


def quantity(value: float | None) -> str:
    """A quantity in any unit, with at least four of its digits: `12,346`, `7.190`, `0.0001235`.

    Example:
        >>> quantity(7.19), quantity(12345.6), quantity(None)
        ('7.190', '12,346', '–')
    """
    if value is None or not math.isfinite(value):
        return "–"
    value += 0.0  # -0 is 0
    if 1000 <= abs(value) < 1e9:
        return f"{value:,.0f}"
    return f"{value:#.4g}".removesuffix(".")


def listed(words: Iterable[str], most: int = 5) -> str:
    """Words joined by commas, cut after `most` with the number left out."""
    words = [printable(word) for word in words]
    shown = ", ".join(words[:most])
    return shown if len(words) <= most else f"{shown} and {len(words) - most:,} more"


def _parts(word: str) -> list[str]:
    """`SparseCrossentropy` and `sparse_crossentropy` as `sparse`, `crossentropy`."""
    return [part.lower() for part in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+", word)]


def _normal(word: str) -> str:
    return re.sub(r"[_\-\s]", "", word).lower()


def fixed(value: float, digits: int) -> str:
    """A finite number with `digits` digits behind the point: large ones without, and those that this shows badly as `1.2e-05`.

    Example:
        >>> fixed(0.25, 4), fixed(12345.6, 4), fixed(0.000012, 4), fixed(1.58062673920e11, 4), fixed(-0.0, 2)
        ('0.2500', '12,346', '1.2e-05', '1.581e+11', '0.00')
    """
    value += 0.0  # -0 is 0
    if abs(value) >= 1000:
        return f"{value:,.0f}" if abs(value) < 1e9 else f"{value:.4g}"
    text = f"{value:.{digits}f}"
    return text if value == 0 or float(text) != 0 else f"{value:.2g}"


def cell(value: Any) -> str:
    """A value as a table shows it: numbers with four digits behind the point, and a dash where there is none."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return "–"
    if isinstance(value, float):
        return fixed(value, 4)
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return printable(str(value))


def rough(value: Any) -> str:
    """A score of few examples: two digits behind the point, or of small numbers two significant ones."""
    if not isinstance(value, float) or not math.isfinite(value):
        return cell(value)
    return fixed(value, 2) if abs(value) >= 0.1 or value == 0 else f"{value:.2g}"


def clock(seconds: float) -> str:
    """`1:05`, `2:03:04`."""
    minutes, second = divmod(int(seconds + 0.5), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"


def few_examples_text(split: str, count: int) -> str:
    """The warning that a split with fewer than `FEW_EXAMPLES` examples gives."""
    return f"the {split} split has only {counted(count, 'example')}: scores on it are rough"


def signal_name(number: int) -> str:
    """`SIGKILL` for 9; a signal that has no name of its own is `signal 35`."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def size_text(count: int) -> str:
    """Bytes in the unit that suits them: `1.2 GB`, `48 MB`, `120 kB`."""
    if count >= 1_000_000_000:
        return f"{count / 1e9:,.1f} GB"
    return f"{count / 1e6:,.0f} MB" if count >= 1_000_000 else f"{count / 1e3:,.0f} kB"


def first_of(texts: Sequence[str], separator: str = ", ", *, most: int = 8) -> str:
    """Join texts, of many only the first: `0.1, 0.2, 0.4, … (1,024 in all)`."""
    if len(texts) <= most:
        return separator.join(texts)
    return f"{separator.join(texts[: most // 2])}{separator}… ({len(texts):,} in all)"


def number_text(value: float, digits: int = 4) -> str:
    """Write a number with at most `digits` significant digits and a real minus sign: 0.05, 1e−5, −0.4123."""
    return re.sub(r"e([+-])0*", r"e\1", f"{value + 0.0:.{digits}g}").replace("e+", "e").replace("-", "−")


def percent(share: float) -> str:
    """Write a probability as `98.2%`; never rounded to none or all: `<0.1%`, `>99.9%`."""
    if 0 < share < 0.0005:
        return "<0.1%"
    return ">99.9%" if share >= 0.9995 else f"{share:.1%}"


def share_text(count: int, total: int) -> str:
    """Write how many of all: `5.2%`, and `100%` only for all of them."""
    return "100%" if count == total else percent(count / total)
