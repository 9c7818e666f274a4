"""What a misspelt name or a value of another form probably means."""

import pytest

from cnncli.errors import RecipeError
from cnncli.messages import nearest
from cnncli.recipe.keras_objects import catalogue
from cnncli.recipe.load import load_bytes


@pytest.mark.parametrize(
    ("word", "meant"),
    [("conv", "Conv2D"), ("MaxPooling", "MaxPooling2D"), ("upsampling", "UpSampling2D"), ("Conv3", "Conv3D")],
)
def test_layer_without_a_number_of_axes_means_that_of_images(word, meant):
    assert nearest(word, catalogue.names("layers")) == meant


def test_list_of_inputs_is_answered_with_a_mapping():
    text = "data: {source: {npz: {path: a.npz}}, inputs: [left, right]}\nmodel: {layers: [Flatten]}\n"
    with pytest.raises(RecipeError) as caught:
        load_bytes(text.encode(), "r.yaml")
    assert [problem.hint for problem in caught.value.problems if "expected a mapping" in problem.message] == [
        "each input has its own settings: `inputs: {left: {}, right: {}}`"
    ]
