"""How numbers stand in tables of the terminal: large, small and negative ones stay readable."""

from __future__ import annotations

import pytest

from cnncli import messages


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.25, "0.2500"),
        (12345.6, "12,346"),
        (158062673920.0, "1.581e+11"),
        (2.568e22, "2.568e+22"),
        (0.000012, "1.2e-05"),
        (-0.00001, "-1e-05"),
        (-0.0, "0.0000"),
        (0.0, "0.0000"),
        (float("nan"), "–"),
    ],
)
def test_number_in_a_table(value: float, text: str):
    assert messages.cell(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.456, "0.46"), (156803383296.0, "1.568e+11"), (12345.6, "12,346"), (0.0123, "0.012"), (-0.0, "0.00")],
)
def test_score_of_few_examples(value: float, text: str):
    assert messages.rough(value) == text


def test_zero_has_no_sign():
    assert (messages.quantity(-0.0), messages.number_text(-0.0)) == ("0.000", "0")
