"""Windows of examples that are larger than the network's input."""

import numpy as np
import pytest

from cnncli.data.dataset import INPUT, Examples
from cnncli.data.load import load
from cnncli.data.windowed_examples import central_windows, in_windows
from cnncli.errors import DataError
from cnncli.recipe.example_windows import Windows
from cnncli.recipe.schema_data import Data


@pytest.mark.parametrize(
    ("length", "side", "overlap", "starts"),
    [
        (10, 4, 0, [0, 3, 6]),  # 3 windows are needed, and they are spaced evenly
        (12, 4, 0, [0, 4, 8]),
        (12, 4, 1, [0, 3, 5, 8]),
        (8, 8, 2, [0]),
        (9, 8, 2, [0, 1]),
        (9, 2, 1, [0, 1, 2, 3, 4, 5, 6, 7]),
        (100, 40, None, [0, 30, 60]),  # a quarter of 40
    ],
)
def test_windows_cover_a_side_and_share_at_least_the_overlap(length, side, overlap, starts):
    windows = Windows(size=[side, 5], overlap=overlap, of=[length, 5])
    assert windows.starts() == [starts, [0]]


WINDOWS = Windows(size=[2, 3], overlap=0, of=[4, 6])


def examples():
    images = np.arange(2 * 4 * 6 * 1).reshape(2, 4, 6, 1).astype(np.float32)
    masks = np.arange(2 * 4 * 6).reshape(2, 4, 6).astype(np.uint8)
    return Examples({INPUT: images}, masks, files=("a", "b"), sha256=("1", "2"))


def test_windows_of_an_example_follow_each_other():
    found = in_windows(examples(), WINDOWS)

    assert len(found) == 8
    assert found.files == ("a",) * 4 + ("b",) * 4
    assert found.input.shape == (8, 2, 3, 1)
    assert found.labels[1].tolist() == [[3, 4, 5], [9, 10, 11]]  # rows 0 and 1, columns 3 to 5
    np.testing.assert_array_equal(found.read([6])[0, ..., 0], [[36, 37, 38], [42, 43, 44]])  # of `b`, below
    again = found.take([6, 1])
    np.testing.assert_array_equal(again.read([1, 0])[..., 0], found.read([1, 6])[..., 0])


def test_central_windows_are_one_for_each_example():
    found = central_windows(examples(), WINDOWS)

    assert found.files == ("a", "b")
    assert found.labels[0].tolist() == [[7, 8, 9], [13, 14, 15]]  # from row 1 and column 1 on


def test_without_windows_examples_stay():
    given = examples()
    assert in_windows(given, None) is given
    assert central_windows(given, None) is given


def data(**more):
    np.savez("a.npz", x=np.zeros((20, 8, 9, 1), np.uint8), y=np.arange(20 * 72).reshape(20, 8, 9) % 2)
    return Data.model_validate({"source": {"npz": {"path": "a.npz"}}, "targets": "masks", **more})


def test_splits_know_what_the_network_sees(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    splits = load(data(windows={"size": [4, 4]}), input_shape=(4, 4, 1))

    assert splits.input_shape == (4, 4, 1)
    assert splits.train.input.shape[1:] == (8, 9, 1)
    assert splits.windows.of == [8, 9]


@pytest.mark.parametrize(
    ("size", "message"),
    [
        ([4, 10], "a window is 4x10, and the examples are 8x9"),
        ([4, 4, 4], "`size` has 3 numbers, and an example has 2 sides"),
    ],
)
def test_windows_that_are_no_parts_are_refused(size, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError) as error:
        load(data(windows={"size": size}))
    [problem] = error.value.problems
    assert (problem.message, problem.path) == (message, ("data", "windows", "size"))
