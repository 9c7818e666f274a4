"""Files named on the command line."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st
from pictures import noise, save
from PIL import Image

from cnncli.data.images import Form
from cnncli.inference.batch import Name
from cnncli.inference.inputs import look_up
from cnncli.recipe.sources.table import Table

FORM = Form(6, 8)


@pytest.fixture(autouse=True)
def _here(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)


def read(*arguments, shape=(6, 8, 3), size=4):
    """Everything that is read: names, inputs of all good ones, the reasons of the bad ones by name."""
    found = look_up(arguments)
    batches = list(found.batches(size, input_shape=shape, form=FORM))
    names = [str(name) for batch in batches for name in batch.names]
    inputs = [batch.inputs for batch in batches if batch.names]
    bad = {str(each.name): each.reason for each in (*found.bad, *(bad for batch in batches for bad in batch.bad))}
    assert all(len(batch.names) == len(batch.inputs) <= size for batch in batches if batch.names)
    return names, np.concatenate(inputs) if inputs else None, bad


def pictures(*names: str) -> None:
    for seed, name in enumerate(names):
        save(Path(name), noise(8, 6, seed=seed))


# Images


def test_images_come_in_the_order_of_the_arguments_and_folders_sorted():
    pictures("b.png", "f/z.png", "f/sub/a.png", "f/B.jpg", "a.png")
    names, inputs, bad = read("b.png", "f", "a.png")

    assert names == ["b.png", "f/B.jpg", "f/sub/a.png", "f/z.png", "a.png"]
    assert (inputs.shape, inputs.dtype, bad) == ((5, 6, 8, 3), np.uint8, {})
    np.testing.assert_array_equal(inputs[0], np.asarray(noise(8, 6, seed=0)))


def test_batches_go_over_files_and_folders():
    pictures(*(f"f/{n}.png" for n in range(5)), "a.png")
    batches = list(look_up(["f", "a.png"]).batches(4, input_shape=(6, 8, 3), form=FORM))

    assert [len(batch.names) for batch in batches] == [4, 2]


def test_broken_image_is_named_and_the_others_are_read():
    pictures("1.png", "2.png", "3.png")
    Path("2.png").write_bytes(Path("2.png").read_bytes()[:60])
    Path("0.png").write_bytes(b"")
    names, inputs, bad = read("0.png", "1.png", "2.png", "3.png")

    assert names == ["1.png", "3.png"]
    assert len(inputs) == 2
    assert bad["0.png"] == "empty (0 bytes)"
    assert bad["2.png"].startswith("damaged")


def test_what_is_no_image_in_a_folder_is_left_aside_with_a_note():
    pictures("f/1.png")
    Path("f/notes.txt").write_text("x")
    Path("f/.hidden.png").write_text("x")
    found = look_up(["f"])

    assert [file.path for file in found.files] == ["f/1.png"]
    assert [note.message for note in found.notes] == ["1 file is not an image, not used: f/notes.txt"]


def test_image_is_known_by_its_first_bytes():
    pictures("1.png")
    os.rename("1.png", "picture")

    assert read("picture")[0] == ["picture"]


def test_folder_without_images_and_missing_files_are_reported_with_what_is_there():
    Path("empty").mkdir()
    pictures("photo.png")
    found = look_up(["empty", "phto.png", "photo.png"])

    assert [(str(bad.name), bad.reason) for bad in found.bad] == [
        ("empty", "no images in this folder"),
        ("phto.png", "no such file"),
    ]
    assert "did you mean `photo.png`?" in found.bad[1].hint
    assert len(found.files) == 1


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
@pytest.mark.parametrize("name", ["pipe.png", "pipe.csv", "pipe.npz", "pipe"])
def test_pipe_is_not_waited_for(name):
    os.mkfifo(name)

    assert read(name)[2] == {name: "not a regular file"}


def test_link_back_into_the_folder_is_not_followed():
    pictures("f/1.png")
    os.symlink(".", "f/again")

    assert read("f")[0] == ["f/1.png"]


# Arrays


def test_examples_of_archives_and_arrays_are_numbered():
    values = np.arange(5 * 6 * 8, dtype=np.uint8).reshape(5, 6, 8)
    np.savez("a.npz", x=values, y=np.zeros(5))
    np.save("b.npy", values[:2])
    names, inputs, bad = read("a.npz", "b.npy", shape=(6, 8, 1))

    assert names == [*(f"a.npz[{n}]" for n in range(5)), "b.npy[0]", "b.npy[1]"]
    np.testing.assert_array_equal(inputs, np.concatenate([values, values[:2]])[..., None])
    assert bad == {}


@pytest.mark.parametrize("shape", [(6, 8), (6, 8, 1), (1, 6, 8), (1, 6, 8, 1)])
def test_single_example_may_stand_alone(shape):
    np.save("one.npy", np.ones(shape, np.uint8))

    assert read("one.npy", shape=(6, 8, 1))[0] == ["one.npy[0]"]


def test_numbers_become_float32_and_bytes_stay():
    np.save("a.npy", np.ones((2, 6, 8, 3), np.int64) * 300)
    np.save("b.npy", np.ones((2, 6, 8, 3), np.uint8))

    assert read("a.npy")[1].dtype == np.float32
    assert read("b.npy")[1].dtype == np.uint8


def test_example_with_nan_is_named_and_the_others_are_read():
    values = np.zeros((6, 4), np.float64)
    values[1, 2], values[5, 0] = np.nan, 1e300
    np.save("a.npy", values)
    names, inputs, bad = read("a.npy", shape=(4,))

    assert names == ["a.npy[0]", "a.npy[2]", "a.npy[3]", "a.npy[4]"]
    assert np.isfinite(inputs).all()
    assert bad == {"a.npy[1]": "holds NaN or infinite values", "a.npy[5]": "holds NaN or infinite values"}


def test_one_array_of_any_name_will_do_and_of_several_x_test():
    np.savez("one.npz", pictures=np.zeros((1, 4)))
    np.savez("parts.npz", x_train=np.zeros((3, 4)), x_test=np.zeros((2, 4)))
    np.savez("two.npz", a=np.zeros((1, 4)), b=np.zeros((1, 4)))
    names, _, bad = read("one.npz", "parts.npz", "two.npz", shape=(4,))

    assert names == ["one.npz[0]", "parts.npz[0]", "parts.npz[1]"]
    assert "not clear" in bad["two.npz"]


def test_arrays_that_do_not_fit_are_reported_with_both_shapes():
    np.save("wide.npy", np.zeros((2, 32, 32, 3), np.uint8))
    np.save("text.npy", np.array(["a", "b"]))
    np.save("none.npy", np.zeros((0, 6, 8, 3)))
    _, inputs, bad = read("wide.npy", "text.npy", "none.npy")

    assert inputs is None
    assert bad["wide.npy"] == "model expects 6x8x3, the data is 32x32x3"
    assert bad["text.npy"] == "model expects 6x8x3, the data is a text"
    assert "empty" in bad["none.npy"]


def test_arrays_that_run_code_or_lie_are_refused():
    np.save("objects.npy", np.array([{}], dtype=object), allow_pickle=True)
    whole = np.lib.format.magic(1, 0)
    header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (1000000, 1000000), }".ljust(117) + b"\n"
    Path("large.npy").write_bytes(whole + len(header).to_bytes(2, "little") + header + b"\0" * 16)
    Path("cut.npy").write_bytes(whole)
    Path("cut.npz").write_bytes(b"PK\3\4half")
    _, _, bad = read("objects.npy", "large.npy", "cut.npy", "cut.npz")

    assert "Python objects" in bad["objects.npy"]
    assert "takes 4,000,000,000,000 bytes, it holds 16" in bad["large.npy"]
    assert bad["cut.npy"]
    assert bad["cut.npz"].startswith("cut off or damaged")


# Tables


def test_row_is_an_example_as_its_numbers_stand():
    Path("a.csv").write_text("1,2,3,4\n5,6,7,8.5\n")
    names, inputs, bad = read("a.csv", shape=(2, 2, 1))

    assert names == ["a.csv[0]", "a.csv[1]"]
    np.testing.assert_array_equal(inputs[..., 0], [[[1, 2], [3, 4]], [[5, 6], [7, 8.5]]])
    assert (inputs.dtype, bad) == (np.float32, {})


@pytest.mark.parametrize(
    "text", ["a,b,c,d\n1,2,3,4\n", "1;2;3;4\n", "1\t2\t3\t4\n", "\ufeff1,2,3,4\r\n\r\n", '"1","2","3","4"']
)
def test_titles_other_delimiters_and_empty_lines_are_understood(text):
    Path("a.csv").write_text(text, encoding="utf-8", newline="")
    names, inputs, bad = read("a.csv", shape=(4,))

    assert (names, inputs.tolist(), bad) == (["a.csv[0]"], [[1, 2, 3, 4]], {})


def test_wrong_rows_are_named_by_line_and_the_others_are_read():
    Path("a.csv").write_text("p0,p1,p2\n1,2,3\n1,2\n4,x,6\n7,8,9,0\n1,nan,3\n7,8,9\n")
    names, inputs, bad = read("a.csv", shape=(3,), size=2)

    assert names == ["a.csv[0]", "a.csv[5]"]
    assert inputs.tolist() == [[1, 2, 3], [7, 8, 9]]
    assert bad == {
        "a.csv[1]": "line 3 has 2 columns, the model takes 3 numbers",
        "a.csv[2]": "line 4: `x` is no number",
        "a.csv[3]": "line 5 has 4 columns, the model takes 3 numbers",
        "a.csv[4]": "holds NaN or infinite values",
    }


def test_first_row_with_one_wrong_cell_is_no_title():
    Path("a.csv").write_text("1,x,3\n4,5,6\n")

    assert read("a.csv", shape=(3,))[2] == {"a.csv[0]": "line 1: `x` is no number"}


@pytest.mark.parametrize("content", [b"", b"\n\n", b"a,b,c\n"])
def test_table_without_rows_is_reported(content):
    Path("a.csv").write_bytes(content)

    assert read("a.csv", shape=(3,))[2] == {"a.csv": "it has no rows"}


@pytest.mark.parametrize("content", [b"\xff\xfe1,2", b'1,"' + b"2" * 200_000, b"1,2\0,3\n"])
def test_table_that_is_none_is_reported(content):
    Path("a.csv").write_bytes(content)
    names, _, bad = read("a.csv", shape=(3,))

    assert not names
    assert len(bad) == 1


def test_table_for_examples_of_any_size_is_refused():
    Path("a.csv").write_text("1,2,3\n")

    assert "any size, ?x3" in read("a.csv", shape=(None, 3))[2]["a.csv"]


@settings(max_examples=60)
@drawn(
    st.lists(st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=3, max_size=3), min_size=1)
)
def test_any_numbers_come_back_as_they_were(rows):
    Path("p.csv").write_text("".join(",".join(map(repr, row)) + "\n" for row in rows))
    names, inputs, bad = read("p.csv", shape=(3,))

    assert names == [f"p.csv[{n}]" for n in range(len(rows))]
    np.testing.assert_array_equal(inputs, np.array(rows, np.float32))
    assert bad == {}


@settings(max_examples=60)
@drawn(st.binary(max_size=60))
def test_any_bytes_are_read_or_told(content):
    for name in ("f.csv", "f.npz", "f.npy", "f.png", "f"):
        Path(name).write_bytes(content)
    names, _, bad = read("f.csv", "f.npz", "f.npy", "f.png", "f", shape=(3,))

    assert {name.partition("[")[0] for name in (*names, *bad)} == {"f.csv", "f.npz", "f.npy", "f.png", "f"}


def test_odd_file_names_are_shown_harmless():
    assert str(Name("a\x1b[31m.png")) == "a\\x1b[31m.png"
    assert str(Name("a\n.npz", 3)) == "a\\n.npz[3]"


def test_rows_of_a_table_are_read_as_the_recipe_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("rows.csv").write_text("1,5;2;gut\n3;4,5;schlecht\n")
    columns = Table(path="x.csv", header=False, decimal=",", numbers="*", label="c2")

    [batch] = look_up(["rows.csv"], columns).batches(4, input_shape=(2,), form=None)

    assert batch.inputs.tolist() == [[1.5, 2.0], [3.0, 4.5]]


def test_files_of_a_table_are_found_in_its_folder_without_their_ending(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("images").mkdir()
    Image.new("RGB", (4, 4)).save("images/ISIC_1.png")
    Path("rows.csv").write_text("image_id\nISIC_1\nISIC_2\n")
    columns = Table(path="x.csv", image="image_id", folder="images")

    found = look_up(["rows.csv"], columns)

    assert [file.path for file in found.files] == ["images/ISIC_1.png"]
    assert [bad.reason for bad in found.bad] == ["ISIC_2 is not there (paths count from the table)"]
