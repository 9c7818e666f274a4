"""A model whose weights are no numbers is refused before anything is drawn of it."""

import keras
import numpy as np
import pytest

from cnncli.errors import ModelFileError
from cnncli.interpretability.layer_selection import check_finite


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_weights_that_are_no_numbers_are_told_with_their_layer(bad):
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, name="a"), keras.layers.Dense(2, name="b")])
    check_finite(model, "some")
    kernel, bias = model.get_layer("b").get_weights()
    kernel[1, 0] = bad
    model.get_layer("b").set_weights([kernel, bias])

    with pytest.raises(ModelFileError) as caught:
        check_finite(model, "some")
    assert caught.value.problems[0].message.endswith("b/kernel are NaN or infinite")
