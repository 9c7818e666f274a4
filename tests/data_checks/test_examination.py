"""Faults that are planted into data are found and named; see also tests/e2e/test_data.py."""

from pathlib import Path

import numpy as np
import pytest

from cnncli.data.dataset import Examples, Splits
from cnncli.data.load import load
from cnncli.data.text_column import text_column
from cnncli.data_checks import near_duplicates
from cnncli.data_checks.examination import examine, from_notes
from cnncli.data_checks.examination_text import facts
from cnncli.data_checks.quick_findings import data_problems, quick_findings
from cnncli.errors import Problem
from cnncli.recipe.schema_data import Data
from cnncli.tasks.classification.targets import ClassTargets
from cnncli.tasks.identities.targets import IdentityTargets
from cnncli.tasks.multilabel.targets import LabelTargets

NAMES = ("ant", "bee", "cat")


def noise(count, seed, shape=(16, 16, 1)):
    return np.random.default_rng(seed).integers(0, 256, (count, *shape), dtype=np.uint8)


def labels(count):
    return np.arange(count, dtype=np.int32) % len(NAMES)


def splits_of(parts, targets=None, notes=()):
    """Splits of `{part: (inputs, labels)}`, groups may follow."""
    made = {
        part: Examples({"input": inputs}, targets_, groups=rest[0] if rest else None)
        for part, (inputs, targets_, *rest) in parts.items()
    }
    shape = made["train"].input.shape[1:]
    return Splits(
        **made,
        targets=targets or ClassTargets(class_names=NAMES),
        input_shape=shape,
        source="made",
        notes=notes,
        fingerprint="f",
    )


@pytest.fixture
def parts():
    counts = {"train": 60, "validation": 12, "test": 12}
    return {part: (noise(count, seed), labels(count)) for seed, (part, count) in enumerate(counts.items())}


def found(parts, **options):
    return {finding.kind: finding for finding in examine(splits_of(parts, **options)).findings}


def test_data_without_faults_has_no_findings(parts):
    assert found(parts) == {}


def test_an_equal_example_in_two_parts_is_leakage(parts):
    parts["test"][0][4] = parts["train"][0][10]

    leak = found(parts)["leakage"]

    assert leak.message == "1 example of test is also in train"
    assert leak.lines() == ["train[10] = test[4]"]


def test_a_nearly_equal_example_in_two_parts_is_leakage(parts):
    parts["validation"][0][3] = (parts["train"][0][9] * 0.9).astype(np.uint8)

    assert found(parts)["leakage"].message == "1 example of validation is nearly the same as examples of train"


def test_a_copy_with_another_label_is_found_and_is_no_repetition(parts):
    parts["train"][0][1] = parts["train"][0][0]

    kinds = found(parts)

    assert kinds["labels"].message == "1 pair of equal examples has two labels"
    assert [each.label for each in kinds["labels"].pairs[0]] == ["ant", "bee"]
    assert "duplicates" not in kinds


def test_a_copy_in_one_part_is_a_duplicate(parts):
    parts["train"][0][3] = parts["train"][0][0]

    assert found(parts)["duplicates"].lines() == ["train[0] = train[3]"]


def test_blank_and_nearly_blank_examples_are_found(parts):
    parts["train"][0][5] = 40
    parts["test"][0][2] = noise(1, 9)[0] % 2

    blank = [finding for finding in examine(splits_of(parts)).findings if finding.kind == "blank"]

    assert [(each.message, each.lines()) for each in blank] == [
        ("1 image has one value everywhere", ["train[5]"]),
        ("1 image has hardly any contrast", ["test[2]"]),
    ]


def test_a_class_that_a_part_lacks_is_named(parts):
    parts["validation"] = (parts["validation"][0], parts["validation"][1] % 2)

    missing = found(parts)["missing"]

    assert missing.message == "validation has no examples of 1 of 3 classes: `cat`"


