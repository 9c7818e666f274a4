"""YAML text -> the tree with places, and what is told about a text that is no recipe."""

from __future__ import annotations

import json
import math
import os
import re
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from cnncli.errors import Place, RecipeError
from cnncli.recipe.yaml import tree
from cnncli.recipe.yaml.nodes import Mapping, Scalar, Sequence, plain
from cnncli.recipe.yaml.recipe_file import read_bytes
from cnncli.recipe.yaml.source import parse, parse_value


def load(text: str) -> Any:
    return plain(parse(text.encode(), "r.yaml"))


def told(text: str | bytes) -> str:
    """What is told about a text that is refused."""
    with pytest.raises(RecipeError) as raised:
        parse(text if isinstance(text, bytes) else text.encode(), "r.yaml")
    return str(raised.value)


def seconds(action: Callable[[], object]) -> float:
    """The processor time of the faster of two runs."""
    times = []
    for _ in range(2):
        start = time.process_time()
        action()
        times.append(time.process_time() - start)
    return min(times)


# Values.


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("1e-3", 0.001),
        ("1E3", 1000.0),
        ("1.", 1.0),
        ("-.5", -0.5),
        ("6.02e+23", 6.02e23),
        (".inf", math.inf),
        ("-.INF", -math.inf),
        ("010", 10),
        ("+7", 7),
        ("-0", 0),
        ("0o17", 15),
        ("0x1F", 31),
        ("true", True),
        ("TRUE", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
    ],
)
def test_plain_scalar_is_read_by_the_core_schema(written: str, value: object) -> None:
    loaded = load(f"a: {written}")["a"]
    assert loaded == value
    assert type(loaded) is type(value)


@pytest.mark.parametrize("written", [".nan", ".NaN", ".NAN"])
def test_nan_is_a_number(written: str) -> None:
    assert math.isnan(load(f"a: {written}")["a"])


@pytest.mark.parametrize(
    "written",
    [
        *("no", "on", "yes", "off", "y", "tRUE", "nULL"),
        *("1_000", "1:30", "2024-05-01", "3a", "1e", "1e3x", "0b1", "0o8", "-0x1F", ".inF", "+.nan", "."),
        *("=", "a#b", "http://x.org/y", "5 epochs", "block5_*"),
        *("$n", "$(1 / 255)", "$(1 / 255", "$(2 if stage > 0 and block == 0 else 1)", "$(max(1, a[0]))"),
    ],
)
def test_everything_else_is_text(written: str) -> None:
    assert load(f"a: {written}") == {"a": written}


@pytest.mark.parametrize("written", ['"1e-3"', "'true'", '"~"', "|-\n  1e-3"])
def test_quoted_scalar_is_text_and_says_so(written: str) -> None:
    node = parse(f"a: {written}\n".encode(), "r.yaml").get("a")
    assert isinstance(node, Scalar)
    assert node.quoted
    assert isinstance(node.value, str)


def test_plain_scalar_is_not_quoted() -> None:
    node = parse(b"a: x", "r.yaml").get("a")
    assert node == Scalar("x", Place("r.yaml", 1, 4), quoted=False)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("{units: $classes}", {"units": "$classes"}),
        ("[$width, $(2 * width), $(4 * width)]", ["$width", "$(2 * width)", "$(4 * width)"]),
        ("{strides: $(2 if stage > 0 and block == 0 else 1)}", {"strides": "$(2 if stage > 0 and block == 0 else 1)"}),
        ("[Rescaling: {scale: $(1 / 255)}]", [{"Rescaling": {"scale": "$(1 / 255)"}}]),
        ('["$(max[0])", 1]', ["$(max[0])", 1]),
        ("{test_accuracy: '>= 0.98'}", {"test_accuracy": ">= 0.98"}),
    ],
)
def test_variables_and_expressions_stand_in_brackets(written: str, value: object) -> None:
    assert load(f"a: {written}") == {"a": value}


def test_keys_that_only_look_like_numbers_are_text() -> None:
    assert load("{3a: 1, 1e: 2, no: 3, 1_0: 4}") == {"3a": 1, "1e": 2, "no": 3, "1_0": 4}


def test_keys_in_brackets_may_hold_a_colon() -> None:
    assert load('{"b:3": , c:3: 4}') == {"b:3": None, "c:3": 4}
    assert load("b:3:\n") == {"b:3": None}


def test_quoted_keys_may_look_like_anything() -> None:
    assert load("{'3': 1, 'true': 2, '<<': 3}") == {"3": 1, "true": 2, "<<": 3}


TEXT = st.text(st.characters(exclude_categories=("C", "Zl", "Zp")) | st.sampled_from("\n\t "), max_size=20)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT


VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3), max_leaves=6
)


def same(left: Any, right: Any) -> bool:
    """Equal, and of equal types all through: 1, 1.0 and True are three."""
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    if isinstance(left, list):
        return len(left) == len(right) and all(map(same, left, right))
    return type(left) is type(right) and bool(left == right)


