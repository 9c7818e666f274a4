"""Random networks, written as a recipe with structure and built with Keras' functional API, are the same network."""

from __future__ import annotations

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_networks import SHAPE, configs, in_python, networks, recipe_of

from cnncli.network.build import build
from cnncli.recipe.load import load_bytes
from cnncli.recipe.write import to_yaml


@settings(
    max_examples=30,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(networks(), st.sampled_from(["Flatten", "GlobalAveragePooling2D"]))
def test_network_of_a_recipe_is_that_of_the_functional_api(nodes, head):
    text = recipe_of(nodes, head)
    recipe = load_bytes(text.encode(), "r.yaml").recipe

    model, same = build(recipe, input_shape=SHAPE).model, in_python(nodes, head)

    assert configs(model) == configs(same)
    assert model.count_params() == same.count_params()
    same.set_weights(model.get_weights())
    images = np.random.default_rng(0).random((2, *SHAPE), dtype=np.float32)
    np.testing.assert_allclose(model(images, training=False), same(images, training=False), rtol=1e-5, atol=1e-7)

    again = load_bytes(to_yaml(recipe).encode(), "r.yaml").recipe
    assert again == recipe
    assert configs(build(again, input_shape=SHAPE).model, with_names=True) == configs(model, with_names=True)
