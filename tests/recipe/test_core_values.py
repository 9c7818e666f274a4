"""Values without quotes, as YAML 1.2 reads them."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from yaml_texts import load

from cnncli.errors import Place
from cnncli.recipe.yaml.nodes import Scalar
from cnncli.recipe.yaml.source import parse


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


@settings(max_examples=75)
@given(st.dictionaries(TEXT, VALUES, max_size=4))
def test_json_is_read_as_json_reads_it(document: dict[str, Any]) -> None:
    assert same(load(json.dumps(document, ensure_ascii=False)), document)


@settings(max_examples=75)
@given(st.integers(-(10**30), 10**30) | st.floats(allow_nan=False))
def test_dumped_number_loads_back_equal(number: float) -> None:
    written = repr(number).replace("inf", ".inf")
    assert same(load(f"a: {written}"), {"a": number})