def test_same_tells_types_apart() -> None:
    assert not same({"a": [1]}, {"a": [True]})
    assert not same([1], [1, 2])


@settings(deadline=None, max_examples=75)
@given(st.dictionaries(TEXT, VALUES, max_size=4))
def test_json_is_read_as_json_reads_it(document: dict[str, Any]) -> None:
    assert same(load(json.dumps(document, ensure_ascii=False)), document)


@settings(deadline=None, max_examples=75)
@given(st.integers(-(10**30), 10**30) | st.floats(allow_nan=False))
def test_dumped_number_loads_back_equal(number: float) -> None:
    written = repr(number).replace("inf", ".inf")
    assert same(load(f"a: {written}"), {"a": number})


# Places.


def test_every_key_and_value_knows_its_place() -> None:
    root = parse(b"model:\n  layers:\n    - Dense: {units: 10}\n    - Flatten\n", "r.yaml")
    model = root.entries[0]
    assert isinstance(model.value, Mapping)
    layers = model.value.entries[0]
    assert isinstance(layers.value, Sequence)
    dense, flatten = layers.value.items
    assert isinstance(dense, Mapping)
    arguments = dense.entries[0].value
    assert isinstance(arguments, Mapping)
    places = [
        root.place,
        model.key_place,
        model.value.place,
        layers.value.place,
        dense.place,
        arguments.place,
        arguments.entries[0].key_place,
        arguments.entries[0].value.place,
        flatten.place,
    ]
    assert [str(place) for place in places] == [
        "r.yaml:1:1",
        "r.yaml:1:1",
        "r.yaml:2:3",
        "r.yaml:3:5",
        "r.yaml:3:7",
        "r.yaml:3:14",
        "r.yaml:3:15",
        "r.yaml:3:22",
        "r.yaml:4:7",
    ]


def test_place_of_an_empty_value_is_behind_its_colon() -> None:
    node = parse(b"train:\n  epochs:\n", "r.yaml").get("train")
    assert isinstance(node, Mapping)
    assert node.entries[0].value.place == Place("r.yaml", 2, 10)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("é: 1\n名前: {a: x, b: y}\n".encode(), id="columns count characters"),
        pytest.param(b"\xef\xbb\xbf" + "é: 1\n名前: {a: x, b: y}\n".encode(), id="byte order mark"),
        pytest.param("é: 1\r\n名前: {a: x, b: y}\r\n".encode(), id="CRLF"),
        pytest.param("é: 1\r名前: {a: x, b: y}\r".encode(), id="CR"),
    ],
)
def test_places_do_not_depend_on_the_bytes(content: bytes) -> None:
    root = parse(content, "r.yaml")
    node = root.get("名前")
    assert isinstance(node, Mapping)
    assert root.entries[0].key_place == Place("r.yaml", 1, 1)
    assert node.entries[1].value.place == Place("r.yaml", 2, 15)


def test_emoji_counts_as_one_column() -> None:
    assert parse("{😀: 1, b: 2}".encode(), "r.yaml").entries[1].key_place == Place("r.yaml", 1, 8)


# What is refused, with the exact words: a name, the recipe, what is told.

