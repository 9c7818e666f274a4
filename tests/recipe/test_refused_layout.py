"""Characters, colons and indentation that a recipe has in the wrong place, with the exact words."""

from __future__ import annotations

import pytest
from yaml_texts import refused_cases, told

REFUSED = """
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
r.yaml:2:3: `b` is below a line that has a value already
    line 2 begins at column 3, line 1 at column 1
    check the indentation of both

### right of a value with a comment
a: 1  # x

# y
  b: 2
--->
r.yaml:4:3: `b` is below a line that has a value already
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
"""


@pytest.mark.parametrize(("text", "expected"), refused_cases(REFUSED))
def test_refused_with_place_and_hint(text: str, expected: str) -> None:
    assert told(text) == expected
