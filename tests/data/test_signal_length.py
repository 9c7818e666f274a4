"""Signals of different length in arrays: short ones are padded with 0, long ones cut, and the notes say how many."""

import numpy as np
import pytest

from cnncli.data.signal_length import Lengths, length_note, with_length
from cnncli.data.sources.npz_archive import read_npz
from cnncli.errors import DataError
from cnncli.recipe.sources.arrays import Npz
from cnncli.tasks.classification.targets import ClassTargets

NAN = np.nan


def test_short_signals_are_padded_with_0_and_long_ones_cut():
    found, done = with_length("x", np.array([[1, 2, NAN, NAN], [1, 2, 3, 4], [5, 6, 7, NAN]]), 3)

    assert found[..., 0].tolist() == [[1, 2, 0], [1, 2, 3], [5, 6, 7]]
    assert found.dtype == np.float32
    assert done == Lengths(count=3, padded=1, cut=1, shortest=2, longest=4)


def test_signals_that_are_all_shorter_become_longer():
    found, done = with_length("x", np.array([[1, 2], [3, NAN]]), 4)

    assert found[..., 0].tolist() == [[1, 2, 0, 0], [3, 0, 0, 0]]
    assert (done.padded, done.cut) == (2, 0)


def test_a_position_counts_while_one_channel_has_a_value():
    found, done = with_length("x", np.array([[[1, 2], [NAN, 3], [NAN, NAN]]]), 3)

    assert done.longest == 2
    assert np.isnan(found[0, 1, 0])  # reported with all other NaN
    assert found[0, 2].tolist() == [0, 0]


def test_nan_within_a_signal_stays():
    found, _ = with_length("x", np.array([[1, NAN, 3]]), 3)

    assert np.isnan(found[0, 1, 0])


def test_whole_numbers_have_one_length():
    found, done = with_length("x", np.array([[1, 2, 3]]), 2)

    assert found[..., 0].tolist() == [[1, 2]]
    assert done.cut == 1


def test_signal_without_a_value_is_an_error():
    with pytest.raises(DataError, match="1 signal without any value, first at index 1"):
        with_length("x", np.array([[1, 2], [NAN, NAN]]), 2)


@pytest.mark.parametrize("shape", [(3,), (3, 4, 5, 6), (0, 4)])
def test_other_arrays_are_no_signals(shape):
    with pytest.raises(DataError, match="`length` is for signals"):
        with_length("x", np.zeros(shape), 2)


def test_note_says_how_many_of_each():
    note = length_note("x_train", Lengths(1200, 300, 12, 50, 240), 187)

    assert note.message == "x_train: of 1,200 signals 300 are padded with 0 and 12 are cut: `length` is 187"
    assert note.hint == "they have 50 to 240 positions"
    assert length_note("x", Lengths(5, 0, 0, 187, 187), 187) is None


def signals(folder):
    x = np.arange(60.0).reshape(10, 6)
    x[:4, 4:] = NAN
    np.savez(folder / "s.npz", x_train=x, y_train=np.arange(10) % 2, x_test=x[:, :5] + 0.5, y_test=np.arange(10) % 2)
    return str(folder / "s.npz")


def test_parts_of_an_archive_get_one_length(tmp_path):
    found = read_npz(Npz(path=signals(tmp_path), length=5), targets=ClassTargets)

    assert {part: examples.input.shape for part, examples in found.parts.items()} == {
        "train": (10, 5, 1),
        "test": (10, 5, 1),
    }
    assert [note.message.partition(":")[0] for note in found.notes if "padded" in note.message] == ["x_train", "x_test"]


def test_without_a_length_nan_is_an_error_that_names_it(tmp_path):
    with pytest.raises(DataError) as error:
        read_npz(Npz(path=signals(tmp_path)), targets=ClassTargets)

    assert "`length: 100` in the source" in error.value.problems[0].hint


def test_other_data_of_a_trained_model_gets_its_length(tmp_path):
    trained = Npz(path="of the training", length=5)

    assert Npz(path=signals(tmp_path)).of_other_data(trained).length == 5


def test_each_of_several_inputs_has_a_length_of_its_own(tmp_path):
    values = np.random.default_rng(0).normal(size=(30, 6, 2)).astype("float32")
    values[0, 4:] = NAN
    file = tmp_path / "two.npz"
    np.savez(file, x_ecg=values, x_age=np.arange(30.0)[:, None], y=np.arange(30) % 2)

    found = read_npz(Npz(path=str(file)), inputs=("ecg", "age"), lengths={"ecg": 5}, targets=ClassTargets)

    assert found.parts["train"].inputs["ecg"].shape == (30, 5, 2)
    assert any("`length` is 5" in note.message for note in found.notes)