REFUSED = """
### list

- a
--->
r.yaml:2:1: a recipe is a mapping of sections, and this is a list
    its sections are `data:`, `model:`, `train:`, …

### text
mnist
--->
r.yaml:1:1: a recipe is a mapping of sections, and this is text
    its sections are `data:`, `model:`, `train:`, …

### number
3
--->
r.yaml:1:1: a recipe is a mapping of sections, and this is a number
    its sections are `data:`, `model:`, `train:`, …

### text with a colon
epochs:3
--->
r.yaml:1:1: a recipe is a mapping of sections, and this is text
    put a space after the colon: epochs: 3

### quoted text with a colon
"epochs:3"
--->
r.yaml:1:1: a recipe is a mapping of sections, and this is text
    its sections are `data:`, `model:`, `train:`, …

### NUL
a: b\x00
--->
r.yaml:1:5: control character U+0000 is not allowed
    delete it

### escape
a: 1
b: \x1b[31m
--->
r.yaml:2:4: control character U+001B is not allowed
    delete it

### line separator
a: b\u2028c
--->
r.yaml:1:5: line separator U+2028 is not allowed
    delete it

### control characters, each
\x07a: \x08
--->
r.yaml:1:1: control character U+0007 is not allowed
    delete it
r.yaml:1:5: control character U+0008 is not allowed
    delete it

### escaped NUL
a: "x\\0"
--->
r.yaml:1:4: the escape of control character U+0000 is not allowed
    delete it

### escaped surrogate
a: "\\ud800"
--->
r.yaml:1:4: the escape of surrogate U+D800 is not allowed
    delete it

### NBSP before a value
a:\xa03
--->
r.yaml:1:3: no-break space U+00A0 outside quotes
    replace it by an ordinary space, or quote the text

### NBSP as indentation
a:
  b: 1
\xa0\xa0c: 2
--->
r.yaml:3:1: no-break space U+00A0 outside quotes
    replace it by an ordinary space, or quote the text

### NBSP before a syntax error
a:
\xa0 b: [
--->
r.yaml:2:1: no-break space U+00A0 outside quotes
    replace it by an ordinary space, or quote the text

### ideographic space
a:\u30003
--->
r.yaml:1:3: ideographic space U+3000 outside quotes
    replace it by an ordinary space, or quote the text

### BOM in the middle
a: 1
\ufeffb: 2
--->
r.yaml:2:1: zero width no-break space U+FEFF outside quotes
    replace it by an ordinary space, or quote the text

### NBSP behind a quoted value
a: "x"\xa0
--->
r.yaml:1:7: no-break space U+00A0 outside quotes
    replace it by an ordinary space, or quote the text

### tab as indentation
train:
\tepochs: 3
--->
r.yaml:2:1: a tab where only spaces may stand
    use spaces, not tabs

### tab under a value
a: 1
\tb: 2
--->
r.yaml:2:1: a tab where only spaces may stand
    use spaces, not tabs

### tab behind a colon
a:\t1
--->
r.yaml:1:3: a tab where only spaces may stand
    use spaces, not tabs

### bracket open to the end
a: 1
b: [1, 2
--->
r.yaml:2:4: `[` is not closed
    opened on line 2, and the file ends on line 2 before its `]`

### inner bracket
a: {b: [1, 2}
--->
r.yaml:1:13: expected `,` or `]`, got `}`
    `[` was opened on line 1

### wrong closing bracket
a: [}]
--->
r.yaml:1:5: expected `,` or `]`, got `}`
    `[` was opened on line 1

### wrong closing bracket on a line of its own
a: [
}
--->
r.yaml:2:1: expected `,` or `]`, got `}`
    `[` was opened on line 1

### no comma
a: ["b" c-d]
--->
r.yaml:1:9: expected `,` or `]`, got `c-d`
    `[` was opened on line 1

### brace behind text
a: [b {c: 1}]
--->
r.yaml:1:7: expected `,` or `]`, got `{`
    `[` was opened on line 1
    quote the text that `{` belongs to

### bracket behind a dollar
a: [
  b$[c]]
--->
r.yaml:2:5: expected `,` or `]`, got `[`
    `[` was opened on line 1
    quote the text that `[` belongs to

### bracket behind a word on a line of its own
a: [
  b [c]]
--->
r.yaml:2:5: expected `,` or `]`, got `[`
    `[` was opened on line 1
    quote the text that `[` belongs to

### bracket open into the next section
model:
  layers: [a, b
train:
  epochs: 3
--->
r.yaml:2:11: `[` is not closed
    opened on line 2, and line 3 comes before its `]`

### brace open
a: {b: 1
c: 2
--->
r.yaml:1:4: `{` is not closed
    opened on line 1, and line 2 comes before its `}`

### comma missing at a line's end
- Conv2D: {filters: 3
           kernel_size: 5}
--->
r.yaml:2:12: a comma is missing before `kernel_size`
    at the end of line 1

### two commas
a: [1,, 2]
--->
r.yaml:1:7: nothing stands before this `,`
    `[` was opened on line 1

### dash in brackets
a: [
  - b
  ]
--->
r.yaml:2:3: a `-` item inside `[`
    `[` was opened on line 1
    separate items by commas

### colon in brackets
a: {b: c: d}
--->
r.yaml:1:9: expected `,` or `}`, got `:`
    `{` was opened on line 1
    quote the text that `:` belongs to

### question mark in brackets
a: [why?]
--->
r.yaml:1:8: expected `,` or `]`, got `?`
    `[` was opened on line 1
    quote the text that `?` belongs to

### value behind brackets
a: [1] b
--->
r.yaml:1:8: `b` comes after the end of the value
    quote the whole value

### closing bracket alone
a: ]
--->
r.yaml:1:4: `]` closes nothing
    quote text that holds it

### closing bracket alone on its line
a: 1
]
--->
r.yaml:2:1: `]` closes nothing
    quote text that holds it

### no key in brackets
a: {: 1}
--->
r.yaml:1:5: a key is missing before `:`
    `{` was opened on line 1

### no space behind the colon in brackets
a: {filters:3}
--->
r.yaml:1:5: no space after the colon of `filters:3`
    put a space after the colon: filters: 3

### braces around a variable
a: {b: ${n}}
--->
r.yaml:1:8: `${` is not how a variable is written
    write `$name`, without braces

### double braces
a: {{ n }}
--->
r.yaml:1:5: a key must be text, and this is a mapping
    for the value of a variable write `$name`

### comma in an expression
a: {b: $(max(1, 2)), c: 3}
--->
r.yaml:1:8: `$(max(1` breaks off: inside brackets, `,` `[` `]` `{` `}` `?` end a value
    quote the expression: "$(max(1, 2))"

### index in an expression
a: [$(a[0]), 1]
--->
r.yaml:1:5: `$(a` breaks off: inside brackets, `,` `[` `]` `{` `}` `?` end a value
    quote the expression: "$(a[0])"

### list in an expression
a: [$([1, 2])]
--->
r.yaml:1:5: `$(` breaks off: inside brackets, `,` `[` `]` `{` `}` `?` end a value
    quote the expression: "$([1, 2])"

### text in an expression
a: [$('x, y' if z else "w")]
--->
r.yaml:1:5: `$('x` breaks off: inside brackets, `,` `[` `]` `{` `}` `?` end a value
    quote the expression: '$(''x, y'' if z else "w")'

### quote open to the end
a: 1
b: "x
c: 2
--->
r.yaml:2:4: the quote `"` is not closed
    opened on line 2, and still open on line 3

### quote open behind a backslash
a: "x\\
--->
r.yaml:1:4: the quote `"` is not closed
    opened on line 1, and still open on line 1

### quote closed by the next
a: "x
b: "y"
--->
r.yaml:1:4: the quote `"` is not closed on its line
    opened on line 1, and closed only by the quote on line 2

### apostrophe in single quotes
a: 'it's'
--->
r.yaml:1:8: `s'` comes after the end of the value
    an apostrophe in single quotes is written twice; or use double quotes

### apostrophe behind a backslash in single quotes
"a": 'it\\'s'
--->
r.yaml:1:11: `s'` comes after the end of the value
    an apostrophe in single quotes is written twice; or use double quotes

### text behind quotes, below quotes of two lines
a: "x
  y"
b: [1] c
--->
r.yaml:3:8: `c` comes after the end of the value
    quote the whole value

### alias behind a list
[1] *b
--->
r.yaml:1:5: `*b` comes after the end of the value
    quote the whole value

### path in double quotes
a: "C:\\data"
--->
r.yaml:1:7: `\\d` means nothing in double quotes
    use single quotes, or `/` in a path

### path with an escape that wants digits
a: "C:\\users"
--->
r.yaml:1:7: `\\u` means nothing in double quotes
    use single quotes, or `/` in a path

### character beyond Unicode
a: 1
b: "\\UFFFFFFFF"
--->
r.yaml:2:5: `\\UFFFFFFFF` is no character

### percent
a: %d
--->
r.yaml:1:4: text cannot begin with `%`
    quote it: "%d"

### at
a: @home # b
--->
r.yaml:1:4: text cannot begin with `@`
    quote it: "@home"

### backtick
a: `b`
--->
r.yaml:1:4: text cannot begin with a backtick
    quote it: "`b`"

### greater
a: >= 0.97
--->
r.yaml:1:4: text cannot begin with `>`
    quote it: ">= 0.97"

### greater in brackets
a: {b: >= 0.97, c: 1}
--->
r.yaml:1:8: text cannot begin with `>`
    quote it: ">= 0.97"

### greater before a brace
a: {b: >3}
--->
r.yaml:1:8: text cannot begin with `>`
    quote it: ">3"

### at in brackets of two lines
a: [b,
  @c, d]
--->
r.yaml:2:3: text cannot begin with `@`
    quote it: "@c"

### star
a: *.png
--->
r.yaml:1:4: text cannot begin with `*`
    quote it: "*.png"

### ampersand
a: & b
--->
r.yaml:1:4: text cannot begin with `&`
    quote it: "& b"

### question mark
a: ? b
--->
r.yaml:1:4: text cannot begin with `? `
    quote it

### colon in a value
a: b: c
--->
r.yaml:1:4: `: ` inside a value
    quote the value: "b: c"

### colon in an item's value
- a: b: c # d
--->
r.yaml:1:6: `: ` inside a value
    quote the value: "b: c"

### no space, then a key
train:
  epochs:3
  seed: 2
--->
r.yaml:2:3: no space after the colon of `epochs:3`
    put a space after the colon: epochs: 3

### no space, behind a key
seed: 1
epochs:3
--->
r.yaml:2:1: no space after the colon of `epochs:3`
    put a space after the colon: epochs: 3

### no colon
a: 1
b
c: 2
--->
r.yaml:2:1: `b` has no `:` and value
    write `key: value`; in a list begin the line with `- `

### no colon behind a backslash
a: 1
b\\
c: 2
--->
r.yaml:2:1: `b\\` has no `:` and value
    write `key: value`; in a list begin the line with `- `

### no key
a: 1
: 2
--->
r.yaml:2:1: a key is missing before `:`

### between two lines
a:
    b: 1
  c: 2
--->
r.yaml:3:3: the indentation fits no line above
    line 3 begins at column 3, line 2 at column 5, line 1 at column 1

### left of the first line
  a: 1
b: 2
--->
r.yaml:2:1: the indentation fits no line above
    line 2 begins at column 1, line 1 at column 3

### right of a value
a: 1
  b: 2
--->
r.yaml:2:3: `b` stands under a line that has its value already
    line 2 begins at column 3, line 1 at column 1
    check the indentation of both

### right of a value with a comment
a: 1  # x

# y
  b: 2
--->
r.yaml:4:3: `b` stands under a line that has its value already
    line 4 begins at column 3, line 1 at column 1
    check the indentation of both

### arguments under a bare layer
layers:
  - Dense
    units: 3
--->
r.yaml:2:5: no colon after `Dense`
    write `- Dense:`

### lone word above a key
train:
  epochs  # how many?
  seed: 1
--->
r.yaml:2:3: no colon after `epochs`
    write `epochs:`

### dash too far right
layers:
  - a
   - b
--->
r.yaml:3:4: `- b` is read as more text of the line above
    line 3 is indented deeper than line 2
    align the dashes

### dash too far left
layers:
  - a
 - b
--->
r.yaml:3:2: the indentation fits no line above
    line 3 begins at column 2, line 2 at column 3, line 1 at column 1

### key among items
layers:
  - a
  b: 1
--->
r.yaml:3:3: `b` is a key among list items
    line 2 begins with a list item
    indent what belongs to the key above

### item among keys
a: 1
- b
--->
r.yaml:2:1: a list item among keys
    line 1 begins with a key
    indent what belongs to the key above

### braces among keys
a: 1
{b: 2}
--->
r.yaml:2:1: `{b: 2}` has no `:` and value
    write `key: value`; in a list begin the line with `- `

### text block among keys
a: 1
|
 b
--->
r.yaml:2:1: `|` does not belong at this depth
    check the indentation of the lines above

### list beside its key
a: - b
--->
r.yaml:1:4: a list cannot begin on the line of its key
    begin it on the next line, or write [a, b]

### second document
a: 1
---
b: 2
--->
r.yaml:2:1: one document per recipe, and a second begins here
    move it to a file of its own

### text behind the end
a: 1
...
b: 2
--->
r.yaml:3:1: `b: 2` comes after the end of the recipe
    one document per recipe

### end before the beginning
...
a: 1
--->
r.yaml:1:1: `...` stands before any content
    delete it, or quote it if it is text

### directive
%YAML 1.1
---
a: 1
--->
r.yaml:1:1: directives are not allowed
    delete the line; a recipe is YAML 1.2 as it is

### directive in the middle
a: 1
%TAG ! x
--->
r.yaml:2:1: directives are not allowed
    delete the line; a recipe is YAML 1.2 as it is

### tag
a: 1
b: !!python/object:os.system {}
--->
r.yaml:2:4: tags are not allowed: `!!python/object:os.system`
    a recipe holds plain values; leave the tag out, or quote the text

### tag on a scalar
a: !!int '3'
--->
r.yaml:1:4: tags are not allowed: `!!int`
    a recipe holds plain values; leave the tag out, or quote the text

### unknown tag
a: !x!y 3
--->
r.yaml:1:4: tags are not allowed: `!x!y`
    a recipe holds plain values; leave the tag out, or quote the text

### bare tag
a: ! 3
--->
r.yaml:1:4: tags are not allowed: `!`
    a recipe holds plain values; leave the tag out, or quote the text

### anchor
a: &x 1
--->
r.yaml:1:4: anchors are not allowed: `&x`
    `vars`, `blocks` and `extends` do what anchors would

### anchor behind a tag
a: !!str &x 1
--->
r.yaml:1:4: tags are not allowed: `!!str`
    a recipe holds plain values; leave the tag out, or quote the text
r.yaml:1:10: anchors are not allowed: `&x`
    `vars`, `blocks` and `extends` do what anchors would

### alias
a: [*x]
--->
r.yaml:1:5: aliases are not allowed: `*x`
    `vars`, `blocks` and `extends` do what anchors would
    quote text that begins with `*`

### alias as the whole recipe
*x
--->
r.yaml:1:1: aliases are not allowed: `*x`
    `vars`, `blocks` and `extends` do what anchors would
    quote text that begins with `*`

### alias as a key behind a merge key
{<<: 1, *x : 2}
--->
r.yaml:1:2: merge keys are not allowed: `<<`
    `vars`, `blocks` and `extends` do what anchors would
r.yaml:1:9: aliases are not allowed: `*x`
    `vars`, `blocks` and `extends` do what anchors would
    quote text that begins with `*`

### merge key, its alias not told again
a:
  <<: *x
--->
r.yaml:2:3: merge keys are not allowed: `<<`
    `vars`, `blocks` and `extends` do what anchors would

### duplicate key
a: 1
b: 2
a: 3
--->
r.yaml:3:1: `a` is given twice
    first given on line 1

### duplicate key in brackets
a: {b: 1, b: 2}
--->
r.yaml:1:11: `b` is given twice
    first given on line 1

### duplicate key, once quoted
a: 1
'a': 3
--->
r.yaml:2:1: `a` is given twice
    first given on line 1

### number as key
a:
  1: x
--->
r.yaml:2:3: a key must be text, and `1` is a number
    quote it: "1"

### float as key
1e-3: x
--->
r.yaml:1:1: a key must be text, and `1e-3` is a number
    quote it: "1e-3"

### boolean as key
true: x
--->
r.yaml:1:1: a key must be text, and `true` is a boolean
    quote it: "true"

### null as key
~: x
--->
r.yaml:1:1: a key must be text, and `~` is null
    quote it: "~"

### list as key
[a]: x
--->
r.yaml:1:1: a key must be text, and this is a list

### mapping as key
{a: 1}: x
--->
r.yaml:1:1: a key must be text, and this is a mapping

### nothing as key
?
: x
--->
r.yaml:1:2: a key is missing before `:`
"""


