"""Which input of several pictures are about, and which layers belong to it."""

import keras
import pytest

from cnncli.errors import ModelFileError
from cnncli.interpretability.layer_selection import check_input, maximized_layers
from cnncli.network.flatten_submodels import opened


@pytest.fixture(scope="module")
def network():
    """An image and three numbers, each with a layer of its own."""
    image, numbers = keras.Input((8, 8, 1), name="image"), keras.Input((3,), name="numbers")
    maps = keras.layers.GlobalAveragePooling2D(name="pool")(keras.layers.Conv2D(2, 3, name="maps")(image))
    both = keras.layers.Concatenate(name="both")([maps, keras.layers.Dense(2, name="units")(numbers)])
    return opened(keras.Model({"image": image, "numbers": numbers}, keras.layers.Dense(2, name="out")(both)))


def test_layers_that_depend_on_another_input_cannot_be_maximized(network):
    assert maximized_layers(check_input(network, "m", "image")) == ["maps", "pool"]


def test_input_without_a_picture_is_answered_with_those_that_have_one(network):
    with pytest.raises(ModelFileError) as caught:
        check_input(network, "m", "numbers")
    [problem] = caught.value.problems
    assert problem.message == "input `numbers` takes float32 of 3: that is no signal, image, volume or text"
    assert problem.hint == "inputs with pictures: image"
