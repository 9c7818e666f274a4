"""What is named for a network with several inputs: archives, a file for each input, tables of files."""

import numpy as np
import pytest
from PIL import Image

from cnncli.errors import DataError
from cnncli.inference.several_inputs import look_up_several

SHAPES = {"scan": (4, 4, 1), "vital": (2,), "age": (1,)}
SCANS = np.arange(5 * 16, dtype=np.uint8).reshape(5, 4, 4)
VITALS = np.arange(10, dtype=np.float32).reshape(5, 2)
AGES = np.arange(5, dtype=np.float32)[:, None]


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def read(*arguments, by_input=(), size=3):
    given = look_up_several(arguments, by_input, SHAPES, model="run")
    batches = list(given.batches(size))
    names = [str(name) for batch in batches for name in batch.names]
    inputs = {name: np.concatenate([batch.inputs[name] for batch in batches]) for name in SHAPES}
    return names, inputs, [f"{bad.name}: {bad.reason}" for batch in batches for bad in batch.bad]


def problems(*arguments, by_input=()):
    with pytest.raises(DataError) as error:
        look_up_several(arguments, by_input, SHAPES, model="run")
    return [(problem.message, problem.hint) for problem in error.value.problems]


@pytest.mark.parametrize("prefix", ["", "x_", "x_test_", "x_val_", "x_train_"])
def test_archive_has_an_array_for_each_input(prefix):
    np.savez("a.npz", **{f"{prefix}scan": SCANS, f"{prefix}vital": VITALS, f"{prefix}age": AGES})

    names, inputs, bad = read("a.npz")
    assert names == [f"a.npz[{index}]" for index in range(5)]
    np.testing.assert_array_equal(inputs["scan"], SCANS[..., None])
    np.testing.assert_array_equal(inputs["vital"], VITALS)
    assert bad == []


def test_example_is_bad_where_one_input_is():
    vitals = VITALS.copy()
    vitals[3, 0] = np.nan
    np.savez("a.npz", x_scan=SCANS, x_vital=vitals, x_age=AGES)

    names, inputs, bad = read("a.npz")
    assert names == ["a.npz[0]", "a.npz[1]", "a.npz[2]", "a.npz[4]"]
    np.testing.assert_array_equal(inputs["scan"], SCANS[[0, 1, 2, 4], ..., None])
    assert bad == ["a.npz[3]: vital: holds NaN or infinite values"]


def test_files_for_each_input_are_read_in_step():
    np.save("s.npy", SCANS)
    np.save("v.npy", VITALS)
    np.save("a.npy", AGES)

    names, inputs, _ = read(by_input=["age=a.npy", "scan=s.npy", "vital=v.npy"])
    assert names == [f"s.npy[{index}]" for index in range(5)]
    np.testing.assert_array_equal(inputs["age"], AGES)


def test_folder_of_images_is_an_input(tmp_path):
    folder = tmp_path / "scans"
    folder.mkdir()
    for index in range(5):
        Image.fromarray(SCANS[index]).save(folder / f"{index}.png")
    np.save("v.npy", VITALS)
    np.save("a.npy", AGES)

    names, inputs, _ = read(by_input=["scan=scans", "vital=v.npy", "age=a.npy"])
    assert names == [f"scans/{index}.png" for index in range(5)]
    np.testing.assert_array_equal(inputs["scan"], SCANS[..., None])


def test_table_has_files_and_numbers(tmp_path):
    (tmp_path / "deep").mkdir()
    Image.fromarray(SCANS[0]).save("deep/0.png")
    np.save("deep/1.npy", SCANS[1])
    rows = ["age,scan,vital_0,vital_1", "7,0.png,1,2", "8,1.npy,3,4", "9,2.npy,5,6", "x,0.png,7,8"]
    (tmp_path / "deep/t.csv").write_text("\n".join(rows))

    names, inputs, bad = read("deep/t.csv")
    assert names == ["deep/t.csv[0]", "deep/t.csv[1]"]
    np.testing.assert_array_equal(inputs["scan"], SCANS[:2, ..., None])
    np.testing.assert_array_equal(inputs["vital"], [[1, 2], [3, 4]])
    np.testing.assert_array_equal(inputs["age"], [[7], [8]])
    assert bad == [
        "deep/t.csv[2]: scan: there is no file deep/2.npy",
        "deep/t.csv[3]: age: age is `x`, not a number",
    ]


def test_archive_that_lacks_an_array_of_a_split_is_not_read_from_another_split():
    np.savez("a.npz", x_val_scan=SCANS, x_val_vital=VITALS, x_val_age=AGES, x_test_scan=SCANS, x_test_vital=VITALS)

    [(message, hint)] = problems("a.npz")
    assert message == "a.npz does not have an array for each input"
    assert hint.endswith("the names are x_test_scan, x_test_vital, x_test_age")


def test_mistakes_of_files_are_told():
    np.savez("a.npz", x_scan=SCANS, x_vital=VITALS)
    np.savez("short.npz", x_scan=SCANS, x_vital=VITALS[:4], x_age=AGES)
    np.savez("shape.npz", x_scan=SCANS, x_vital=AGES, x_age=AGES)
    Image.fromarray(SCANS[0]).save("0.png")
    with open("t.csv", "w", encoding="utf-8") as file:
        file.write("scan,age\n0.png,1\n")

    told = problems("a.npz", "short.npz", "shape.npz", "0.png", "t.csv", "nothing.npz")
    assert [message for message, _ in told] == [
        "a.npz does not have an array for each input",
        "short.npz: scan has 5 examples and vital has 4 examples and age has 5 examples",
        "x_vital: model expects 2, the data is 1",
        "0.png: run takes several inputs (scan, vital, age)",
        "t.csv has no column `vital_0`, `vital_1`",
        "nothing.npz: no such file",
    ]
    assert "--input scan=FILE --input vital=FILE --input age=FILE" in told[3][1]


@pytest.mark.parametrize(
    ("by_input", "message"),
    [
        (["scan=s.npy"], "no file is given for vital, age"),
        (["scan"], "--input scan: expected NAME=FILE"),
        (["scam=s.npy"], "--input: no input is named `scam`"),
        (["scan=s.npy", "scan=s.npy"], "--input: `scan` is given twice"),
    ],
)
def test_mistakes_of_names_are_told(by_input, message):
    np.save("s.npy", SCANS)

    assert [each for each, _ in problems(by_input=by_input)] == [message]


def test_file_of_one_input_beside_an_archive_says_what_to_leave_out():
    np.save("s.npy", SCANS)
    np.savez("all.npz", x_scan=SCANS, x_vital=VITALS, x_age=AGES)

    [(message, hint)] = problems("all.npz", by_input=["scan=s.npy"])
    assert message == "no file is given for vital, age"
    assert hint.endswith("; or leave out --input: all inputs are read from all.npz")