def refused_cases() -> list[Any]:
    blocks = re.split(r"^### ", REFUSED, flags=re.MULTILINE)[1:]
    cases = []
    for block in blocks:
        name, _, rest = block.partition("\n")
        text, _, expected = rest.partition("--->\n")
        assert text, name
        assert expected.startswith("r.yaml:"), name
        cases.append(pytest.param(text, expected.rstrip("\n"), id=name))
    assert len(cases) > 80
    return cases


@pytest.mark.parametrize(("text", "expected"), refused_cases())
def test_refused_with_place_and_hint(text: str, expected: str) -> None:
    assert told(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("a: 1\n" + "x" * 1100 + ": 1", "2:1: a key longer than 1,024 characters", id="long key"),
        pytest.param("x" * 1100 + ": 1", "1:1: a key longer than 1,024 characters", id="long first key"),
        pytest.param("a: " + "9" * 5000, "1:4: a number of 5,000 characters (max 300)", id="long integer"),
        pytest.param("a: 0x" + "9" * 5000, "1:4: a number of 5,002 characters (max 300)", id="long hexadecimal"),
        pytest.param("a: " + "[" * 1000, "1:103: nested too deeply (max 100)", id="brackets"),
        pytest.param(
            "".join(" " * n + "a:\n" for n in range(150)), "101:101: nested too deeply (max 100)", id="blocks"
        ),
        pytest.param("a:\n" + "- " * 1000, "2:199: nested too deeply (max 100)", id="dashes"),
        pytest.param(
            "a: [" + "x," * 20_000 + "]",  # the mapping, its key and the list are three nodes
            "1:19999: more than 10,000 keys and values\n    say what comes again with `repeat` or `blocks`",
            id="nodes",
        ),
    ],
)
def test_limits_are_told_with_their_place(text: str, expected: str) -> None:
    assert told(text) == f"r.yaml:{expected}"


