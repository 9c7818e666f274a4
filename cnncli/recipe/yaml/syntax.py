"""Explain YAML syntax errors.

PyYAML tells where it stopped and what it was reading. What happened is read from there and from the characters that
stand there, by the rules at the end of this file; never from the words of PyYAML's message.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import yaml

from cnncli.errors import Problem
from cnncli.recipe.yaml.text import (
    DIRECTIVES_HINT,
    TAGS_HINT,
    Text,
    colon_hint,
    false_space,
    find_loose_false_space,
    other_dash,
    quote_hint,
    shown,
)

Span = tuple[int, int]


@dataclass(frozen=True)
class Progress:
    """How far the reading had come, in indexes of the text.

    Attributes:
        read_to: up to where everything was understood.
        brackets: where the brackets that are still open begin, the innermost last.
        last_quoted: from where to where the last text in quotes went.
        literal: from where to where texts in quotes went in which a character may look like a space.
    """

    read_to: int
    brackets: tuple[int, ...]
    last_quoted: Span
    literal: tuple[Span, ...]


def explain(text: Text, error: Exception, progress: Progress) -> Problem:
    """The one mistake behind what PyYAML raised."""
    mark = getattr(error, "problem_mark", None)
    context = getattr(error, "context_mark", None)
    failure = _Failure(
        text=text,
        at=mark.index if mark else progress.read_to,
        context=context.index if context else None,
        in_scanner=isinstance(error, yaml.scanner.ScannerError),
        progress=progress,
    )
    found = (rule(failure) for rule in (_RULES if mark else _RULES_WITHOUT_MARK))
    said = shown(getattr(error, "problem", None) or str(error), limit=200)
    return next((problem for problem in found if problem), None) or text.problem(
        failure.at, f"this is not YAML: {said}"
    )


@dataclass(frozen=True)
class _Failure:
    """Where PyYAML gave up.

    Attributes:
        at: the index where it could not go on.
        context: the index where the thing begins that it was reading, if it said so.
        in_scanner: it was reading characters, not yet structure.
    """

    text: Text
    at: int
    context: int | None
    in_scanner: bool
    progress: Progress

    @property
    def here(self) -> str:
        return self.text.char(self.at)

    @property
    def at_end(self) -> bool:
        return self.at >= len(self.text.content)

    @property
    def is_first_in_line(self) -> bool:
        return not self.text.line_before(self.at).strip(" ")

    def line_above(self) -> int | None:
        """The last line before that of `at` with something on it."""
        above = range(self.text.line(self.at) - 1, 0, -1)
        return next((line for line in above if self.text.has_content(line)), None)

    def columns(self, *lines: int | None) -> str:
        """`line 3 begins at column 5, line 2 at column 1`, each line once."""
        columns = {line: self.text.indent(line) + 1 for line in lines if line}
        begins = ", ".join(f"line {line} at column {column}" for line, column in columns.items())
        return begins.replace(" at ", " begins at ", 1)


_Rule = Callable[[_Failure], Problem | None]


def _false_space(failure: _Failure) -> Problem | None:
    """A character that looks like a space, in the text up to the failure: the likely cause of whatever it is."""
    text = failure.text
    end = text.starts[text.line(failure.at) - 1] + len(text.whole_line(text.line(failure.at)))
    index = find_loose_false_space(text, end, failure.progress.literal)
    return None if index is None else false_space(text, index)


def _tab(failure: _Failure) -> Problem | None:
    if failure.here != "\t":
        return None
    return failure.text.problem(failure.at, "a tab where only spaces may stand", "use spaces, not tabs")


_CONFLICT = re.compile(r"^(?:<{7}|={7}|>{7})(?= |$)", re.MULTILINE)


def _merge_conflict(failure: _Failure) -> Problem | None:
    """The lines that Git leaves where two versions do not fit together."""
    found = _CONFLICT.search(failure.text.content)
    if not found:
        return None
    return failure.text.problem(
        found.start(), "an unfinished merge of two versions", "keep one of them, delete the marks"
    )


def _code_fence(failure: _Failure) -> Problem | None:
    """What stands around a recipe in a text that it was copied from."""
    if not failure.text.content.startswith("```", failure.at) or not failure.is_first_in_line:
        return None
    return failure.text.problem(failure.at, "a fence of a code block, and no part of the recipe", "delete the line")


_ESCAPE_START = re.compile(r"\\.?\Z", re.DOTALL)
_CLOSED_QUOTE = re.compile(r""""(?:[^"\\]|\\.)*"|'(?:[^']|'')*'""", re.DOTALL)


