"""predictions.csv, for people and for programs."""

import csv
import io

import numpy as np
import pytest

from cnncli.tasks.classification import predictions
from cnncli.tasks.classification.probabilities import are_probabilities, of_the_predicted
from cnncli.tasks.predictions_csv import cell_text
from cnncli.tasks.spooled_rows import SpooledRows


def to_csv(labels, predicted, outputs, names, *, files=None):
    confidence = of_the_predicted(outputs, predicted) if are_probabilities(outputs) else None
    lines = predictions.to_csv(labels, predicted, confidence, SpooledRows.of(outputs), names, files=files)
    return "".join(lines)


def rows_of(text):
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_a_row_an_example():
    outputs = np.array([[0.25, 0.75], [0.875, 0.125]], np.float32)
    assert to_csv(np.array([1, 1]), np.array([1, 0]), outputs, ["cat", "dog"]) == (
        "example,true,predicted,probability,output_0,output_1\n0,dog,dog,0.75,0.25,0.75\n1,dog,cat,0.875,0.875,0.125\n"
    )


def test_one_output_is_the_probability_of_the_second_class():
    rows = rows_of(to_csv(np.array([0, 1]), np.array([0, 1]), np.array([[0.25], [0.75]]), ["no", "yes"]))
    assert [(row["probability"], row["output_0"]) for row in rows] == [("0.75", "0.25"), ("0.75", "0.75")]


def test_files_are_named_where_they_are_known():
    text = to_csv(np.array([0]), np.array([0]), np.array([[1.0, 0]]), ["a", "b"], files=["a/1, b.png"])
    assert rows_of(text)[0]["file"] == "a/1, b.png"
    assert text.startswith("example,true,predicted,probability,file,output_0,output_1\n")


@pytest.mark.parametrize(("classes", "columns"), [(100, 104), (101, 4)])
def test_outputs_of_many_classes_are_left_out(classes, columns):
    text = to_csv(np.array([0]), np.array([0]), np.full((1, classes), 0.01), [str(i) for i in range(classes)])
    assert len(text.splitlines()[0].split(",")) == columns


def test_scores_that_are_no_probabilities_are_not_called_so():
    rows = rows_of(to_csv(np.array([0]), np.array([0]), np.array([[3.5, -1.0]]), ["a", "b"]))
    assert (rows[0]["probability"], rows[0]["output_0"]) == ("", "3.5")


@pytest.mark.parametrize(
    "name", ["=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(A1)", "\tx", "\rx", " =1+1", "\n=1", "-x", "+"]
)
def test_what_a_spreadsheet_would_compute_is_text(name):
    rows = rows_of(to_csv(np.array([0]), np.array([1]), np.array([[0.4, 0.6]]), ["cat", name], files=[name]))
    visible = name.replace("\t", "\\t").replace("\r", "\\r").replace("\n", "\\n")
    assert rows[0]["predicted"] == rows[0]["file"] == "'" + visible


@pytest.mark.parametrize("name", ["cat", "-1", "+1.5", "a=b", "", "naïve", "日本", "a, b", 'say "x"'])
def test_every_other_name_is_as_it_is(name):
    assert cell_text(name) == name
    assert rows_of(to_csv(np.array([0]), np.array([0]), np.array([[1.0, 0]]), [name, "b"]))[0]["true"] == name


@pytest.mark.parametrize(
    ("name", "visible"),
    [
        ("\x1b[31mred", "\\x1b[31mred"),  # an escape sequence
        ("a\x9b31m", "a\\x9b31m"),  # the same in one character
        ("two\nlines", "two\\nlines"),
        ("a\rb", "a\\rb"),
        ("gpj\u202e.png", "gpj\\u202e.png"),  # turns the direction of writing
    ],
)
def test_control_characters_in_a_name_are_visible(name, visible):
    rows = rows_of(to_csv(np.array([0]), np.array([0]), np.array([[1.0, 0]]), [name, "b"], files=[name]))
    assert rows[0]["true"] == rows[0]["predicted"] == rows[0]["file"] == visible


def test_a_file_name_that_is_no_utf_8_is_written_as_an_escape():
    text = to_csv(np.array([0]), np.array([0]), np.array([[1.0, 0]]), ["a", "b"], files=["a/\udcff.png"])
    assert rows_of(text)[0]["file"] == "a/\\udcff.png"
    text.encode()
