"""YAML text -> the tree with places, and what is reported about a text that is no recipe."""

from __future__ import annotations

import pytest
import yaml
from executed_lines import executed_lines
from hypothesis import given, settings
from hypothesis import strategies as st
from yaml_texts import load, refused_cases, told

from cnncli.errors import Place, RecipeError
from cnncli.messages import described
from cnncli.recipe.yaml import tree
from cnncli.recipe.yaml.nodes import Mapping, Sequence, plain
from cnncli.recipe.yaml.source import parse, parse_value

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


# What is refused.

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
"""


@pytest.mark.parametrize(("text", "expected"), refused_cases(REFUSED))
def test_refused_with_place_and_hint(text: str, expected: str) -> None:
    assert told(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("a: 1\n" + "x" * 1100 + ": 1", "2:1: a key longer than 1,024 characters", id="long key"),
        pytest.param("x" * 1100 + ": 1", "1:1: a key longer than 1,024 characters", id="long first key"),
        pytest.param("a: " + "9" * 5000, "1:4: a number of 5,000 characters (max 300)", id="long integer"),
        pytest.param("a: 0x" + "9" * 5000, "1:4: a number of 5,002 characters (max 300)", id="long hexadecimal"),
        pytest.param("a: " + "[" * 1000, "1:153: nested too deeply (max 150)", id="brackets"),
        pytest.param(
            "".join(" " * n + "a:\n" for n in range(200)), "151:151: nested too deeply (max 150)", id="blocks"
        ),
        pytest.param("a:\n" + "- " * 1000, "2:299: nested too deeply (max 150)", id="dashes"),
        pytest.param(
            "a: [" + "x," * 20_000 + "]",  # the mapping, its key and the list are three nodes
            "1:19999: more than 10,000 keys and values\n    write repeated parts with `repeat` or `blocks`",
            id="nodes",
        ),
    ],
)
def test_limits_are_reported_with_their_place(text: str, expected: str) -> None:
    assert told(text) == f"r.yaml:{expected}"


@pytest.mark.parametrize("text", ["", "\n", "# a\n\n# b\n", "---\n", "~", "null"])
def test_empty_recipe_says_how_to_begin(text: str) -> None:
    hint = "start with a copy of a recipe that works: cnncli recipes copy mnist recipe.yaml"
    assert told(text) == f"r.yaml:1:1: recipe is empty\n    {hint}"


def test_all_mistakes_are_reported_in_one_go_by_place() -> None:
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


@settings(max_examples=150)
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
    assert executed_lines(lambda: told(text)) < 250_000  # at most 174,000, as for 50 lines of a recipe


def test_work_grows_with_the_length_of_a_recipe() -> None:
    section = "  - Conv2D: {filters: $n, kernel_size: 5}  # as in the paper\n"

    def lines_to_read(sections: int) -> int:
        content = "".join(f"s{n}:\n{section * 9}" for n in range(sections)).encode()
        return executed_lines(lambda: parse(content, "r.yaml"))

    assert lines_to_read(20) < 2.1 * lines_to_read(10)


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


def test_long_list_in_a_message_is_not_written_in_full():
    class NeverWritten:
        def __repr__(self) -> str:
            raise AssertionError

    assert described([[1] * 100, NeverWritten()]) == "a list"
    assert described([1, [True, None]]) == "[1, [true, null]]"