def _escape(failure: _Failure) -> Problem | None:
    """`"C:\\data"` and `"C:\\users"`: PyYAML stops behind the backslash, or behind the letter that wants digits."""
    text, start = failure.text, failure.context
    if not failure.in_scanner or start is None or text.char(start) != '"' or failure.at_end:
        return None
    backslash = _ESCAPE_START.search(text.content[max(failure.at - 2, start) : failure.at])
    if not backslash:
        return None
    index = failure.at - len(backslash[0])
    escape = shown(text.content[index : index + 2])
    return text.problem(index, f"`{escape}` means nothing in double quotes", "use single quotes, or `/` in a path")


def _impossible_character(failure: _Failure) -> Problem | None:
    """`"\\UFFFFFFFF"`: chr() refuses it with an exception that PyYAML lets through, without a place."""
    found = re.compile(r"\\U(?!000|0010)[0-9A-Fa-f]{8}").search(failure.text.content, failure.at)
    return failure.text.problem(found.start(), f"`{found[0]}` is no character") if found else None


def _open_quote(failure: _Failure) -> Problem | None:
    text, start = failure.text, failure.context
    if start is None or text.char(start) not in ("'", '"'):
        return None
    if _CLOSED_QUOTE.match(text.content, start):
        return None
    lines = f"opened on line {text.line(start)}, and still open on line {text.last_line(failure.at)}"
    return text.problem(start, f"the quote `{text.char(start)}` is not closed", lines=lines)


_CLOSERS = {"[": "]", "{": "}"}


def _open_bracket(failure: _Failure) -> Problem | None:
    """A bracket into which the rest of the file fell: a line follows that stands no deeper than the bracket's own."""
    if not failure.progress.brackets:
        return None
    text, opened = failure.text, failure.progress.brackets[-1]
    bracket, upper = text.char(opened), text.line(opened)
    inside = range(upper + 1, text.line(failure.at) + 1)
    outdented = next((line for line in inside if _is_outdented(text, line, text.indent(upper))), None)
    if outdented:
        lines = f"opened on line {upper}, and line {outdented} comes before its `{_CLOSERS[bracket]}`"
    elif failure.at_end:
        last = text.last_line(failure.at)
        lines = f"opened on line {upper}, and the file ends on line {last} before its `{_CLOSERS[bracket]}`"
    else:
        return None
    return text.problem(opened, f"`{bracket}` is not closed", lines=lines)


def _is_outdented(text: Text, line: int, indent: int) -> bool:
    own = text.indent(line)
    return text.has_content(line) and own <= indent and text.whole_line(line)[own] not in "]}"


def _first_character(failure: _Failure) -> Problem | None:
    """A value whose first character means something in YAML: `>= 0.97`, `*.png`, `@home`, `%d`."""
    text = failure.text
    index = failure.at if failure.context is None else failure.context
    char = text.char(index)
    if not failure.in_scanner or char not in "*&|>%@`":
        return None
    value = text.line_after(index)
    if re.search(r"[\[{]", text.line_before(index)) or failure.progress.brackets:
        value = re.split(r"[,\]}]", value)[0].rstrip()
    name = "a backtick" if char == "`" else f"`{char}`"
    return text.problem(index, f"text cannot begin with {name}", quote_hint(value))


def _tag(failure: _Failure) -> Problem | None:
    text, indexes = failure.text, (failure.at, failure.context)
    index = next((index for index in indexes if index is not None and text.char(index) == "!"), None)
    return None if index is None else text.problem(index, f"tags are not allowed: `{text.tag(index)}`", TAGS_HINT)


_FIRST_KEY = re.compile(r" *([\w.-]+) *")


def _in_brackets(failure: _Failure) -> Problem | None:
    if not failure.progress.brackets:
        return None
    text, at, here, opened = failure.text, failure.at, failure.here, failure.progress.brackets[-1]
    bracket = text.char(opened)
    lines = f"`{bracket}` was opened on line {text.line(opened)}"
    if here == "{" and text.char(at - 1) == "$":
        return text.problem(at - 1, "`${` is not how a variable is written", "write `$name`, without braces")
    if here == ",":
        return text.problem(at, "there is nothing before this `,`", lines=lines)
    if here == "-":
        return text.problem(at, f"a `-` item inside `{bracket}`", "separate items by commas", lines=lines)
    if here == ":" and re.search(r"[\[{,]\s*\Z", text.content[opened:at]):
        return text.problem(at, "a key is missing before `:`", lines=lines)
    if here == ":" and (key := _FIRST_KEY.fullmatch(text.line_before(at))):
        index = text.starts[text.line(at) - 1] + key.start(1)
        lines = f"at the end of line {failure.line_above()}"
        return text.problem(index, f"a comma is missing before `{shown(key[1])}`", lines=lines)
    got = shown(text.token(at) or here)
    hint = f"quote the text that `{got}` belongs to" if here in ":?[{" else ""
    return text.problem(at, f"expected `,` or `{_CLOSERS[bracket]}`, got `{got}`", hint, lines=lines)