@pytest.mark.parametrize("text", ["", "\n", "# a\n\n# b\n", "---\n", "~", "null"])
def test_empty_recipe_says_how_to_begin(text: str) -> None:
    hint = "begin with a copy of one that works: cnncli recipes copy mnist recipe.yaml"
    assert told(text) == f"r.yaml:1:1: recipe is empty\n    {hint}"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param(b"a: 1\nb: caf\xe9", "2:7: byte 0xE9 at line 2 is not UTF-8", id="Latin-1"),
        pytest.param("é: é".encode() + b"\xff", "1:5: byte 0xFF at line 1 is not UTF-8", id="column in characters"),
        pytest.param("a: 1".encode("utf-16"), "1:1: the file is UTF-16", id="UTF-16 with a mark"),
        pytest.param("a: 1".encode("utf-16-be"), "1:1: the file is UTF-16", id="UTF-16 without a mark"),
        pytest.param(b"\xfe\xff\x00a", "1:1: the file is UTF-16", id="UTF-16, big-endian"),
        pytest.param(b"\xff\xfe\x00\x00a\x00\x00\x00", "1:1: the file is UTF-32", id="UTF-32"),
        pytest.param(b"\x00\x00\xfe\xff\x00\x00\x00a", "1:1: the file is UTF-32", id="UTF-32, big-endian"),
    ],
)
def test_other_encodings_are_refused(content: bytes, expected: str) -> None:
    assert told(content) == f"r.yaml:{expected}\n    save as UTF-8"


