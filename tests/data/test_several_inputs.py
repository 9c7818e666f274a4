"""Examples with several inputs, and with targets in a file."""

import numpy as np
import pytest

from cnncli.data.columns import join, make_row_file, write_rows
from cnncli.data.dataset import INPUT, Examples
from cnncli.data.encoding import Encoding
from cnncli.data.fingerprint import of_examples, of_parts, of_set
from cnncli.data.pipeline import Batches
from cnncli.data.sources.duplicates import find_copies
from cnncli.tasks.classification.targets import ClassTargets

IMAGES = np.random.default_rng(0).integers(0, 255, (6, 3, 3, 1)).astype(np.uint8)
VITALS = np.random.default_rng(1).random((6, 2)).astype(np.float32)
LABELS = np.array([0, 1, 2, 0, 1, 2], np.int32)
NAMES = ClassTargets(class_names=("ant", "bee", "fly"))
AS_IT_IS = {"": Encoding("stored", "", lambda targets: targets)}


def pairs(images=IMAGES, vitals=VITALS):
    return Examples({"scan": images, "vital": vitals}, LABELS[: len(images)])


def in_file(folder, values):
    rows = make_row_file(folder, len(values), values.shape[1:], values.dtype)
    write_rows(rows, 0, values)
    return rows


def batches(examples):
    return list(Batches(examples, batch_size=4, encodings=AS_IT_IS, seed=1).dataset().as_numpy_iterator())


def test_same_examples_of_every_input_are_taken():
    taken = pairs().take([4, 0])
    np.testing.assert_array_equal(taken.inputs["scan"], IMAGES[[4, 0]])
    np.testing.assert_array_equal(taken.inputs["vital"], VITALS[[4, 0]])


def test_several_inputs_leave_in_a_dict_and_one_alone(tmp_path):
    alone = batches(Examples({INPUT: IMAGES}, LABELS))
    both = batches(pairs(vitals=in_file(tmp_path, VITALS)))

    for (images, labels), (inputs, same_labels) in zip(alone, both, strict=True):
        np.testing.assert_array_equal(inputs["scan"], images)
        np.testing.assert_array_equal(labels, same_labels)
        rows = [np.flatnonzero((image == IMAGES).all(axis=(1, 2, 3)))[0] for image in images]
        np.testing.assert_array_equal(inputs["vital"], VITALS[rows])


def test_code_for_one_input_refuses_several():
    with pytest.raises(ValueError, match="too many values"):
        _ = pairs().input


@pytest.mark.parametrize(
    "print_of", [lambda one: of_parts({"train": one}, NAMES), lambda one: of_examples(one, NAMES), of_set]
)
def test_fingerprint_tells_every_input_and_not_their_order(print_of):
    renamed = Examples({"vital": VITALS, "scan": IMAGES}, LABELS)
    others = [pairs(images=IMAGES[::-1]), pairs(vitals=VITALS + 1), Examples({INPUT: IMAGES}, LABELS)]

    assert print_of(renamed) == print_of(pairs())
    assert len({print_of(each) for each in [pairs(), *others]}) == 4


def test_fingerprint_of_a_set_does_not_tell_the_order_of_its_examples():
    assert of_set(pairs().take([5, 1, 0, 2, 4, 3])) == of_set(pairs())


def test_copies_are_equal_in_every_input():
    test = pairs().take([0, 1])
    test.inputs["vital"][1] += 1
    parts = {"train": pairs(), "test": test}

    _, notes = find_copies(parts, {"train": "x_train", "test": "x_test"}, allow_leakage=True)

    assert [note.message for note in notes] == ["1 image of x_test is also in x_train"]


def test_targets_in_a_file_are_those_in_memory(tmp_path):
    maps = np.arange(24, dtype=np.uint8).reshape(6, 2, 2)
    numbers = ClassTargets(class_names=tuple("abc"))
    one, other = (Examples({INPUT: IMAGES}, targets) for targets in (maps, in_file(tmp_path, maps)))

    assert of_parts({"train": one}, numbers) == of_parts({"train": other}, numbers)
    np.testing.assert_array_equal(other.take([3, 1]).labels, maps[[3, 1]])
    np.testing.assert_array_equal(join([other.take([3]).targets, other.take([1]).targets]).read([1, 0]), maps[[1, 3]])
    for (_, targets), (_, same) in zip(batches(one), batches(other), strict=True):
        np.testing.assert_array_equal(targets, same)