def _directive(failure: _Failure) -> Problem | None:
    text, start = failure.text, failure.progress.read_to
    found = re.compile(r"^%", re.MULTILINE).search(text.content, start, failure.at + 1)
    if not found:
        return None
    if text.fixed:
        return text.problem(start, "text cannot begin with `%`", quote_hint(text.content.strip()))
    return text.problem(found.start(), "directives are not allowed", DIRECTIVES_HINT)


def _after_recipe(failure: _Failure) -> Problem | None:
    """A line behind a top level that is complete, or one that ends it before it begins."""
    text, at = failure.text, failure.at
    if text.content.startswith("...", at):
        return text.problem(at, "`...` is before any content", "delete it, or quote it if it is text")
    if failure.in_scanner or failure.context is not None or not failure.is_first_in_line:
        return None
    line, above = text.line(at), failure.line_above()
    if above and text.indent(above) > text.column(at) - 1:
        return text.problem(at, _NO_SUCH_INDENT, lines=failure.columns(line, above))
    rest = shown(text.line_after(at))
    return text.problem(at, f"`{rest}` comes after the end of the recipe", "one document per recipe")


_NO_SUCH_INDENT = "the indentation fits no line above"
_STRAY = {
    "]": ("`]` closes nothing", "quote text that holds it"),
    "}": ("`}` closes nothing", "quote text that holds it"),
    ",": ("text cannot begin with `,`", "quote it"),
    "?": ("text cannot begin with `? `", "quote it"),
    "-": ("a list cannot begin on the line of its key", "begin it on the next line, or write [a, b]"),
}


def _stray(failure: _Failure) -> Problem | None:
    """What may stand only inside brackets, or only at the start of a line."""
    if failure.here not in _STRAY or (failure.here == "-" and failure.is_first_in_line):
        return None
    message, hint = _STRAY[failure.here]
    return failure.text.problem(failure.at, message, hint)


def _long_key(failure: _Failure) -> Problem | None:
    """A key beyond the 1,024 characters within which YAML wants its colon."""
    text = failure.text
    start = text.starts[text.line(failure.at) - 1] if failure.context is None else failure.context
    colon = re.search(r":( |$)", text.whole_line(text.line(start))[text.column(start) - 1 :])
    if not colon or colon.start() <= 1024:
        return None
    return text.problem(start, "a key longer than 1,024 characters")


_BARE_WORD = re.compile(r" *((?:- +)*)([\w.-]+) *(?: #.*)?")


_VALUE = r"(?:[^\s,:{}\[\]'\"#]+|\[[^\[\]{}#]*\])"
_ARGUMENTS = re.compile(rf"(\w+: *{_VALUE}(?:, *\w+: *{_VALUE})*)\s*(?:#.*)?")
_VALUE_AND_KEYS = re.compile(rf"({_VALUE})((?:, *\w+: *{_VALUE})+)\s*(?:#.*)?")
_FREE_TEXT = ("about", "name")  # keys
_KEY = re.compile(r"(?:- +)*(\w+)")


def _hint_for_arguments(before: str, written: str) -> str:
    """What to do with `- Conv2D: filters: 16, kernel_size: 3`, and with `epochs: 3, batch_size: 4`; else empty."""
    key = _KEY.fullmatch(before)
    if key is None:
        return ""
    has_layer = key[1][0].isupper() or (written[0].isupper() and key[1] not in _FREE_TEXT)
    if has_layer and (arguments := _ARGUMENTS.fullmatch(written)):
        return f"put the arguments in braces: `{before}: {{{shown(arguments[1], 150)}}}`"
    if (keys := _VALUE_AND_KEYS.fullmatch(written)) and key[1].islower():
        return f"put each key on a line of its own: `{key[1]}: {keys[1]}`, then `{shown(keys[2].lstrip(', '), 150)}`"
    return ""


