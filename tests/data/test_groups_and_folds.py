"""Groups stay in one part, folds test every example once, and sizes come near what is wanted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.model_selection import StratifiedGroupKFold

from cnncli.data import bounded_search
from cnncli.data.folds import fold_numbers
from cnncli.data.group_assignment import assign
from cnncli.data.groups import groups_in_names
from cnncli.data.load import load
from cnncli.data.part_names import PartWords, read_part_names
from cnncli.data.splits import shuffled
from cnncli.errors import DataError
from cnncli.recipe.schema_data import Data

quick = settings(max_examples=50)


@st.composite
def grouped(draw: st.DrawFn, least: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """The group and the class of each example; groups have 1 to 12 examples."""
    sizes = draw(st.lists(st.integers(1, 12), min_size=least, max_size=30))
    groups = np.repeat(np.arange(len(sizes)), sizes)
    random = np.random.default_rng(draw(st.integers(0, 1000)))
    return random.permutation(groups), random.integers(0, draw(st.integers(1, 4)), len(groups))


@quick
@given(grouped(), st.floats(0.05, 0.4), st.floats(0.05, 0.4), st.integers(0, 99))
def test_every_part_gets_a_group(examples: Any, validation: float, test: float, seed: int) -> None:
    groups, strata = examples

    parts = assign(groups, strata, [1 - validation - test, validation, test], shuffled(len(groups), seed))

    assert set(parts.tolist()) == {0, 1, 2}


@quick
@given(grouped(), st.integers(0, 99))
def test_no_part_of_groups_is_further_from_its_size_than_the_largest_group(examples: Any, seed: int) -> None:
    groups, _ = examples
    shares = [0.5, 0.25, 0.25]

    part_of = assign(groups, np.zeros_like(groups), shares, shuffled(len(groups), seed))[groups]

    largest = np.bincount(groups).max()
    assert (np.abs(np.bincount(part_of, minlength=3) - np.array(shares) * len(groups)) <= largest).all()


@quick
@given(grouped(least=5), st.integers(2, 5), st.integers(0, 99))
def test_folds_of_groups_are_as_balanced_as_those_of_scikit_learn(examples: Any, count: int, seed: int) -> None:
    groups, strata = examples

    ours = fold_numbers(strata, count, order=shuffled(len(groups), seed), groups=groups)

    assert set(ours.tolist()) == set(range(count))
    assert all(len(set(ours[groups == group].tolist())) == 1 for group in np.unique(groups))
    if np.bincount(strata).min() >= count:
        theirs = np.empty_like(ours)
        for number, (_, test) in enumerate(StratifiedGroupKFold(count).split(groups, strata, groups)):
            theirs[test] = number
        assert _imbalance(ours, strata) <= _imbalance(theirs, strata) + np.bincount(groups).max() / len(groups)


def _imbalance(folds: np.ndarray, strata: np.ndarray) -> float:
    """The standard deviation of the folds' shares of a class, in the mean over the classes."""
    shares = [np.bincount(folds[strata == each], minlength=folds.max() + 1).astype(float) for each in np.unique(strata)]
    return float(np.mean([np.std(each / each.sum()) for each in shares]))


@quick
@given(st.lists(st.integers(1, 40), min_size=1, max_size=5), st.integers(2, 7), st.integers(0, 99))
def test_folds_have_equal_shares_of_every_class_to_within_one(counts: list[int], count: int, seed: int) -> None:
    strata = np.repeat(np.arange(len(counts)), counts)

    folds = fold_numbers(strata, count, order=shuffled(len(strata), seed))

    for each in np.unique(strata):
        sizes = np.bincount(folds[strata == each], minlength=count)
        assert sizes.max() - sizes.min() <= 1
    sizes = np.bincount(folds, minlength=count)
    assert sizes.max() - sizes.min() <= 1


# ---- with data


def archive(folder: Path, **more: Any) -> dict[str, Any]:
    """90 rows of 3 classes, each of 15 patients with 6 of them."""
    random = np.random.default_rng(5)
    labels = np.arange(90) % 3
    arrays = {
        "x": random.normal(size=(90, 4)).astype(np.float32),
        "y": labels,
        "patient": np.array([f"p{number}" for number in np.repeat(np.arange(15), 6)]),
    }
    np.savez(folder / "a.npz", **{**arrays, **more})
    return {"npz": {"path": str(folder / "a.npz")}}


def splits(source: dict[str, Any], **data: Any) -> Any:
    return load(Data.model_validate({"source": source, **data}))


