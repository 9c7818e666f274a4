"""`$name` and `$(expression)`."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnncli.errors import RecipeError
from cnncli.recipe.deferred import Unknown
from cnncli.recipe.language.expressions import ExpressionError, evaluate
from cnncli.recipe.language.texts import substitute
from cnncli.recipe.load import load_bytes


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("$n", 3),
        ("$(n)", 3),
        ("$(2 * n)", 6),
        ("$(1 / 4)", 0.25),
        ("$(7 // 2)", 3),
        ("$(2 ** 5)", 32),
        ("$(-n % 2)", 1),
        ("$(2 if n > 2 and not n == 4 else 1)", 2),
        ("$([1, n][1])", 3),
        ("$(1 < n <= 3)", True),
        ("$(word + 's')", "cats"),
        ("$(divisible(32 * 0.35))", 16),
        ("$(divisible(24 * 1.4, 8))", 32),
        ("$(int(2.7) + round(2.4) + ceil(1.2) + floor(-0.5))", 5),
        ("$(max(n, 8) + min([n, 8]) + abs(-n))", 14),
        ("$(sum(range(1, n + 1)) + len([1, 2]))", 8),
        ("$(log(8, 2) + log(1000, 10) + log(1))", 6),
        ("$(floor(log(1000, 10)))", 3),
        ("$(round(log(n), 3))", 1.099),
        ("$(range(n))", [0, 1, 2]),
        ("$([4, 5, 6][1:] + [4, 5, 6][:-2])", [5, 6, 4]),
        ("$(true and not false)", True),
        ("block_$n", "block_3"),
        ("$(n)x$word", "3xcat"),
        ("$$5", "$5"),
        ("plain", "plain"),
    ],
)
def test_text_becomes_value(text, value):
    result = substitute(text, {"n": 3, "word": "cat"})

    assert result == value
    assert type(result) is type(value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("$m", "unknown name `$m`"),
        ("$(1 / 0)", "`1 / 0` divides by zero"),
        ("$(n", "`$(n` has no closing bracket"),
        ("$(open('x'))", "an expression has no function `open`"),
        ("$(n.bit_length())", "an expression has no function `n.bit_length`"),
        ("$(len(n))", "`len(n)` cannot be computed"),
        ("$(int('3'))", "`int('3')` cannot be computed"),
        ("$(max([n, true]))", "`max([n, true])` cannot be computed"),
        ("$(range(1001))", "`range(1001)` cannot be computed"),
        ("$(max([]))", "`max([])` cannot be computed"),
        ("$(divisible(32, 0))", "`divisible(32, 0)` cannot be computed"),
        ("$(log(0))", "`log(0)` cannot be computed"),
        ("$(log(n, 1))", "`log(n, 1)` cannot be computed"),
        ("$(max(1, key=n))", "`max` takes values in their order"),
        ("$here.channels", "unknown name `$here`"),
        ("$(n.real)", "an expression has no attributes"),
        ("$(lambda: 1)", "`lambda: 1` is not part of an expression"),
        ("$([i for i in n])", "`[i for i in n]` is not part of an expression"),
        ("$(9 ** 65)", "an exponent of 65 is too large (at most 64)"),
        ("$('a' * 10000)", "the result would have more than 1000 items"),
        ("$('%100000d' % 1)", "`%` takes numbers"),
        ("$((-1) ** 0.5)", "the result is not a real number"),
        ("$(n is n)", "`n is n` is not part of an expression"),
        ("${n}", "`${n}` is not a name or an expression"),
        ("$(10 ** 16)", "a number in an expression is at most 1e+15"),
    ],
)
def test_what_is_not_an_expression_is_reported(text, message):
    with pytest.raises(ExpressionError) as caught:
        substitute(text, {"n": 3})

    assert str(caught.value) == message


def test_name_that_is_a_word_of_the_syntax_is_named_in_the_hint():
    with pytest.raises(ExpressionError) as caught:
        substitute("$(2 * lambda)", {"lambda": 3})

    assert caught.value.hint == "`lambda` is a reserved word in expressions: choose another name, such as `lambda_`"


def test_what_is_computed_from_an_unknown_number_is_unknown():
    assert isinstance(evaluate("2 * classes + 1", {"classes": Unknown(2)}), Unknown)
    assert not isinstance(evaluate("classes > 1", {"classes": Unknown(2)}), Unknown)


@given(st.text(max_size=60))
def test_any_text_gives_a_value_or_an_expression_error(text):
    with contextlib.suppress(ExpressionError):
        assert len(str(evaluate(text, {"n": 3, "word": "cat", "list": [1, 2]}))) < 10_000


def test_python_has_nothing_to_remark_on_an_expression(recwarn):
    with pytest.raises(ExpressionError):
        evaluate("1if 1else 0x", {})
    assert evaluate("2if 1 else 0", {}) == 2
    assert not recwarn.list


@pytest.mark.parametrize("expression", ["sum(a)", "len(a)", "a[1:]", "range(a[0])", "a + [1]"])
def test_what_uses_a_value_that_is_wrong_is_no_mistake_of_its_own(expression):
    model = "data: {source: mnist}\nmodel: {layers: [Flatten, Dense: {units: 10, activation: softmax}]}\n"
    text = f"vars: {{a: $(1 // 0), b: '$({expression})'}}\n{model}"
    with pytest.raises(RecipeError) as caught:
        load_bytes(text.encode(), "r.yaml")
    assert [problem.message for problem in caught.value.problems] == ["`1 // 0` divides by zero"]
