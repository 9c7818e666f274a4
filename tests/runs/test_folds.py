"""The runs of a cross-validation are found by the name of their set."""

from __future__ import annotations

from pathlib import Path

import pytest
from run_folders import put_run

from cnncli.errors import OutputError
from cnncli.runs.finding import list_runs
from cnncli.runs.folds import find_set, fold_sets, is_set_name, refuse_taken_set, remove_unrecorded
from cnncli.runs.listing import fold_lines, listing


def put(outputs: Path, name: str, number: int, *, count: int = 3, of: str = "first", **more: object) -> Path:
    return put_run(outputs, name, fold={"set": of, "number": number, "count": count}, **more)


@pytest.fixture
def outputs(tmp_path: Path) -> Path:
    """A finished set of two folds, one of three of which the last is missing, and runs of no set."""
    found = tmp_path / "outputs"
    for number, score in enumerate((0.8, 0.9), 1):
        put(found, f"iris/first-fold{number}", number, count=2, test={"accuracy": score, "loss": 0.5})
    put(found, "mnist/second-fold1", 1, of="second")
    put(found, "mnist/second-fold2", 2, of="second", status="interrupted")
    put_run(found, "mnist/alone", fold={"set": None, "number": 2, "count": 5})
    put_run(found, "mnist/plain")
    return found


def test_runs_belong_to_the_set_of_their_records(outputs: Path) -> None:
    found = {each.label: (each.count, sorted(each.runs), each.is_finished) for each in fold_sets(list_runs(outputs))}

    assert found == {"iris/first": (2, [1, 2], True), "mnist/second": (3, [1, 2], False)}


@pytest.mark.parametrize("text", ["first", "iris/first", "iris/first-fold2", "iris/first-folds.json"])
def test_a_set_is_found_by_its_name_a_run_or_its_file(outputs: Path, text: str) -> None:
    found = find_set(outputs, text)

    assert found is not None
    assert found.label == "iris/first"


def test_a_set_is_found_by_its_path_elsewhere(outputs: Path, tmp_path: Path) -> None:
    found = find_set(tmp_path / "other", str(outputs / "iris" / "first"))

    assert found is not None
    assert found.paths == [outputs / "iris/first-fold1", outputs / "iris/first-fold2"]


def test_without_a_name_the_newest_unfinished_set_is_found(outputs: Path) -> None:
    found = find_set(outputs)

    assert found is not None
    assert found.label == "mnist/second"


@pytest.mark.parametrize("text", ["third", "mnist/first", "mnist/plain", "mnist", "", "mnist/alone"])
def test_other_names_are_no_sets(outputs: Path, text: str) -> None:
    assert find_set(outputs, text) is None


def test_a_run_of_a_set_is_no_name_of_it(outputs: Path) -> None:
    assert is_set_name(outputs, "iris/first")
    assert not is_set_name(outputs, "iris/first-fold1")


def test_a_name_of_two_sets_says_which_there_are(outputs: Path) -> None:
    put(outputs, "mnist/first-fold1", 1)

    with pytest.raises(OutputError, match="'first' is the name of 2 sets of folds"):
        find_set(outputs, "first")


@pytest.mark.parametrize("name", ["iris/first-fold2", "iris/first", "iris/first-folds.json"])
def test_a_set_that_is_there_is_not_overwritten(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir(parents=True)

    with pytest.raises(OutputError):
        refuse_taken_set(tmp_path, "iris", "first", 2)


def test_what_a_killed_process_left_before_its_record_is_removed(tmp_path: Path) -> None:
    for name, file in (("new", "recipe.yaml"), ("mine", "notes.txt")):
        (tmp_path / name).mkdir()
        (tmp_path / name / file).write_text("x")
        remove_unrecorded(tmp_path / name)

    assert not (tmp_path / "new").exists()
    assert (tmp_path / "mine" / "notes.txt").exists()


def test_the_list_of_runs_says_what_a_set_reached(outputs: Path) -> None:
    assert sorted(fold_lines(listing(outputs))) == [
        "iris/first: 2 folds, accuracy 0.8500 (standard deviation 0.0707)",
        "mnist/second: 2 of 3 folds",
    ]