def test_twenty_control_characters_are_enough() -> None:
    assert told("\x01" * 1000).count("control character") == 20


@pytest.mark.parametrize(
    "text",
    ['a: "x\u00a0y"', "a: 'x\u00a0y'", "a: 1 # x\u00a0y", "# \u00a0\na: 1", "a: |\n  x\u00a0y"],
)
def test_no_break_space_is_fine_in_quotes_blocks_and_comments(text: str) -> None:
    assert list(load(text)) == ["a"]


def test_quoted_no_break_space_is_not_blamed_for_a_syntax_error() -> None:
    assert told("a: '\u00a0' # \u00a0\nb: ]").startswith("r.yaml:2:4: `]` closes nothing")


def test_all_mistakes_are_told_in_one_go_by_place() -> None:
    text = "b: 1\na: &x 1\nb: !t {c: *x, c: 2}\n3: x\n<<: *x\nd: [e"
    assert [line for line in told(text).splitlines() if line.startswith("r.yaml")] == [
        "r.yaml:2:4: anchors are not allowed: `&x`",
        "r.yaml:3:1: `b` is given twice",
        "r.yaml:3:4: tags are not allowed: `!t`",
        "r.yaml:3:11: aliases are not allowed: `*x`",
        "r.yaml:3:15: `c` is given twice",
        "r.yaml:4:1: a key must be text, and `3` is a number",
        "r.yaml:5:1: merge keys are not allowed: `<<`",
        "r.yaml:6:4: `[` is not closed",
    ]


