"""The tree of a recipe from the events of PyYAML's parser, with what is wrong in it."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import yaml

from cnncli.errors import Problem
from cnncli.recipe.growth import AS_WRITTEN
from cnncli.recipe.yaml import syntax
from cnncli.recipe.yaml.core_values import LONG_NUMBER, MAX_NUMBER_LENGTH, core_value, kind_of_node
from cnncli.recipe.yaml.nodes import Entry, Mapping, Node, Scalar, Sequence
from cnncli.recipe.yaml.text import (
    DIRECTIVES_HINT,
    TAGS_HINT,
    Text,
    character,
    colon_hint,
    false_space,
    find_control,
    find_false_space,
    other_dash,
    quote_hint,
    shown,
)

MAX_DEPTH = 150  # of YAML; a structure of the recipe takes at most five levels, and 20 of them may be nested
MAX_NODES = AS_WRITTEN.nodes
_ANCHORS_HINT = "`vars`, `blocks` and `extends` do what anchors would"
_TUPLE = re.compile(r"\(\s*([-+\d.]+(?:\s*,\s*[-+\d.]+)*)\s*,?\s*\)")
_FOLDER = re.compile(r"[\w:.]\\[abefv]")  # `"C:\a\b.npz"`
_DASH_ON_NEXT_LINE = re.compile(r"[\r\n] *(-) ")


@dataclass
class _Open:
    """A mapping or list whose end has not come yet.

    Attributes:
        start: the index where it begins.
        bracket: the index of its `{` or `[`, if it is written with one.
        first: the index at which each key of a mapping was first given.
        awaits_value: the last node was a key.
        key: that key; None when it was no good.
    """

    start: int
    bracket: int | None
    is_mapping: bool
    items: list[Node] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    first: dict[str, int] = field(default_factory=dict)
    awaits_value: bool = False
    key: Scalar | None = None


class Tree:
    """Builds the tree, collects what is wrong with it, and stops where reading on makes no sense.

    It stands in for PyYAML's Composer, which recurses and follows aliases. Nothing recurses here, and a limit is met
    while the text is still being scanned, so that a bomb costs no more than what came before it.
    """

    def __init__(self, text: Text, depth: int, above: int, most_nodes: int | None = None) -> None:
        self.text = text
        self.most_nodes = most_nodes or MAX_NODES
        self.depth = depth
        self.above = above
        self.root: Node | None = None
        self.problems: list[Problem] = []
        self.stopped = False
        self.stack: list[_Open] = []
        self.node_count = above
        self.document_count = 0
        self.read_to = 0  # the index up to which events have come
        self.last_quoted = (0, 0)
        self.literal: list[syntax.Span] = []
        self.explained = False  # a problem already told is the cause of a syntax error that may follow

    def take(self, event: Any) -> None:
        handle = _HANDLERS.get(type(event))
        if handle is not None:
            handle(self, event)
        self.read_to = event.end_mark.index

    def fail(self, error: Exception) -> None:
        if not self.explained:
            progress = syntax.Progress(self.read_to, self.open_brackets(), self.last_quoted, tuple(self.literal))
            self.problems.append(syntax.explain(self.text, error, progress))

    def report(self, index: int, message: str, hint: str = "", *, lines: str = "") -> None:
        self.problems.append(self.text.problem(index, message, hint, lines=lines))

    def stop(self, index: int, message: str, hint: str = "") -> None:
        self.report(index, message, hint)
        self.stopped = True

    def open_brackets(self) -> tuple[int, ...]:
        return tuple(top.bracket for top in self.stack if top.bracket is not None)

    # One method per kind of event.

    def on_document(self, event: Any) -> None:
        start = event.start_mark.index
        self.document_count += 1
        if self.document_count > 1:
            self.stop(start, "a recipe has one document, but a second one begins here", "move it to a file of its own")
        elif self.text.char(start) == "%":
            self.report(start, "directives are not allowed", DIRECTIVES_HINT)

    def on_alias(self, event: Any) -> None:
        start, name = event.start_mark.index, f"*{event.anchor}"
        if not self._is_in_merge_key():  # there the merge key is the mistake
            hint = f"{_ANCHORS_HINT}\nquote text that begins with `*`"
            self.report(start, f"aliases are not allowed: `{shown(name)}`", hint)
        self._add(Scalar(name, self.text.place(start), quoted=True), start)

    def on_start(self, event: Any) -> None:
        start = event.start_mark.index
        self._check_node(event)
        if self.depth + len(self.stack) >= MAX_DEPTH:
            self.stop(start, f"nested too deeply (max {MAX_DEPTH})")
        last = event.end_mark.index - 1  # a tag or an anchor may stand before the bracket
        bracket = last if self.text.char(last) in "[{" else None
        self.stack.append(_Open(start, bracket, isinstance(event, yaml.MappingStartEvent)))

    def on_end(self, _: Any) -> None:
        done = self.stack.pop()
        place = self.text.place(done.start)
        node: Node = Mapping(tuple(done.entries), place) if done.is_mapping else Sequence(tuple(done.items), place)
        self._add(node, done.start)

    def on_scalar(self, event: Any) -> None:
        start, end, value = event.start_mark.index, event.end_mark.index, event.value
        self._check_node(event)
        is_plain = event.style is None
        if is_plain:
            self._check_plain(start, end)
            value = self._plain_value(start, value)
        else:
            self._check_quoted(start, end, value)
        self._add(Scalar(value, self.text.place(start), quoted=not is_plain), start)

    # What may not be.

    def _check_node(self, event: Any) -> None:
        """Count a node, and refuse what stands before its value."""
        start = event.start_mark.index
        self.node_count += 1
        if self.node_count > self.most_nodes:
            where = " in this recipe and those that extend it" if self.above else ""
            hint = "write repeated parts with `repeat` or `blocks`"
            self.stop(start, f"more than {self.most_nodes:,} keys and values{where}", hint)
        if event.anchor is not None:
            anchor = f"&{event.anchor}"
            at = self.text.content.index(anchor, start)
            self.report(at, f"anchors are not allowed: `{shown(anchor)}`", _ANCHORS_HINT)
        if event.tag is not None:
            at = self.text.content.index("!", start)
            self.report(at, f"tags are not allowed: `{self.text.tag(at)}`", TAGS_HINT)

    def _check_plain(self, start: int, end: int) -> None:
        written = self.text.content[start:end]
        if (index := find_false_space(written)) is not None:
            self.explained = True
            self.problems.append(false_space(self.text, start + index))
        dash = _DASH_ON_NEXT_LINE.search(written)
        if dash and "$(" not in written[: dash.start()]:  # there it is a minus sign
            self._report_dash(start, start + dash.start(1))
        if wrong := other_dash(self.text, start):
            self.explained = True
            self.problems.append(wrong)
        found = written.startswith("(") and _TUPLE.match(self.text.content, start)
        if found and "," in found[0] and (self.open_brackets() or found.end() == end):
            self.explained = True
            self.report(start, f"`{shown(found[0])}` is not a list", f"write [{shown(found[1])}], or quote it as text")
        if "$(" in written and self.open_brackets() and _expression_end(written) is None:
            self.explained = True
            message = f"`{shown(written)}` breaks off: inside brackets, `,` `[` `]` `{{` `}}` `?` end a value"
            self.report(start, message, self._expression_hint(start))

    def _report_dash(self, start: int, dash: int) -> None:
        upper, lower = self.text.line(start), self.text.line(dash)
        lines = f"line {lower} is indented deeper than line {upper}"
        message = f"`{shown(self.text.line_after(dash))}` is read as more text of the line above"
        self.report(dash, message, "align the dashes", lines=lines)

    def _expression_hint(self, start: int) -> str:
        line = self.text.content[start : start + 200].splitlines()[0]
        end = _expression_end(line)
        return quote_hint(line[:end], what="the expression") if end else "quote the expression"

    def _check_quoted(self, start: int, end: int, value: str) -> None:
        self.last_quoted = (start, end)
        if control := find_control(value):
            is_path = _FOLDER.search(self.text.content, start, end)
            hint = "use single quotes, or `/` in a path" if is_path else "delete it"
            self.report(start, f"the escape of {character(control)} is not allowed", hint)
        if find_false_space(value) is not None:
            self.literal.append((start, end))

    def _plain_value(self, index: int, written: str) -> Any:
        if len(written) > MAX_NUMBER_LENGTH and LONG_NUMBER.fullmatch(written):
            self.report(index, f"a number of {len(written):,} characters (max {MAX_NUMBER_LENGTH})")
            return 0
        value = core_value(written)
        if isinstance(value, float) and math.isinf(value) and "inf" not in written.lower():
            self.report(index, f"`{shown(written)}` is too large for a number", "the largest is about 1.8e308")
            return 0
        return value

    # Where a node goes.

    def _add(self, node: Node, index: int) -> None:
        if not self.stack:
            self.root = node
            return
        top = self.stack[-1]
        if not top.is_mapping:
            top.items.append(node)
        elif not top.awaits_value:
            top.key, top.awaits_value = self._key(top, node, index), True
        else:
            self._add_entry(top, node)
            top.awaits_value = False

    def _add_entry(self, top: _Open, value: Node) -> None:
        if top.key is None:
            return
        key = top.key.value
        top.entries.append(Entry(key, top.key.place, value))
        is_empty = isinstance(value, Scalar) and value.value is None
        if top.bracket is not None and is_empty and not top.key.quoted and (hint := colon_hint(key)):
            self.report(top.first[key], f"no space after the colon of `{shown(key)}`", hint)

    def _key(self, top: _Open, node: Node, index: int) -> Scalar | None:
        """The node as a key; None, with a problem told, when it cannot be one."""
        if not (isinstance(node, Scalar) and isinstance(node.value, str)):
            self._report_key(top, node, index)
            return None
        key = node.value
        if key == "<<" and not node.quoted:
            self.report(index, "merge keys are not allowed: `<<`", _ANCHORS_HINT)
        elif key in top.first:
            lines = f"first given on line {self.text.line(top.first[key])}"
            self.report(index, f"`{shown(key)}` is given twice", lines=lines)
        top.first.setdefault(key, index)
        return node

    def _report_key(self, top: _Open, node: Node, index: int) -> None:
        written = shown(self.text.token(index))
        if self.text.content.startswith("{{", index - 1):
            self.report(index, "a key must be text, and this is a mapping", "for the value of a variable write `$name`")
        elif top.bracket is not None and (digits := re.search(r"\d+,$", self.text.content[top.bracket : index])):
            first = digits[0][:-1]
            message = f"`{shown(digits[0] + written)}` is read as two values"
            hint = f"a decimal number has a point: {first}.{written}; a list has brackets: [{first}, {written}]"
            self.report(index, message, hint)
        elif isinstance(node, Scalar) and written:
            self.report(index, f"a key must be text, and `{written}` is {kind_of_node(node)}", quote_hint(written))
        elif isinstance(node, Scalar):
            self.report(index, "a key is missing before `:`")
        else:
            self.report(index, f"a key must be text, and this is {kind_of_node(node)}")

    def _is_in_merge_key(self) -> bool:
        top = self.stack[-1] if self.stack else None
        return top is not None and top.awaits_value and top.key is not None and top.key.value == "<<"


_HANDLERS: dict[type, Callable[[Tree, Any], None]] = {
    yaml.DocumentStartEvent: Tree.on_document,
    yaml.AliasEvent: Tree.on_alias,
    yaml.MappingStartEvent: Tree.on_start,
    yaml.SequenceStartEvent: Tree.on_start,
    yaml.MappingEndEvent: Tree.on_end,
    yaml.SequenceEndEvent: Tree.on_end,
    yaml.ScalarEvent: Tree.on_scalar,
}


def _expression_end(text: str) -> int | None:
    """The index behind the `)` that closes the first `$(`; None when it stays open, or there is none."""
    depth, quote = 0, ""
    start = text.find("$(")
    for index in range(start + 1, len(text) if start >= 0 else 0):
        char = text[index]
        if quote:
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        elif char in "()":
            depth += 1 if char == "(" else -1
            if depth == 0:
                return index + 1
    return None
