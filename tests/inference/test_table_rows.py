"""Rows of a table as examples for a prediction, by the columns that the recipe of the model names."""

import csv

import numpy as np
import pytest
from PIL import Image

from cnncli.inference.inputs import look_up
from cnncli.recipe.sources.table import InputColumns

NUMBERS = InputColumns(numbers="t*")
PHOTOS = InputColumns(image="file")


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def write(name, *rows):
    with open(name, "w", newline="") as file:
        csv.writer(file).writerows(rows)


def read(columns, shape=(3,), size=2):
    """The names of the examples, their values, and what is wrong."""
    given = look_up(["a.csv"], columns)
    batches = list(given.batches(size, input_shape=shape, form=None))
    values = [batch.inputs for batch in batches if batch.names]
    bad = [*given.bad, *(each for batch in batches for each in batch.bad)]
    names = [str(name) for batch in batches for name in batch.names]
    return names, np.concatenate(values) if values else None, [f"{each.name}: {each.reason}" for each in bad]


def test_numbers_are_taken_from_their_columns_in_natural_order():
    write("a.csv", ["t10", "who", "t2", "t1"], ["3", "Ada", "2", "1"], ["6", "Bo", "5", "4"], ["9", "", "8", "7"])

    names, values, bad = read(NUMBERS)

    assert (names, bad) == (["a.csv[0]", "a.csv[1]", "a.csv[2]"], [])
    assert values.tolist() == [[1, 2, 3], [4, 5, 6], [7, 8, 9]]


def test_wrong_rows_are_told_and_the_others_are_read():
    write("a.csv", ["t1", "t2", "t3"], ["1", "2", "x"], ["1", "2", "3"], ["1", "2"])

    names, values, bad = read(NUMBERS, shape=(3, 1))

    assert (names, values.shape) == (["a.csv[1]"], (1, 3, 1))
    assert bad == ["a.csv[0]: line 2: t3 is `x`, not a number", "a.csv:4: 2 fields, and the table has 3 columns"]


def test_table_without_the_columns_is_told():
    write("a.csv", ["who"], ["Ada"])

    assert read(NUMBERS)[2] == ["a.csv: no column of a.csv matches `t*`"]


def test_other_number_of_columns_is_told():
    write("a.csv", ["t1", "t2"], ["1", "2"])

    assert read(NUMBERS)[2] == ["a.csv: 2 columns are selected, and the model takes 3 numbers"]


def test_table_of_numbers_without_names_is_read_as_it_stands():
    write("a.csv", ["1", "2", "3"], ["4", "5", "6"])

    assert read(NUMBERS)[1].tolist() == [[1, 2, 3], [4, 5, 6]]


def test_files_of_a_column_are_looked_for_beside_the_table():
    Image.fromarray(np.zeros((4, 4, 3), np.uint8)).save("1.png")
    write("a.csv", ["who", "file"], ["Ada", "1.png"], ["Bo", "none.png"], ["Cy", ""])

    given = look_up(["a.csv"], PHOTOS)

    assert [(file.path, file.kind) for file in given.files] == [("1.png", "image")]
    assert [f"{each.name}: {each.reason}" for each in given.bad] == [
        "a.csv:3: none.png is not there (paths count from the table)",
        "a.csv:4: file is empty",
    ]


def test_parquet_is_read_too():
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    parquet.write_table(arrow.table({"t1": [1, 4], "t2": [2.0, None], "t3": [3, 6]}), "a.csv")

    names, values, bad = read(NUMBERS)

    assert (names, values.tolist(), bad) == (["a.csv[0]"], [[1, 2, 3]], ["a.csv[1]: line 2: t2 is empty"])