def test_depth_twenty_is_allowed() -> None:
    assert load("a: " + "[" * 19 + "]" * 19)["a"] != []


def test_as_many_nodes_as_the_limit_are_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree, "MAX_NODES", 5)
    assert load("a: [x, y]") == {"a": ["x", "y"]}
    assert told("a: [x, y, z]").startswith("r.yaml:1:11: more than 5 keys and values")


def test_user_text_is_shortened_and_escaped() -> None:
    key = "k" * 100
    assert told(f"{key}: 1\n{key}: 2").startswith(f"r.yaml:2:1: `{'k' * 59}…` is given twice")
    assert told('"a\\nb": 1\n"a\\nb": 2').startswith("r.yaml:2:1: `a\\nb` is given twice")


def test_larger_than_the_limit_is_refused_before_it_is_decoded() -> None:
    assert told(b"\xff" * 50_000_000) == "r.yaml: recipe larger than 256 KB"


def test_exactly_the_limit_is_read() -> None:
    text = "a: 1 #".ljust(256 * 1024, "x")
    assert load(text) == {"a": 1}
    assert told(text + "x") == "r.yaml: recipe larger than 256 KB"


@pytest.mark.parametrize(
    "error", [RecursionError("deep"), ValueError("Exceeds the limit"), yaml.YAMLError("odd")], ids=repr
)
def test_what_yaml_raises_without_a_place_gets_one(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def raising(*_: object, **__: object) -> object:
        raise error

    monkeypatch.setattr(yaml, "parse", raising)
    assert told("a: 1") == f"r.yaml:1:1: this is not YAML: {error}"


# No other exception, whatever comes.

FRAGMENTS = (
    *("\n", "\r\n", "\r", "  ", " ", "\t", "\u00a0", "\x00", "a", "1", "é", "~", "#"),
    *(":", ": ", "- ", "? ", "[", "]", "{", "}", ",", '"', "'", "\\", "\\u", "\\UFFFFFFFF", "|", ">"),
    *("%", "%TAG ! x\n", "@", "`", "&a ", "*a", "!t ", "!<", "<<", "---\n", "...\n", "$(", ")", "$"),
)
FRAGMENTED = st.lists(st.sampled_from(FRAGMENTS), max_size=15).map(lambda parts: "".join(parts).encode())


@settings(deadline=None, max_examples=250)
@given(st.binary(max_size=60) | FRAGMENTED)
def test_any_bytes_are_a_mapping_or_problems_with_places(content: bytes) -> None:
    try:
        root = parse(content, "r.yaml")
    except RecipeError as error:
        places = [problem.place for problem in error.problems]
        assert places
        assert all(place and place.file == "r.yaml" and place.line >= 1 and place.column >= 1 for place in places)
        assert places == sorted(places, key=lambda place: (place.line, place.column) if place else (0, 0))
    else:
        assert isinstance(root, Mapping)


# Time.


def alias_bomb() -> str:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)]
    return "\n".join(lines)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(alias_bomb(), id="aliases"),
        pytest.param("a: &a {x: 1}\n" + "".join(f"b{n}: {{<<: [*a, *a, *a]}}\n" for n in range(9)), id="merge keys"),
        pytest.param("a: " + "[" * 100_000, id="brackets"),
        pytest.param("a: " + "{a: " * 60_000, id="braces"),
        pytest.param("- " * 100_000, id="dashes"),
        pytest.param("? " * 100_000, id="question marks"),
    ],
)
def test_bombs_are_refused_at_once(text: str) -> None:
    assert seconds(lambda: told(text)) < 0.05  # measured: 3 to 8 ms


def test_long_recipe_is_read_fast() -> None:
    section = "  - Conv2D: {filters: $n, kernel_size: 5}  # as in the paper\n"
    content = "".join(f"s{n}:\n{section * 9}" for n in range(20)).encode()
    assert content.count(b"\n") == 200
    assert seconds(lambda: parse(content, "r.yaml")) < 0.2  # measured: 56 ms


# A value that stands in no file.


def test_value_has_the_place_that_is_given() -> None:
    place = Place("--set a={b: [1]}")
    node = parse_value("{b: [1]}", place)
    assert isinstance(node, Mapping)
    assert plain(node) == {"b": [1]}
    assert node.place == node.entries[0].key_place == node.entries[0].value.place == place