def told(source: dict[str, Any], **data: Any) -> list[tuple[str, tuple[str, ...]]]:
    with pytest.raises(DataError) as caught:
        splits(source, **data)
    return [(problem.message, problem.path) for problem in caught.value.problems]


def test_no_patient_of_an_archive_is_in_two_parts(tmp_path: Path) -> None:
    found = splits(archive(tmp_path), split={"group": "patient", "validation": 0.2, "test": 0.2})

    patients = [set(part.examples.groups) for part in found.parts]
    assert [len(part.examples) for part in found.parts] == [54, 18, 18]
    assert len(set.union(*patients)) == sum(map(len, patients)) == 15


def test_a_size_that_groups_do_not_allow_is_noted(tmp_path: Path) -> None:
    found = splits(archive(tmp_path), split={"group": "patient", "validation": 0.2, "test": 0.1})

    assert [(note.message, note.hint) for note in found.notes] == [
        ("test gets 12 examples of 90 instead of 9", "each patient stays in one part; the largest has 6 examples")
    ]


@pytest.mark.parametrize("group", [None, "patient"])
def test_every_example_is_tested_in_exactly_one_fold(tmp_path: Path, group: str | None) -> None:
    source = archive(tmp_path)
    split = {"folds": 5, "group": group}

    folds = [splits(source, split={**split, "fold": fold}) for fold in range(1, 6)]

    tested = np.concatenate([each.test.input for each in folds])
    assert np.array_equal(np.unique(tested, axis=0), np.unique(np.load(tmp_path / "a.npz")["x"], axis=0))
    assert [len(each.test) for each in folds] == [18] * 5
    for each in folds:
        together = np.concatenate([part.examples.input for part in each.parts])
        assert len(np.unique(together, axis=0)) == 90


def test_validation_is_a_share_of_what_a_fold_leaves(tmp_path: Path) -> None:
    found = splits(archive(tmp_path), split={"folds": 3, "fold": 2, "validation": 0.2})

    assert [len(part.examples) for part in found.parts] == [48, 12, 30]


def test_a_test_part_of_the_data_is_not_used_in_folds(tmp_path: Path) -> None:
    arrays = np.load(archive(tmp_path)["npz"]["path"])
    np.savez(tmp_path / "b.npz", x_train=arrays["x"], y_train=arrays["y"], x_test=arrays["x"][:3] + 1, y_test=[0, 1, 2])

    found = splits({"npz": {"path": str(tmp_path / "b.npz")}}, split={"folds": 3})

    assert len(found.test) == 30
    assert "the test part of the data is not used" in found.notes[0].message


def test_a_class_that_a_fold_lacks_is_noted_in_the_part(tmp_path: Path) -> None:
    labels = np.where(np.arange(90) < 6, 2, np.arange(90) % 2)  # class 2 is patient p0 alone
    source = archive(tmp_path, y=labels)

    notes = [splits(source, split={"folds": 5, "fold": fold, "group": "patient"}).notes for fold in range(1, 6)]

    messages = [[note.message for note in each] for each in notes]
    assert sorted(each.count("test has no example of class 2") for each in messages) == [0, 1, 1, 1, 1]
    assert sum("train has no example of class 2" in each for each in messages) == 1


def test_classes_smaller_than_the_folds_need_no_validation_example(tmp_path: Path) -> None:
    source = archive(tmp_path, y=np.where(np.arange(90) < 2, 2, np.arange(90) % 2))

    folds = [splits(source, split={"folds": 5, "fold": fold}) for fold in range(1, 6)]

    alone = next(fold for fold in folds if 2 in fold.test.labels)  # one is left of the two
    assert alone.targets.counts(alone.validation.labels)[2] == 0
    assert alone.targets.counts(alone.train.labels)[2] == 1
    assert "validation has no example of class 2" in [note.message for note in alone.notes]