def test_a_label_that_a_part_lacks_is_named(parts):
    parts = {part: (inputs, np.eye(3, dtype=np.uint8)[one]) for part, (inputs, one) in parts.items()}
    parts["test"][1][:, 1] = 0

    missing = found(parts, targets=LabelTargets(class_names=NAMES))["missing"]

    assert missing.message == "test has no examples of 1 of 3 labels: `bee`"


def test_a_group_in_two_parts_is_leakage(parts):
    parts = {
        part: (*own, np.array([f"{part}{row}" for row in range(len(own[1]))], object)) for part, own in parts.items()
    }
    parts["test"][2][:4] = "train7"

    examination = examine(splits_of(parts))

    assert [each.message for each in examination.of(["leakage"])] == ["1 group lies in train and in test: train7"]
    assert (examination.groups.largest, examination.groups.largest_count) == ("train7", 5)


def test_brightness_that_tells_the_class_is_a_shortcut(parts):
    inputs, classes = parts["train"]
    inputs[:] = inputs // 4 + (60 * classes)[:, None, None, None].astype(np.uint8)

    shortcut = found(parts)["shortcut"]

    assert shortcut.message.startswith("brightness alone predicts the class of ")
    assert "(cross-validation on 60 examples)" in shortcut.hint


def test_notes_of_a_source_become_findings_of_their_kind_unless_a_check_finds_the_same():
    notes = [
        Problem("2 images left out", "a.jpg: cut off", kind="broken"),
        Problem("converted to rgb: 1 CMYK"),
        Problem("1 image lies in two of train/ and val/", kind="leakage"),
    ]

    assert [(each.kind, each.message) for each in from_notes(notes)] == [
        ("broken", "2 images left out"),
        ("note", "converted to rgb: 1 CMYK"),
    ]


def test_findings_come_in_the_order_of_their_kinds(parts):
    parts["train"][0][3] = parts["train"][0][0]
    parts["test"][0][4] = parts["train"][0][10]
    notes = (Problem("a note"), Problem("left out", kind="broken"))

    assert list(found(parts, notes=notes)) == ["leakage", "broken", "duplicates", "note"]


def test_train_is_told_of_near_duplicates_between_parts_alone(parts):
    parts["train"][0][3] = parts["train"][0][0]
    parts["test"][0][4] = (parts["train"][0][10] * 0.9).astype(np.uint8)

    [finding] = quick_findings(splits_of(parts))

    assert finding.message == "1 example of test is nearly the same as examples of train"


def test_lengths_of_signals_do_not_count_the_zeros_at_the_end(parts):
    parts = {part: (noise(len(one), 5, (20, 2)).astype(np.float32) + 1, one) for part, (_, one) in parts.items()}
    parts["train"][0][0, 7:] = 0

    examination = examine(splits_of(parts))

    assert examination.inputs["input"].lengths == (7, 20, 20)
    assert ("Input", "lengths from 7 to 20, median 20 positions") in facts(examination)


def test_rows_of_few_numbers_may_be_equal_by_chance(parts):
    rows = np.eye(3, dtype=np.float32)
    parts = {part: (rows[np.arange(len(one)) % 3], one) for part, (_, one) in parts.items()}

    assert found(parts) == {}


@pytest.fixture
def texts():
    """Sentences of eight numbered words, no two alike, by part, with their classes."""
    numbers = iter(range(10_000))
    counts = {"train": 30, "validation": 6, "test": 6}
    return {
        part: ([" ".join(f"word{next(numbers)}" for _ in range(8)) for _ in range(count)], labels(count))
        for part, count in counts.items()
    }


def examined_texts(texts, **options):
    parts = {part: (text_column(sentences), classes) for part, (sentences, classes) in texts.items()}
    return examine(splits_of(parts), **options)


