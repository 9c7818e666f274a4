"""Preprocessing that is learned: it is Keras' `adapt`, in batches, on the training examples alone."""

import keras
import numpy as np
import pytest

from cnncli.data.dataset import Examples
from cnncli.data.text_column import text_column
from cnncli.errors import DataError
from cnncli.network import learn_preprocessing as module
from cnncli.network.build import build, build_symbolically
from cnncli.network.instantiate import make
from cnncli.network.learn_preprocessing import learn
from cnncli.recipe.learned import with_learned
from cnncli.recipe.load import load_bytes

TEXTS = ["The film is good, good!", "a bad film", "", "good café: bad bad"]
NUMBERS = np.random.default_rng(0).normal(3, 2, (50, 4)).astype(np.float32)


def recipe(prepare, *, layers="[Dense: {units: 2, activation: softmax}]", more=""):
    text = f"data:\n  source: {{npz: {{path: a.npz}}}}\n  classes: 2\n  {prepare}\nmodel: {{{more}layers: {layers}}}\n"
    return load_bytes(text.encode(), "r.yaml").recipe


def examples(**inputs):
    return Examples(inputs, np.zeros(len(next(iter(inputs.values()))), np.int32))


def texts(values=TEXTS):
    return examples(input=text_column(values))


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch):
    """As many batches as there are in large data."""
    monkeypatch.setattr(module, "_MOST_EXAMPLES", 3)


def arguments(prepare, given, **more):
    return learn(recipe(f"prepare: [{prepare}]", **more), given).layers[0].arguments


def test_words_are_those_of_adapt_and_come_by_frequency():
    layer = keras.layers.TextVectorization(max_tokens=7, output_sequence_length=4)
    layer.adapt(np.array(TEXTS, object))

    found = arguments("TextVectorization: {max_tokens: 7, output_sequence_length: 4}", texts())

    assert found == {"vocabulary": ["good", "bad", "film", "the", "is"]}
    assert found["vocabulary"] == [str(word) for word in layer.get_vocabulary(include_special_tokens=False)]


def test_layer_with_what_was_learned_gives_what_an_adapted_one_gives():
    item = "{output_mode: tf_idf, max_tokens: 9, pad_to_max_tokens: true}"
    layer = keras.layers.TextVectorization(output_mode="tf_idf", max_tokens=9, pad_to_max_tokens=True)
    layer.adapt(np.array(TEXTS, object))
    written = recipe(f"prepare: [TextVectorization: {item}]")

    learned = make(with_learned(written, learn(written, texts())).data.prepare[0])

    known = np.array(["good film", "café is bad"], object)
    np.testing.assert_allclose(learned(known), layer(known), rtol=1e-6)


@pytest.mark.parametrize("axis", [-1, None])
def test_mean_and_variance_are_those_of_the_training_examples(axis):
    found = arguments(f"Normalization: {{axis: {'null' if axis is None else axis}}}", examples(input=NUMBERS))

    over = 0 if axis == -1 else None
    np.testing.assert_allclose(found["mean"], NUMBERS.mean(over), rtol=1e-5)
    np.testing.assert_allclose(found["variance"], NUMBERS.var(over), rtol=1e-5)


def test_images_are_normalized_by_channel_and_by_pixel():
    images = np.random.default_rng(0).integers(0, 255, (20, 4, 6, 3), np.uint8)
    by_pixel = arguments("Normalization: {axis: [1, 2, 3]}", examples(input=images))

    assert np.shape(by_pixel["mean"]) == (4, 6, 3)
    np.testing.assert_allclose(by_pixel["mean"], images.mean(0), rtol=1e-5)
    assert np.shape(arguments("Normalization:", examples(input=images))["variance"]) == (3,)


def test_each_layer_learns_behind_those_before_it():
    written = recipe("prepare: [Rescaling: 10, Normalization: , Discretization: {num_bins: 3}, IntegerLookup: ]")
    learned = learn(written, examples(input=NUMBERS))
    mean, bins, numbers = (layer.arguments for layer in learned.layers)

    np.testing.assert_allclose(mean["mean"], 10 * NUMBERS.mean(0), rtol=1e-5)
    assert len(bins["bin_boundaries"]) == 2
    assert -1 < bins["bin_boundaries"][0] < 0 < bins["bin_boundaries"][1] < 1
    assert sorted(numbers["vocabulary"]) == [0, 1, 2]


def test_each_input_learns_on_its_own_column():
    inputs = "inputs: {note: {prepare: [TextVectorization: {output_sequence_length: 3}]}, vital: {prepare: [Normalization: ]}}"
    layers = (
        "[Embedding: {from: note, input_dim: 20, output_dim: 2}, Flatten: , Concatenate: {from: [flatten, vital]}, "
    )
    layers += "Dense: {units: 2, activation: softmax}]"
    written = recipe(inputs, layers=layers)
    learned = learn(written, examples(note=text_column(TEXTS), vital=NUMBERS[:4]))

    network = build(with_learned(written, learned), input_shape={"note": (), "vital": (4,)})
    given = network.model({"note": np.array(TEXTS, object), "vital": NUMBERS[:4]})

    assert [layer.input for layer in learned.layers] == ["note", "vital"]
    assert given.shape == (4, 2)


def test_network_has_the_same_shapes_before_and_after_learning():
    prepare = "prepare: [TextVectorization: {output_mode: multi_hot, max_tokens: 9, pad_to_max_tokens: true}]"
    written = recipe(prepare)
    learned = with_learned(written, learn(written, texts()))
    shapes = [build_symbolically(each, input_shape=()).output_shape("dense") for each in (written, learned)]
    rows = [build_symbolically(each, input_shape=()).model.count_params() for each in (written, learned)]

    assert shapes == [(2,), (2,)]
    assert rows == [9 * 2 + 2] * 2


@pytest.mark.parametrize(
    ("prepare", "given", "message"),
    [
        (
            "TextVectorization: {output_sequence_length: 3}",
            texts(["", "!?"]),
            "TextVectorization finds no words in the training examples",
        ),
        (
            "Discretization: {num_bins: 5}",
            examples(input=np.ones((9, 2), np.float32)),
            "Discretization: the training examples give 2 bins, and `num_bins` is 5",
        ),
        (
            "Normalization:",
            examples(input=np.array([[1e30], [-1e30]], np.float32)),
            "Normalization: the variance of the training examples is not finite",
        ),
    ],
)
def test_nothing_to_learn_is_an_error_at_the_layer(prepare, given, message):
    with pytest.raises(DataError) as raised:
        arguments(prepare, given)

    [problem] = raised.value.problems
    assert problem.message == message
    assert problem.path[:3] == ("data", "prepare", 0)