@pytest.mark.parametrize(
    ("split", "message", "path"),
    [
        ({"group": "patent"}, "a.npz has no patent", ("data", "split", "group")),
        ({"group": "x"}, "x has the type float32 and the shape (90, 4); expected a group for each example", ()),
        ({"folds": 16, "group": "patient"}, "16 folds need 16 groups of `patient`, and the data has 15",
         ("data", "split", "folds")),
        ({"folds": 91}, "91 folds need 91 examples, and the data has 90", ("data", "split", "folds")),
        ({"column": "patient"}, "patient names no part for 90 examples: `p0` (index 0), `p0` (index 1), `p0` (index 2), "
         "`p0` (index 3), `p0` (index 4) and 85 more", ("data", "split", "column")),
        ({"column": "x"}, "x has the type float32 and the shape (90, 4); expected one text or integer for each of y",
         ("data", "split", "column")),
        ({"group": "two"}, "train, validation and test need a group of their own, and `two` has 2",
         ("data", "split", "group")),
        ({"group": "short"}, "short has 3 values, y has 90 labels", ()),
        ({"group": "blank"}, "blank is empty at index 1", ()),
    ],
)  # fmt: skip
def test_groups_and_folds_that_cannot_be_are_errors(tmp_path: Path, split: Any, message: str, path: Any) -> None:
    more = {"two": np.arange(90) % 2, "short": np.arange(3), "blank": np.array(["a", "", *["b"] * 88])}

    [(said, place)] = told(archive(tmp_path, **more), split=split)

    assert said == message
    assert place == (path or ("data", "source", "npz", "path"))


def test_parts_of_a_column_that_share_a_patient_are_leakage(tmp_path: Path) -> None:
    part = np.where(np.arange(90) < 63, "train", "Test ")  # p10 has examples 60 to 65
    source = archive(tmp_path, part=part)
    split = {"column": "part", "group": "patient"}

    assert told(source, split=split) == [("patient p10 stands in train and in test", ("data", "split", "group"))]
    found = splits(source, split=split, allow_leakage=True)
    assert len(found.test) == 27
    assert "patient p10 stands in train and in test" in [note.message for note in found.notes]


def test_copies_of_an_example_join_their_groups(tmp_path: Path) -> None:
    images = np.random.default_rng(0).integers(0, 256, (30, 8, 8), dtype=np.uint8)
    images[10] = images[20]
    np.savez(tmp_path / "a.npz", x=images, y=np.arange(30) % 2, scan=np.repeat(np.arange(15), 2))

    for seed in range(5):
        found = splits({"npz": {"path": str(tmp_path / "a.npz")}}, split={"group": "scan", "seed": seed, "test": 0.3})

        parts = [set(part.examples.groups) for part in found.parts]
        assert [{"5", "10"} <= groups for groups in parts].count(True) == 1


# ---- names


def test_a_pattern_finds_the_group_in_the_name_of_a_file() -> None:
    files = ["train/p1_old/p17_2.png", "train/cat/p3_1.png"]

    assert groups_in_names(files, "(p[0-9]+)_").tolist() == ["p17", "p3"]
    assert groups_in_names(files, "/(p[0-9]+|cat)").tolist() == ["p1", "cat"]


def test_files_that_a_pattern_does_not_match_are_named() -> None:
    with pytest.raises(DataError) as caught:
        groups_in_names(["cat/p1_2.png", "cat/x.png"], "(p[0-9]+)_")

    [problem] = caught.value.problems
    assert problem.message == "`(p[0-9]+)_` does not match 1 of 2 file names"
    assert problem.hint.startswith("cat/x.png\n")


def test_pattern_that_takes_years_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(bounded_search, "_SECONDS", 1)

    with pytest.raises(DataError, match=r"`\(a\+\)\+\$` takes too long to search in names such as a{60}.png"):
        groups_in_names([f"{'a' * 60}.png"], "(a+)+$")


def words() -> Iterator[tuple[str, str]]:
    yield from (
        ("Train", "train"),
        (" training", "train"),
        ("VAL", "validation"),
        ("dev", "validation"),
        ("testing", "test"),
    )


def test_words_of_parts_are_read_without_capitals() -> None:
    written, meant = zip(*words(), strict=True)

    found = read_part_names(written, name="part")

    assert {part: indices.tolist() for part, indices in found.items()} == {
        "train": [0, 1],
        "validation": [2, 3],
        "test": [4],
    }
    assert meant[2] == "validation"


def test_a_column_without_training_examples_is_an_error() -> None:
    with pytest.raises(DataError, match="part has no training example"):
        read_part_names(["test", "val"], name="part")


def test_array_of_folds_says_the_parts_where_the_recipe_says_which() -> None:
    words = PartWords.of("fold", {"validation": [4], "test": [5]})

    found = read_part_names(np.array([1, 4, 5, 2, 3]), name="fold", words=words)

    assert {part: rows.tolist() for part, rows in found.items()} == {"train": [0, 3, 4], "validation": [1], "test": [2]}
