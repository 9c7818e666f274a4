"""Characters that a recipe must not hold, and encodings."""

from __future__ import annotations

import pytest
from yaml_texts import load, refused_cases, told

REFUSED = """
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
"""


@pytest.mark.parametrize(("text", "expected"), refused_cases(REFUSED))
def test_refused_with_place_and_hint(text: str, expected: str) -> None:
    assert told(text) == expected


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