def _second_colon(failure: _Failure) -> Problem | None:
    """`a: b: c`, or a line's first key where there can be none."""
    text, before = failure.text, failure.text.line_before(failure.at)
    if not failure.in_scanner or failure.context is not None:
        return None
    if value := re.search(r": +(?=\S)", before):
        start = failure.at - len(before) + value.end()
        hint = _hint_for_arguments(before[: value.start()].strip(), text.line_after(start))
        if hint:
            return text.problem(start, "`: ` inside a value", hint)
        return text.problem(start, "`: ` inside a value", quote_hint(text.line_after(start), what="the value"))
    return _under_value(failure)


def _under_value(failure: _Failure) -> Problem:
    """A key under a line that has a value already, or would have none: a lone word, or `epochs:3`."""
    text, line, above = failure.text, failure.text.line(failure.at), failure.line_above()
    if above and (hint := colon_hint(text.whole_line(above))):
        index = text.starts[above - 1] + text.indent(above)
        return text.problem(index, f"no space after the colon of `{shown(text.line_after(index))}`", hint)
    if above and (bare := _BARE_WORD.fullmatch(text.whole_line(above))):
        index = text.starts[above - 1] + bare.start(2)
        return text.problem(index, f"no colon after `{shown(bare[2])}`", f"write `{bare[1]}{shown(bare[2])}:`")
    start = text.starts[line - 1] + text.indent(line)
    message = f"`{shown(text.token(start))}` is below a line that has a value already"
    return text.problem(start, message, "check the indentation of both", lines=failure.columns(line, above))


def _key_without_colon(failure: _Failure) -> Problem | None:
    text, start = failure.text, failure.context
    if not failure.in_scanner or start is None:
        return None
    if wrong := other_dash(text, start):
        return wrong
    line = text.line_after(start)
    if hint := colon_hint(line):
        return text.problem(start, f"no space after the colon of `{shown(line)}`", hint)
    hint = "write `key: value`; in a list begin the line with `- `"
    return text.problem(start, f"`{shown(line)}` has no `:` and value", hint)


def _after_value(failure: _Failure) -> Problem | None:
    """Something on the line behind a value that is complete: `"a" b`, `[1] b`."""
    text = failure.text
    if failure.is_first_in_line:
        return None
    start, end = failure.progress.last_quoted
    if text.line(start) < text.line(end) and not text.content[end : failure.at].strip(" "):
        lines = f"opened on line {text.line(start)}, and closed only by the quote on line {text.line(end)}"
        return text.problem(start, f"the quote `{text.char(start)}` is not closed on its line", lines=lines)
    rest = shown(text.line_after(failure.at))
    hint = "quote the whole value"
    if text.char(failure.at - 1) == "'":
        hint = "an apostrophe in single quotes is written twice; or use double quotes"
    return text.problem(failure.at, f"`{rest}` comes after the end of the value", hint)


def _missing_key(failure: _Failure) -> Problem | None:
    if failure.here != ":":
        return None
    return failure.text.problem(failure.at, "a key is missing before `:`")


def _indentation(failure: _Failure) -> Problem | None:
    text, at, context = failure.text, failure.at, failure.context
    if context is None:
        return None
    if text.column(at) != text.column(context):
        line, above = text.line(at), failure.line_above()
        if above and text.column(at) > text.indent(above):
            return _under_value(failure)
        lines = failure.columns(line, above, text.line(context))
        return text.problem(at, _NO_SUCH_INDENT, lines=lines)
    hint, upper = "indent what belongs to the key above", text.line(context)
    if failure.here == "-":
        return text.problem(at, "a list item among keys", hint, lines=f"line {upper} begins with a key")
    if text.char(context) == "-":
        message = f"`{shown(text.token(at))}` is a key among list items"
        return text.problem(at, message, hint, lines=f"line {upper} begins with a list item")
    rest = shown(text.line_after(at))
    return text.problem(at, f"`{rest}` does not belong at this depth", "check the indentation of the lines above")


_RULES: tuple[_Rule, ...] = (
    _merge_conflict,
    _false_space,
    _tab,
    _code_fence,
    _escape,
    _open_quote,
    _open_bracket,
    _first_character,
    _tag,
    _in_brackets,
    _directive,
    _after_recipe,
    _stray,
    _long_key,
    _second_colon,
    _key_without_colon,
    _after_value,
    _missing_key,
    _indentation,
)
_RULES_WITHOUT_MARK: tuple[_Rule, ...] = (_impossible_character,)
