"""What is left of an exception of Keras in a message."""

import keras
import numpy as np
import pytest

from cnncli.network.keras_messages import first_sentence


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Wrong shape. It must be 3. See the guide at https://example.org for more", "Wrong shape. It must be 3"),
        ("Wrong shape. Received: input_shape=(None, 3)", "Wrong shape"),
        ("Wrong size.\n    Received: 7", "Wrong size. Received: 7"),
        (
            "{{function_node __wrapped__A_device_/CPU:0}} row 9 is not in [0, 5) [Op:Gather] name: x",
            "row 9 is not in [0, 5)",
        ),
        ("", "ValueError"),
    ],
    ids=["a rule", "a shape that the message gives itself", "a short value", "an operation of TensorFlow", "nothing"],
)
def test_explanation_is_kept_and_the_rest_left_out(text, left):
    assert first_sentence(ValueError(text)) == left


def test_error_within_the_call_of_a_layer_is_the_error_itself():
    with pytest.raises(ValueError, match="Exception encountered") as caught:
        keras.layers.Reshape((5,))(np.zeros((1, 4), np.float32))

    assert "Exception encountered" not in first_sentence(caught.value)
    assert "\x1b" not in first_sentence(caught.value)


def test_axes_of_an_input_are_counted_without_the_batch_as_the_shapes_beside_them():
    images = keras.Input((28, 28, 1))
    with pytest.raises(ValueError, match="ndim") as recurrent:
        keras.layers.LSTM(4)(images)
    with pytest.raises(ValueError, match="ndim") as volume:
        keras.layers.Conv3D(4, 3)(images)

    assert first_sentence(recurrent.value) == "expected an input of 2 axes without the batch, got 3"
    assert first_sentence(volume.value) == "expected an input of at least 4 axes without the batch, got 3"


def test_axis_that_is_not_there_is_called_so():
    with pytest.raises(IndexError) as caught:
        keras.layers.LayerNormalization(axis=9)(keras.Input((28, 28, 1)))

    assert first_sentence(caught.value) == "an axis is out of range for what comes in"