def test_problems_of_a_value_name_no_lines() -> None:
    with pytest.raises(RecipeError) as raised:
        parse_value("{b: 1, b: [2}", Place("--set a"))
    assert str(raised.value) == "--set a: `b` is given twice\n--set a: expected `,` or `]`, got `}`"


# Files.


def unreadable(path: Path, **options: Any) -> str:
    with pytest.raises(RecipeError) as raised:
        read_bytes(path, **options)
    return str(raised.value)


def test_file_is_read_byte_for_byte(tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: 1\r\n\xff")
    assert read_bytes(path) == b"\xef\xbb\xbfa: 1\r\n\xff"


@pytest.mark.parametrize(
    ("asked", "there"),
    [
        ("mnist", "mnist.yaml"),
        ("mnist.yml", "mnist.yaml"),
        ("mnist.yaml", "mnist.yml"),
        ("lenet5.v2", "lenet5.v2.yaml"),
        ("mnist.yaml", "recipes/mnist.yaml"),
        ("mnist", "recipes/mnist.yaml"),
        ("deep/mnist", "deep/recipes/mnist.yaml"),
        ("minst.yaml", "mnist.yaml"),
        ("runs/mnist.yaml", "recipes/mnist.yaml"),
        ("minst.yaml", "recipes/mnist.yaml"),
    ],
)
def test_missing_recipe_suggests_the_nearest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: str, there: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / there).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / there).write_text("a: 1")
    assert unreadable(Path(asked)) == f"recipe not found: {asked}\n    did you mean `{there}`?"


def test_missing_recipe_with_nothing_near(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "other.yaml").write_text("a: 1")
    assert unreadable(Path("mnist.yaml")) == "recipe not found: mnist.yaml"


def test_path_through_a_file_is_not_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a").write_text("")
    assert unreadable(Path("a/b.yaml")) == "recipe not found: a/b.yaml"


def test_messages_name_the_path_as_shown(tmp_path: Path) -> None:
    assert unreadable(tmp_path / "x.yaml", shown_as="x.yaml") == "recipe not found: x.yaml"


def make_socket(path: Path) -> None:
    socket.socket(socket.AF_UNIX).bind(path.name)  # by name: the path of a socket has at most 107 characters


@pytest.mark.skipif(os.name == "nt", reason="no such files on Windows")
@pytest.mark.parametrize(
    ("make", "kind"),
    [(Path.mkdir, "a directory"), (os.mkfifo, "a pipe"), (make_socket, "a socket")],
    ids=["directory", "pipe", "socket"],
)
def test_what_is_no_regular_file_is_refused_without_blocking(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[[Path], None], kind: str
) -> None:
    monkeypatch.chdir(tmp_path)
    make(tmp_path / "x.yaml")
    assert unreadable(Path("x.yaml")) == f"cannot read x.yaml: it is not a regular file but {kind}"


@pytest.mark.skipif(os.name == "nt", reason="no such file on Windows")
def test_device_is_refused() -> None:
    assert unreadable(Path("/dev/zero")) == "cannot read /dev/zero: it is not a regular file but a device"


@pytest.mark.skipif(os.name == "nt", reason="no such file on Windows")
def test_file_that_became_a_pipe_does_not_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    regular, pipe = tmp_path / "regular", tmp_path / "pipe"
    regular.write_text("")
    os.mkfifo(pipe)
    status = regular.stat()
    monkeypatch.setattr(Path, "stat", lambda _, **__: status)
    assert read_bytes(pipe) == b""


def test_no_permission_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> int:  # root, as whom tests may run, is never refused by the real one
        raise PermissionError(13, "Permission denied")

    path = tmp_path / "x.yaml"
    path.write_text("a: 1")
    monkeypatch.setattr(os, "open", refuse)
    assert unreadable(path, shown_as="x.yaml") == "cannot read x.yaml: permission denied"


def test_other_errors_say_what_the_system_said() -> None:
    assert unreadable(Path("a\0b")) == "cannot read a\\x00b: embedded null byte"
    assert unreadable(Path("a" * 300), shown_as="a") == "cannot read a: file name too long"


def test_large_file_is_refused_by_its_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "big.yaml"
    with path.open("wb") as file:
        file.truncate(50_000_000)
    monkeypatch.setattr(os, "open", lambda *_: pytest.fail("opened"))
    assert unreadable(path, shown_as="big.yaml") == "big.yaml: recipe larger than 256 KB"


def test_no_more_than_the_limit_is_read_of_a_file_that_grew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small, big = tmp_path / "small", tmp_path / "big.yaml"
    small.write_text("")
    big.write_bytes(b"x" * 300_000)
    status = small.stat()
    monkeypatch.setattr(Path, "stat", lambda _, **__: status)
    assert unreadable(big, shown_as="big.yaml") == "big.yaml: recipe larger than 256 KB"
