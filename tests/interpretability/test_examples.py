"""Which examples are shown."""

import numpy as np
import pytest
from PIL import Image

from cnncli.data.dataset import INPUT, Examples
from cnncli.data.images import Form
from cnncli.errors import DataError
from cnncli.interpretability.examples import from_files, from_split, range_of, refuse_no_images
from cnncli.tasks.classification.mistakes import wrong_examples
from cnncli.tasks.classification.subject import choose

LABELS = np.array([2, 0, 0, 1, 2, 1, 0, 2], np.int32)
#                      right  0->1  0->1   1->2   right  right  0->2   2->0
SAID = np.array(
    [
        [0.1, 0.1, 0.8],
        [0.3, 0.6, 0.1],
        [0.1, 0.9, 0.0],
        [0.0, 0.05, 0.95],
        [0.2, 0.2, 0.6],
        [0.1, 0.5, 0.4],
        [0.3, 0.0, 0.7],
        [0.5, 0.1, 0.4],
    ]
)
WRONG = wrong_examples(LABELS, SAID.argmax(axis=1), SAID.max(axis=1))


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        (4, [1, 3, 0, 2]),  # the first of classes 0, 1, 2, then the second of 0
        (100, [1, 3, 0, 2, 5, 4, 6, 7]),
        ("one_per_class", [1, 3, 0]),
        ("most_wrong", [3, 2, 6, 1, 7]),  # 0.95, 0.9, 0.7, 0.6, 0.5
        (
            "most_confused",
            [2, 6, 3, 7, 1],
        ),  # of 0->1, which is twice, the surest; then 0->2, 1->2, 2->0; the second of 0->1
    ],
)
def test_which_examples_a_word_means(samples, expected):
    assert choose(samples, LABELS, WRONG, SAID.argmax(axis=1)).tolist() == expected


def test_no_wrong_example_is_told():
    examples = Examples({INPUT: np.zeros((8, 2, 2, 1), np.uint8)}, LABELS)
    with pytest.raises(DataError, match="right on all 8 examples of the test split"):
        from_split(examples, "test", "most_wrong", task="classification", wrong=np.array([], int))


def test_files_are_read_as_training_reads_them(tmp_path):
    photo = Image.new("RGB", (40, 20), (200, 100, 50))
    photo.save(tmp_path / "wide.png")

    chosen = from_files([tmp_path / "wide.png"], form=Form(8, 8, resize="pad"))

    assert chosen.inputs.dtype == np.uint8
    assert chosen.inputs[0, 0].max() == 0  # the border above
    assert chosen.inputs[0, 4].tolist() == [[200, 100, 50]] * 8
    assert (chosen.names, chosen.labels) == (("wide.png",), None)


def test_every_bad_file_is_told(tmp_path):
    (tmp_path / "a.png").write_bytes(b"no image")
    with pytest.raises(DataError) as error:
        from_files([tmp_path / "a.png", tmp_path / "b.png"], form=Form(8, 8))
    assert [problem.message.split(": ")[0][-5:] for problem in error.value.problems] == ["a.png", "b.png"]


def test_files_for_a_network_of_signals_are_refused():
    with pytest.raises(DataError, match="the model takes 64x100, which is no image"):
        refuse_no_images((64, 100))


def test_range_of_bytes_is_that_of_bytes():
    bytes_of, floats = np.full((3, 2, 2, 1), 7, np.uint8), np.array([[[-2.0]], [[3.5]]], np.float32)
    assert range_of(Examples({INPUT: bytes_of}, np.zeros(3, np.int32))) == (0, 255)
    assert range_of(Examples({INPUT: floats}, np.zeros(2, np.int32))) == (-2, 3.5)