def test_texts_that_differ_in_case_and_punctuation_alone_are_near_duplicates(texts):
    texts["test"][0][2] = f"{texts['train'][0][4].upper()} !"

    [finding] = examined_texts(texts).of(["leakage"])

    assert finding.message == "1 example of test is nearly the same as examples of train"
    assert finding.lines() == ["train[4] ~ test[2]"]


def test_short_texts_may_be_equal_by_chance_and_empty_ones_are_blank(texts):
    texts["train"][0][:4] = ["not bad", "Not bad!", "", " "]

    examination = examined_texts(texts)

    assert [(each.kind, each.message) for each in examination.findings] == [("blank", "2 texts have no words")]


def test_texts_longer_than_what_is_kept_are_counted(texts):
    texts["train"][0][0] += " and more"

    examination = examined_texts(texts, longest={"input": 7})

    assert examination.inputs["input"].lengths == (8, 8, 10)
    assert "42 texts (100%) have more than 7 words: the rest is cut off" in [
        each.message for each in examination.findings
    ]
    assert examined_texts(texts, longest={"input": 8}).of(["cut"]) == []


def test_ignored_files_come_with_the_source_that_reads_them():
    note = Problem("2 files are not an image, not used: a/readme.txt, a/table.csv", kind="ignored")

    [finding] = from_notes([note])

    assert "text_folder" in finding.hint
    assert "csv" in finding.hint


def test_of_many_examples_some_are_compared_and_their_copies_are_found(parts, monkeypatch):
    parts["test"][0][11] = (parts["train"][0][59] * 0.9).astype(np.uint8)
    monkeypatch.setattr(near_duplicates.sample_of, "__defaults__", (42,))

    examination = examine(splits_of(parts))

    assert examination.compared == 42
    assert [finding.lines() for finding in examination.of(["leakage"])] == [["train[59] ~ test[11]"]]


def people(parts):
    targets = IdentityTargets(names=("Ann", "Bob", "Cid", "Dan"), identities=4)
    made = splits_of(parts, targets)
    return {finding.kind: finding for finding in examine(made).findings}


def test_a_picture_of_two_people_is_a_conflict_of_labels():
    pictures = noise(40, 0)
    pictures[17] = pictures[3]
    parts = {
        "train": (pictures, np.arange(40, dtype=np.int32) % 2),
        "validation": (noise(8, 1), np.full(8, 2, np.int32)),
    }
    parts["test"] = noise(8, 2), np.full(8, 3, np.int32)
    assert people(parts).keys() == {"duplicates"}  # both are of Bob
    parts["train"][1][17] = 0
    conflict = people(parts)["labels"]
    assert conflict.message == "1 pair of equal examples has two identities"


def test_people_with_one_picture_are_named_in_their_part():
    train = np.array([0] * 20 + [1] * 19 + [2], np.int32)
    parts = {"train": (noise(40, 0), train), "validation": (noise(8, 1), np.full(8, 3, np.int32))}
    parts["test"] = noise(8, 2), np.full(8, 3, np.int32)
    assert people(parts)["missing"].message == "1 identity of 3 in train has one example only: `Cid`"


def test_training_tells_once_of_a_group_in_two_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CNNCLI_CACHE", str(tmp_path / "cache"))
    rows = [
        f"{number / 7},{'ab'[number % 2]},p{number % 5},{'test' if number > 20 else 'train'}" for number in range(30)
    ]
    (tmp_path / "rows.csv").write_text("\n".join(["x,y,who,part", *rows]))
    source = {"csv": {"path": str(tmp_path / "rows.csv"), "numbers": "x", "label": "y"}}
    split = {"column": "part", "group": "who"}
    data = Data.model_validate({"source": source, "split": split, "allow_leakage": True})
    splits = load(data)

    told = [note.message for note in (*splits.notes, *data_problems(data, splits)) if "p1" in note.message]

    assert told == ["5 groups of `who` stand in train and in test: p0, p1, p2, p3, p4"]
