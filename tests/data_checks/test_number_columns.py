"""Columns of rows of numbers: codes for missing values, and columns of one value."""

from __future__ import annotations

import numpy as np
import pytest

from cnncli.data.dataset import Examples, Splits
from cnncli.data_checks.number_columns import check_columns, code_in
from cnncli.tasks.classification.targets import ClassTargets


def splits_of(values: np.ndarray) -> Splits:
    part = Examples({"input": values.astype(np.float32)}, np.arange(len(values), dtype=np.int32) % 2)
    targets = ClassTargets(class_names=("a", "b"))
    about = {"input_shape": values.shape[1:], "source": "rows", "notes": (), "fingerprint": "f"}
    return Splits(part, part, part, targets=targets, **about)


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ([2.0, 3, 4, 5] * 5 + [-999] * 3, -999.0),
        ([2.0, 3, 4, 5] * 5 + [99] * 3, 99.0),
        ([2.0, 3, 4, 5] * 5 + [-999] * 2, None),  # too few
        ([2.0, 3, 4, 5] * 5 + [-998] * 3, None),  # no code
        ([0.0, 50, 98] * 5 + [99] * 3, None),  # a value like the others
        ([0.0, 1] * 10 + [-1] * 3, None),  # the classes of a column
        ([5.0] * 20 + [-999] * 3, None),  # two values
    ],
)
def test_code_for_missing_values_lies_far_from_the_others(values: list[float], code: float | None) -> None:
    assert code_in(np.array(values)) == code


def test_columns_are_told_by_their_place() -> None:
    values = np.random.default_rng(0).random((40, 3))
    values[::10, 1] = -9999
    values[:, 2] = 7

    found = [(finding.kind, finding.message, finding.count) for finding in check_columns(splits_of(values))]

    assert found == [
        ("values", "1 column may have a code for missing values: −9999 in number 2 of 3", 1),
        ("values", "1 column has one value in all training examples: number 3 of 3", 1),
    ]


def test_images_have_no_such_columns() -> None:
    assert check_columns(splits_of(np.zeros((40, 8, 8, 1)))) == []
