"""Brackets and quotes that a recipe leaves open, or closes in the wrong place, with the exact words."""

from __future__ import annotations

import pytest
from yaml_texts import refused_cases, told

REFUSED = """
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
r.yaml:1:7: there is nothing before this `,`
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
"""


@pytest.mark.parametrize(("text", "expected"), refused_cases(REFUSED))
def test_refused_with_place_and_hint(text: str, expected: str) -> None:
    assert told(text) == expected
