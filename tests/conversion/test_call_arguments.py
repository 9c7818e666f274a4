"""How a Keras model calls its layers: what a recipe can say, and what it refuses with the layer's name."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers

from cnncli.conversion.from_keras import from_keras
from cnncli.errors import ModelFileError
from cnncli.network.build import build
from cnncli.recipe.load import load_bytes

WORDS, CODES = (3, 4), (5, 4)


def same(model: keras.Model) -> keras.Model:
    """The network of the recipe of a model, with its weights."""
    text = from_keras(model, name="m", shown="m.keras")
    recipe = load_bytes(text.encode(), "m.yaml").recipe
    network = build(recipe, input_shape=recipe.model.input).model
    network.set_weights(model.get_weights())
    return network


def test_masks_that_keras_hands_on_are_no_inputs():
    inputs = keras.Input((6,))
    x = layers.Embedding(9, 3, mask_zero=True, name="embedding")(inputs)
    x = layers.Bidirectional(layers.LSTM(2, return_sequences=True), name="bidirectional")(x)
    model = keras.Model(inputs, layers.GlobalAveragePooling1D(name="mean")(x))
    words = np.array([[3, 4, 0, 0, 0, 0], [1, 2, 3, 0, 0, 0]], "float32")
    np.testing.assert_array_equal(same(model)(words), model(words))


def test_tensors_are_taken_by_the_names_of_their_arguments():
    query, value = keras.Input(WORDS, name="query"), keras.Input(CODES, name="value")
    key = layers.Dense(4, name="key")(value)
    attention = layers.MultiHeadAttention(2, 2, name="attention")
    model = keras.Model([query, value], layers.Flatten(name="flatten")(attention(query, value=value, key=key)))
    random = np.random.default_rng(0)
    q, v = random.random((2, *WORDS), dtype=np.float32), random.random((2, *CODES), dtype=np.float32)
    np.testing.assert_array_equal(same(model)({"query": q, "value": v}), model([q, v]))


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda x: layers.Dropout(0.5, name="own")(x, training=True), "training=True"),
        (lambda x: layers.BatchNormalization(name="own")(x, training=False), "training=False"),
        (lambda x: layers.MultiHeadAttention(1, 2, name="own")(x, x, use_causal_mask=True), "use_causal_mask=True"),
        (lambda x: layers.MultiHeadAttention(1, 2, name="own")(x, x, attention_mask=x[:, :, :3]), "attention_mask=…"),
        (lambda x: layers.LSTM(2, name="own")(x, mask=keras.ops.any(x > 0, axis=-1)), "mask=…"),
        (lambda x: layers.Add(name="own")([x, np.ones((1, *WORDS), "float32")]), "a constant"),
    ],
)
def test_calls_that_a_recipe_cannot_say_are_refused(call, said):
    inputs = keras.Input(WORDS)
    with pytest.raises(ModelFileError) as caught:
        from_keras(keras.Model(inputs, layers.Flatten(name="flatten")(call(inputs))), name="m", shown="m.keras")
    [problem] = [problem for problem in caught.value.problems if "`own`" in problem.message]
    assert problem.message.endswith(f"is called with {said}")


def test_training_of_a_model_within_is_refused():
    inside, inputs = keras.Input((4,)), keras.Input((4,))
    inner = keras.Model(inside, layers.Dropout(0.5, name="drop")(layers.Dense(4, name="own")(inside)))
    with pytest.raises(ModelFileError, match=r"`drop` \(Dropout\) is called with training=True"):
        from_keras(keras.Model(inputs, inner(inputs, training=True)), name="m", shown="m.keras")


def test_layers_of_models_within_get_the_name_of_their_model():
    def tower(name: str) -> keras.Model:
        inside = keras.Input((4,))
        return keras.Model(inside, layers.Dense(4, name="dense")(inside), name=name)

    inputs = keras.Input((4,))
    both = layers.Concatenate(name="both")([tower("left")(inputs), tower("right")(inputs)])
    model = keras.Model(inputs, layers.Dense(2, name="dense")(both))
    network = same(model)
    assert [layer.name for layer in network.layers[1:]] == ["dense", "right_dense", "both", "dense_2"]
    values = np.random.default_rng(0).random((2, 4), dtype=np.float32)
    np.testing.assert_array_equal(network(values), model(values))


def test_outputs_that_no_layer_gives_are_refused():
    inputs = keras.Input((4,))
    x = layers.Dense(2, name="own")(inputs)
    with pytest.raises(ModelFileError) as caught:
        from_keras(keras.Model(inputs, [inputs, x, x]), name="m", shown="m.keras")
    assert len(caught.value.problems) == 2
