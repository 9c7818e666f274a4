"""Folders of texts: classes, parts, files that cannot be read, copies, and files that are left out."""

from __future__ import annotations

from pathlib import Path

import pytest

from cnncli.data.columns import as_array
from cnncli.data.load import load, parse_source
from cnncli.errors import DataError
from cnncli.recipe.schema_data import Data

LONG = "one two three four five"


def write(root: Path, files: dict[str, str | bytes]) -> Path:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


def read(root: Path, **keys):
    return load(Data.model_validate({"source": {"text_folder": {"path": str(root)}}, **keys}))


def parts(begin: str = "") -> dict[str, str | bytes]:
    return {
        f"{part}/{name}/{number}.txt": f"{begin}{part} {name} {number}"
        for part in ("train", "val", "test")
        for name in ("ham", "spam")
        for number in range(2)
    }


def error(root: Path, **keys) -> str:
    with pytest.raises(DataError) as caught:
        read(root, **keys)
    return str(caught.value)


def test_each_file_is_an_example_and_its_folder_is_its_class(tmp_path):
    splits = read(write(tmp_path, parts()))

    assert as_array(splits.train.input).tolist() == ["train ham 0", "train ham 1", "train spam 0", "train spam 1"]
    assert splits.train.labels.tolist() == [0, 0, 1, 1]
    assert splits.train.files == ("train/ham/0.txt", "train/ham/1.txt", "train/spam/0.txt", "train/spam/1.txt")
    assert (splits.targets.class_names, splits.input_shape) == (("ham", "spam"), ())
    assert as_array(splits.test.input).tolist()[0] == "test ham 0"


def test_folders_of_classes_alone_are_split(tmp_path):
    write(tmp_path, {f"{name}/{number}.txt": f"{name} {number}" for name in ("a", "b") for number in range(10)})

    assert [len(part.examples) for part in read(tmp_path).parts] == [16, 2, 2]


def test_examples_without_labels_are_no_class(tmp_path):
    write(tmp_path, {**parts(), "train/unsup/0.txt": "a text without a label"})

    splits = read(tmp_path)

    assert splits.targets.class_names == ("ham", "spam")
    assert "not used, because its examples have no labels: train/unsup/" in [note.message for note in splits.notes]


def test_class_called_unlabeled_that_all_parts_have_is_one(tmp_path):
    write(tmp_path, {**parts(), **{f"{part}/unlabeled/0.txt": f"{part} 9" for part in ("train", "val", "test")}})

    assert read(tmp_path).targets.class_names == ("ham", "spam", "unlabeled")


def test_numbered_parts_without_class_folders_are_no_classes(tmp_path):
    write(tmp_path, {f"{part}/{number}.txt": f"{part} {number}" for part in ("train", "test1") for number in range(4)})

    assert f"no class folders in {tmp_path / 'train'}" in error(tmp_path)


def test_classes_in_the_names_of_files_are_found_and_the_command_that_moves_them(tmp_path):
    write(tmp_path, {f"{name}.{number}.txt": f"{name} {number}" for name in ("cat", "dog") for number in range(3)})

    message = error(tmp_path)

    assert "if names begin with their class (cat 3, dog 3), move the files: mkdir cat && mv cat[._-]* cat/" in message


def test_byte_order_mark_and_white_space_around_a_text_do_not_count(tmp_path):
    splits = read(write(tmp_path, {**parts(), "train/ham/0.txt": b"\xef\xbb\xbf caf\xc3\xa9 \r\n"}))

    assert splits.train.input.read([0]).tolist() == ["café"]


def test_files_that_are_no_text_are_reported_at_once_with_their_byte(tmp_path):
    write(
        tmp_path,
        {**parts(), "train/ham/0.txt": b"caf\xe9", "val/spam/1.txt": b"\xef\xbb\xbfab\xff", "test/ham/0.txt": b"\0"},
    )

    assert error(tmp_path) == (
        "3 of 12 texts cannot be read\n"
        "    train/ham/0.txt: byte 3 (0xe9) is not UTF-8\n"
        "    val/spam/1.txt: byte 5 (0xff) is not UTF-8\n"
        "    test/ham/0.txt: holds a NUL character, which is no text\n"
        "    save them as UTF-8, for example with `iconv -f latin1 -t utf-8`"
    )


