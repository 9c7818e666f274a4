"""Equal images in arrays: in two parts, with two labels, beside each other."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnncli.data import content_digest
from cnncli.data.dataset import INPUT, Examples
from cnncli.data.sources import duplicates
from cnncli.data.sources.duplicates import find_copies
from cnncli.errors import DataError

NAMES = {"train": "x_train", "test": "x_test"}


def noise(seed: int, count: int, dtype: Any = np.uint8) -> np.ndarray:
    """Images of 3x3, all different."""
    return np.random.default_rng(seed).integers(0, 255, (count, 3, 3, 1)).astype(dtype)


def part(images: np.ndarray, labels: Sequence[int] | None = None) -> Examples:
    return Examples({INPUT: images}, np.asarray([0] * len(images) if labels is None else labels, np.int32))


def notes_of(parts: dict[str, Examples], *, allow_leakage: bool = False) -> list[str]:
    return [str(note) for note in find_copies(parts, NAMES, allow_leakage=allow_leakage)[1]]


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_image_in_two_parts_is_refused(dtype: Any) -> None:
    train, test = noise(1, 5, dtype), noise(2, 4, dtype)
    test[2] = train[3]

    with pytest.raises(DataError) as caught:
        find_copies({"train": part(train), "test": part(test)}, NAMES, allow_leakage=False)

    assert str(caught.value) == (
        "1 image of x_test is also in x_train\n    x_train[3] = x_test[2]\n"
        "    remove them from one of the two, or allow them: `allow_leakage: true` in `data`"
    )


def test_image_in_two_parts_is_reported_where_it_is_allowed() -> None:
    images = noise(1, 5)

    assert notes_of({"train": part(images), "test": part(images[:2])}, allow_leakage=True) == [
        "2 images of x_test are also in x_train\n    x_train[0] = x_test[0]\n    x_train[1] = x_test[1]\n"
        "    scores measured with them are too good"
    ]


def test_a_few_of_very_many_are_reported_and_not_refused() -> None:
    train, test = noise(1, 5), noise(2, 1000)
    test[7] = train[0]

    assert notes_of({"train": part(train), "test": part(test)})[0].startswith("1 image of x_test is also in x_train")


def test_image_with_two_labels_is_reported() -> None:
    images = noise(1, 3)
    images[2] = images[0]

    assert notes_of({"train": part(images, [0, 1, 1])}) == [
        "1 image of x_train is there with two labels\n    x_train[0] = x_train[2], labels 0 and 1\n"
        "    one of the two is wrong"
    ]


def test_copies_name_the_first_of_them() -> None:
    images = noise(1, 5)
    images[2] = images[4] = images[1]

    duplicate_of, notes = find_copies({"train": part(images)}, NAMES, allow_leakage=False)

    assert duplicate_of["train"].tolist() == [0, 1, 1, 3, 1]
    assert [note.message for note in notes] == ["2 images of x_train are there more than once"]


def test_blank_images_and_rows_of_numbers_do_not_count() -> None:
    blank = np.repeat(np.arange(3, dtype=np.uint8), 2)[:, None, None, None] * np.ones((1, 3, 3, 1), np.uint8)
    rows = np.ones((4, 5), np.float32) * np.arange(5)

    duplicate_of, notes = find_copies({"train": part(blank), "test": part(blank)}, NAMES, allow_leakage=False)

    assert (duplicate_of["train"].tolist(), notes) == (list(range(6)), [])
    assert notes_of({"train": part(rows), "test": part(rows)}) == []


@pytest.mark.parametrize("shape", [(3, 3, 1), (2, 4), (5, 1, 1, 2)])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_looking_in_pieces_finds_the_same(monkeypatch: pytest.MonkeyPatch, shape: tuple[int, ...], dtype: Any) -> None:
    images = np.random.default_rng(1).integers(0, 2, (60, *shape)).astype(dtype)  # with many copies
    whole = find_copies({"train": part(images)}, NAMES, allow_leakage=False)[0]["train"]
    monkeypatch.setattr(content_digest, "_CHUNK_BYTES", 3 * images[0].nbytes)

    assert np.array_equal(find_copies({"train": part(images)}, NAMES, allow_leakage=False)[0]["train"], whole)


@given(st.lists(st.binary(min_size=6, max_size=6), min_size=1, max_size=12))
def test_twins_are_those_that_comparing_bytes_finds(rows: list[bytes]) -> None:
    images = np.frombuffer(b"".join(rows), np.uint8).reshape(-1, 2, 3)

    duplicate_of, _ = find_copies({"train": part(images)}, NAMES, allow_leakage=True)

    expected = [index if len(set(row)) == 1 else rows.index(row) for index, row in enumerate(rows)]
    assert duplicate_of["train"].tolist() == expected


def test_different_images_of_one_quick_number_are_not_copies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duplicates, "example_hashes", lambda inputs: np.zeros(len(inputs[INPUT]), np.uint64))
    images = noise(1, 5)
    images[4] = images[1]

    duplicate_of, _ = find_copies({"train": part(images)}, NAMES, allow_leakage=False)

    assert duplicate_of["train"].tolist() == [0, 1, 2, 3, 1]
    assert len({hashlib.sha256(image.tobytes()).digest() for image in images}) == 4


def test_one_hot_rows_may_well_be_equal() -> None:
    rows = np.eye(100, dtype=np.uint8)[np.random.default_rng(0).integers(0, 100, 300)]
    parts = {"train": part(rows[:200]), "test": part(rows[200:])}

    assert find_copies(parts, NAMES, allow_leakage=False)[1] == []
