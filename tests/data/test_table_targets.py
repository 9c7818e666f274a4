"""Targets of tables: classes by name, tags, columns of 0 and 1, numbers; for training and for a trained model."""

from __future__ import annotations

from typing import Any

import pytest

from cnncli.data.targets import TargetInfo, read_targets, targets_of
from cnncli.errors import DataError


def targets_from(word: str, rows: list[Any], *, separator: str | None = None, known: TargetInfo | None = None) -> Any:
    """The targets of a table with these cells, of several columns `a0`, `a1`, …."""
    kind, lists = targets_of(word), [row if isinstance(row, list) else [row] for row in rows]
    names = ["species"] if len(lists[0]) == 1 else [f"a{number}" for number in range(len(lists[0]))]
    cells = kind.label_cells(names, separator)
    wrong: list[str] = []
    cells.add(range(2, 2 + len(rows)), lists, lambda line, message: wrong.append(f"{line}: {message}"))
    assert wrong == []
    return kind.of_cells(cells, known)


@pytest.mark.parametrize(
    ("cells", "names", "numbers"),
    [
        (["owl", "wren", "owl", "crane"], ["crane", "owl", "wren"], [1, 2, 1, 0]),
        (["10", "2", "0"], ["0", "2", "10"], [2, 1, 0]),
        (["-1", "1", "0.5"], ["-1", "0.5", "1"], [0, 2, 1]),
        (["b10", "b9"], ["b9", "b10"], [1, 0]),
        (["0.000e+00", "1.0", "1", "-1."], ["-1", "0", "1"], [1, 2, 2, 0]),
        (["1.0", "1.5"], ["1.0", "1.5"], [0, 1]),
    ],
)
def test_words_are_classes_in_natural_order(cells: list[str], names: list[str], numbers: list[int]) -> None:
    found = targets_from("classes", cells)

    assert (list(found.info.class_names), found.values.tolist()) == (names, numbers)


@pytest.mark.parametrize(
    ("word", "cells", "separator", "message"),
    [
        ("classes", ["owl", "owl"], None, "`species` holds one class only: every row has `owl`"),
        (
            "classes",
            [f"{number}.5" for number in range(30)],
            None,
            "`species` holds 30 different numbers in 30 rows: these are no classes",
        ),
        (
            "classes",
            ["owl", "x" * 1001],
            None,
            "`species` holds a text of 1,001 characters: that is no name of a class",
        ),
        (
            "multilabel",
            ["owl", "x" * 1001],
            "|",
            "`species` holds a text of 1,001 characters: that is no name of a class",
        ),
        ("multilabel", ["", ""], "|", "`species` has no label at all"),
        ("multilabel", ["owl", "owl"], "|", "`species` has one label only: `owl`"),
        ("multilabel", [["0", "0"], ["0", "0"]], None, "`a0`, `a1` has no label at all"),
        ("numbers", ["2", "2"], None, "`species` holds one number only: every target is 2"),
    ],
)
def test_nothing_to_learn_is_an_error(word: str, cells: list[Any], separator: str | None, message: str) -> None:
    with pytest.raises(DataError) as caught:
        targets_from(word, cells, separator=separator)

    [problem] = caught.value.problems
    assert problem.message == message


def test_classes_that_differ_in_case_alone_are_noted() -> None:
    [note] = targets_from("classes", ["Cat", "dog", "cat ", "cat"]).notes

    assert note.message == "`Cat` and `cat` in `species` differ only in upper and lower case"


def test_whole_numbers_are_matched_as_the_model_has_them() -> None:
    written = targets_from("classes", ["0.0", "1.0"])
    earlier = written.info.model_copy(update={"class_names": ("0.0", "1.0")})

    assert targets_from("classes", ["1.0", "0.0"], known=written.info).values.tolist() == [1, 0]
    assert targets_from("classes", ["1.0", "0.0"], known=earlier).values.tolist() == [1, 0]


def test_labels_of_a_trained_model_are_matched_by_name() -> None:
    model = targets_from("classes", ["a", "b", "c"]).info

    found = targets_from("classes", ["c", "a", "c"], known=model)

    assert (found.values.tolist(), found.info) == ([2, 0, 2], model)
    assert [note.message for note in found.notes] == ["the data has no example of class `b`"]


def test_tags_of_a_trained_model_are_matched_by_name() -> None:
    model = targets_from("multilabel", ["a|b", "c"], separator="|").info

    found = targets_from("multilabel", ["c|a", ""], separator="|", known=model)

    assert (found.values.tolist(), found.info) == ([[1, 0, 1], [0, 0, 0]], model)


@pytest.mark.parametrize(("word", "separator"), [("classes", None), ("multilabel", "|")])
def test_unknown_label_of_a_trained_model_suggests_the_nearest(word: str, separator: str | None) -> None:
    model = targets_from(word, ["crane", "owl"], separator=separator).info

    with pytest.raises(DataError) as caught:
        targets_from(word, ["owl", "craen"], separator=separator, known=model)

    [problem] = caught.value.problems
    assert problem.message == "the data has a class that is unknown to the model: `craen`"
    assert problem.hint == "did you mean `crane`?"


def test_number_of_numbers_of_a_trained_model_is_checked() -> None:
    model = targets_from("numbers", ["1", "2"]).info

    with pytest.raises(DataError, match="`a0`, `a1` has 2 numbers for each example; the model has 1 number"):
        targets_from("numbers", [["1", "2"], ["3", "4"]], known=model)


def test_what_is_known_of_targets_goes_to_the_record_and_back() -> None:
    for word, cells in (("classes", ["a", "b"]), ("multilabel", [["0", "1"]]), ("numbers", ["1", "3"])):
        info = targets_from(word, cells).info
        assert read_targets(info.to_json()) == info


def test_columns_of_which_one_is_1_are_classes_in_their_order() -> None:
    rows = [["0", "1.0", "0"], ["1", "0", "0.0"], ["false", "0", "True"]]

    found = targets_from("classes", rows)
    again = targets_from("classes", rows[::-1], known=found.info)

    assert (found.info.class_names, found.values.tolist()) == (("a0", "a1", "a2"), [1, 0, 2])
    assert again.values.tolist() == [2, 0, 1]


@pytest.mark.parametrize(
    ("word", "names", "row", "message"),
    [
        (
            "classes",
            ["a", "b", "c"],
            ["1", "1", "0"],
            "a and b are 1: `targets: classes` has one class for each example",
        ),
        ("classes", ["a", "b", "c"], ["0", "0", "0"], "none of the 3 classes is 1"),
        ("classes", ["a", "b", "c"], ["0", "2", "1"], "b is `2`: expected 0 or 1"),
        ("classes", ["a"], ["nan"], "a is NaN"),
        ("classes", ["a"], [""], "a is empty"),
    ],
)
def test_row_without_one_class_is_reported(word: str, names: list[str], row: list[str], message: str) -> None:
    cells = targets_of(word).label_cells(names, None)
    wrong: list[str] = []

    cells.add([7], [row], lambda line, said: wrong.append(f"{line}: {said}"))

    assert len(wrong) == 1
    assert wrong[0].startswith(f"7: {message}")