def test_other_files_and_empty_texts_are_named(tmp_path):
    splits = read(
        write(tmp_path, {**parts(), "train/ham/readme.md": "x", "train/notes.txt": "x", "test/ham/0.txt": " \n"})
    )

    assert [note.message for note in splits.notes] == [
        "1 file is in no class folder, not used: train/notes.txt",
        "1 file is not a text, not used: train/ham/readme.md",
        "1 text is empty: test/ham/0.txt",
    ]


def test_same_text_in_two_parts_is_an_error_unless_it_is_allowed(tmp_path):
    write(tmp_path, {**parts(), "train/ham/0.txt": LONG, "test/ham/1.txt": f"{LONG}\n"})

    assert error(tmp_path) == (
        "1 text lies in two of train/, val/ and test/\n"
        "    train/ham/0.txt = test/ham/1.txt\n"
        "    remove them from one of the two, or allow them: `allow_leakage: true` in `data`"
    )
    assert "1 text lies in two of" in read(tmp_path, allow_leakage=True).notes[0].message


def test_texts_of_few_words_may_be_equal(tmp_path):
    write(tmp_path, {**parts(), "train/ham/0.txt": "very good", "test/ham/1.txt": "very good"})

    assert read(tmp_path).notes == ()


def test_copies_of_a_text_go_into_the_same_part(tmp_path):
    files = {f"{name}/{number}.txt": f"{name} {number // 5} {LONG}" for name in ("a", "b") for number in range(50)}
    splits = read(write(tmp_path, files))
    texts = [set(as_array(part.examples.input)) for part in splits.parts]

    assert not texts[0] & texts[1]
    assert not texts[0] & texts[2]
    assert splits.notes[0].message == "20 texts are there more than once"


def test_folder_of_texts_is_recognized_on_the_command_line(tmp_path):
    write(tmp_path / "texts", parts())
    write(tmp_path / "mixed", {**parts(), "train/ham/1.png": "x"})

    assert parse_source(str(tmp_path / "texts")).word == "text_folder"
    assert parse_source(str(tmp_path / "mixed")).word == "image_folder"


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"a/1.md": "x"}, "no texts in {}\n    it holds 1 folder (a)"),
        ({"1.txt": "x"}, "no class folders in {}\n    it holds 1 file (1 .txt)\n"
         "    each class needs a folder of its own: {}/spam/1.txt"),
        ({"a/1.txt": "x", "b/1.md": "x"}, "no text in b/ that can be used\n    add texts, or remove the folder"),
    ],
)  # fmt: skip
def test_folders_without_texts_are_refused(tmp_path, files, message):
    assert error(write(tmp_path, files)) == message.replace("{}", str(tmp_path))


# ---- a file of lines for each class


def test_file_of_lines_is_a_class_and_each_line_a_text(tmp_path):
    files = {
        f"{part}/{name}.txt": f"{part} {name} 0\r\n\n  {part} {name} 1  \n"
        for part in ("train", "dev", "test")
        for name in ("neg", "pos")
    }
    splits = read_lines(write(tmp_path, {**files, "train/README.md": "about", "train/.hidden": "x"}))

    assert as_array(splits.train.input).tolist() == ["train neg 0", "train neg 1", "train pos 0", "train pos 1"]
    assert splits.train.labels.tolist() == [0, 0, 1, 1]
    assert as_array(splits.validation.input).tolist()[0] == "dev neg 0"
    assert splits.targets.class_names == ("neg", "pos")


def test_endings_are_the_classes_where_they_tell_the_files_apart(tmp_path):
    lines = "".join(f"caf\u00e9 {number}\n" for number in range(10)).encode("latin-1")
    write(tmp_path, {"rt.neg": lines, "rt.pos": lines.replace(b"caf", b"bar")})

    splits = read_lines(tmp_path, encoding="latin-1")

    assert splits.targets.class_names == ("neg", "pos")
    assert sorted(as_array(splits.train.input).tolist())[0] == "bar\u00e9 0"


def test_lines_in_another_encoding_are_named(tmp_path):
    write(tmp_path, {"neg.txt": "one\ntwo\n", "pos.txt": b"one\ncaf\xe9\n"})

    with pytest.raises(DataError) as caught:
        read_lines(tmp_path)

    [problem] = caught.value.problems
    assert (problem.message, problem.place.line) == ("byte 0xe9 is not UTF-8", 2)


def test_one_file_of_lines_is_no_classification(tmp_path):
    with pytest.raises(DataError, match="has 1 file of texts"):
        read_lines(write(tmp_path, {"all.txt": "one\n"}))


def read_lines(root: Path, **settings):
    source = {"text_folder": {"path": str(root), "lines": True, **settings}}
    return load(Data.model_validate({"source": source}))
