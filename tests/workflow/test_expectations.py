"""Expectations of a recipe against what a run measured."""

import numpy as np
import pytest

from cnncli.recipe.schema import Expect
from cnncli.workflow.expectations import expectations


@pytest.mark.parametrize("comparison", [">= 0.95", "<= 0.95", "== 0.95"])
def test_share_that_keras_computed_in_float32_equals_the_written_one(comparison):
    [found] = expectations(
        Expect(metrics={"test_accuracy": comparison}), {"test_accuracy": float(np.float32(0.95))}, 1.0
    )

    assert found.met


def test_value_that_misses_by_little_is_shown_with_the_decimals_that_tell():
    [found] = expectations(Expect(metrics={"test_accuracy": ">= 0.95"}), {"test_accuracy": 0.949996}, 1.0)

    assert not found.met
    assert str(found) == "expected test_accuracy >= 0.95, got 0.949996"
