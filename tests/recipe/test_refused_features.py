"""What YAML has and a recipe has not, and keys that are none, with the exact words."""

from __future__ import annotations

import pytest
from yaml_texts import refused_cases, told

REFUSED = """
### second document
a: 1
---
b: 2
--->
r.yaml:2:1: a recipe has one document, but a second one begins here
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
r.yaml:1:1: `...` is before any content
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


@pytest.mark.parametrize(("text", "expected"), refused_cases(REFUSED))
def test_refused_with_place_and_hint(text: str, expected: str) -> None:
    assert told(text) == expected
