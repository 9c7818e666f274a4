"""What the other inputs of examples are, beside a picture of one input."""

import numpy as np

from cnncli.plots.other_inputs import other_inputs

INPUTS = {
    "left": np.zeros((2, 8, 8, 1), np.uint8),
    "right": np.full((2, 6, 4, 3), 7, np.uint8),
    "age": np.array([[0.25, 3.0], [1.5, 4.0]], np.float32),
    "title": np.array(["one [b]", "two"], object),
    "pulse": np.zeros((2, 90, 1), np.float32),
}


def test_images_are_beside_and_short_inputs_are_lines():
    found = other_inputs(INPUTS, "left")

    assert found.beside(1)[0].tolist() == INPUTS["right"][1].tolist()
    assert found.lines == (("age: 0.25, 3", "title: 'one [b]'"), ("age: 1.5, 4", "title: 'two'"))
    assert found.notes(with_images=True) == ["Right of the heat: right.", "Inputs that are not drawn: pulse."]


def test_what_has_no_room_for_images_names_them():
    assert other_inputs(INPUTS, "pulse").notes(with_images=False) == ["Inputs that are not drawn: left, right."]


def test_examples_with_one_input_have_no_others():
    found = other_inputs(INPUTS["left"], "input")

    assert (found.lines, found.beside(0), found.notes(with_images=True)) == (((), ()), (), [])
