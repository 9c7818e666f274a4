"""Python that reads tables and texts: run on files, it gives the arrays that training takes."""

import csv
import os
import re
from pathlib import Path

import numpy as np
import pytest

from cnncli.conversion.rows_in_code import rows_code, unwritten_rows
from cnncli.recipe.load import load

MODEL = "model: {layers: [Dense: {units: $classes, activation: softmax}]}\n"


def recipe_of(folder, data):
    (folder / "r.yaml").write_text(f"data: {{source: {data}}}\n{MODEL}")
    return load(str(folder / "r.yaml")).recipe


def run(rows):
    module = {"np": np, "csv": csv, "os": os, "Path": Path, "re": re, "fnmatchcase": __import__("fnmatch").fnmatchcase}
    exec("\n".join([*rows.functions, *rows.lines]), module)
    return module


def test_sentences_of_a_table_and_the_numbers_of_their_classes(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("t.csv").write_text('review,kind\n"good, really",yes\nbad,no\n')

    found = run(rows_code(recipe_of(tmp_path, "{csv: {path: t.csv, text: review, label: kind}}")))

    assert found["x"].tolist() == ["good, really", "bad"]
    assert found["y"].tolist() == [1, 0]


def test_numbers_of_a_table_by_glob_in_their_shape(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("t.tsv").write_text("kind\tt0\tt1\nyes\t1\t2\nno\t3\t4\n")

    found = run(rows_code(recipe_of(tmp_path, '{tsv: {path: t.tsv, numbers: "*", shape: [2, 1], label: kind}}')))

    assert found["x"].tolist() == [[[1], [2]], [[3], [4]]]
    assert found["x"].dtype == np.float32


@pytest.mark.parametrize("cell", ["1 2 3 4", "[1, 2, 3, 4]", "1|2|3|4"])
def test_numbers_in_one_cell_in_their_shape(tmp_path, monkeypatch, cell):
    monkeypatch.chdir(tmp_path)
    Path("t.csv").write_text(f'kind,pixels\nyes,"{cell}"\nno,"5 6 7 8"\n')

    found = run(rows_code(recipe_of(tmp_path, "{csv: {path: t.csv, numbers: pixels, shape: [2, 2, 1], label: kind}}")))

    assert found["x"].tolist() == [[[[1], [2]], [[3], [4]]], [[[5], [6]], [[7], [8]]]]


def test_texts_of_several_columns_are_joined(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("t.csv").write_text("title,text,kind\n a title ,a text,yes\n,alone,no\n")

    found = run(rows_code(recipe_of(tmp_path, "{csv: {path: t.csv, text: [title, text], label: kind}}")))

    assert found["x"].tolist() == ["a title a text", "alone"]


def test_folder_of_texts(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, text in (("b/1.txt", "bad\n"), ("a/2.txt", "\ufeffgood"), ("a/notes.md", "no text")):
        Path("f", name).parent.mkdir(parents=True, exist_ok=True)
        Path("f", name).write_text(text)

    found = run(rows_code(recipe_of(tmp_path, "{text_folder: {path: f}}")))

    assert found["x"].tolist() == ["good", "bad"]
    assert found["y"].tolist() == [0, 1]


def test_packaged_sentences_bring_their_parts(tmp_path):
    rows = rows_code(recipe_of(tmp_path, "sentences-sample"))
    found = run(rows)

    assert rows.parts == ("train", "test")
    assert (len(found["x_train"]), len(found["x_test"])) == (6000, 1500)
    assert sorted(set(found["y_test"].tolist())) == [0, 1, 2]


@pytest.mark.parametrize(
    ("settings", "keys"),
    [
        ("image: file, image_size: [8, 8]", ["image_size", "image"]),
        ("numbers: t0:t9", ["numbers"]),
        ("text: review, test: other.csv", ["test"]),
    ],
)
def test_what_has_no_python_is_refused_by_its_key(tmp_path, settings, keys):
    found = recipe_of(tmp_path, f"{{csv: {{path: t.csv, label: kind, {settings}}}}}")

    assert [path[-1] for path in unwritten_rows(found)] == keys
