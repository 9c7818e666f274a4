"""Recipes with texts, and with preprocessing that is learned: what they may leave out, and what is refused at its line."""

import pytest

from cnncli.errors import RecipeError
from cnncli.recipe.known_data import declared_shape
from cnncli.recipe.learned import Learned, LearnedLayer, learning_steps, with_learned, with_stand_ins
from cnncli.recipe.load import load_bytes
from cnncli.recipe.write import to_yaml

RECIPE = """\
data:
  source: {text_folder: {path: reviews}}
  prepare: [TextVectorization: {max_tokens: 500, output_sequence_length: 20}]
model:
  layers:
    - Embedding: {input_dim: 500, output_dim: 16}
    - GlobalMaxPooling1D
    - Dense: {units: $classes, activation: softmax}
"""
VECTORIZATION = "TextVectorization: {max_tokens: 500, output_sequence_length: 20}"


def recipe(*changes, text=RECIPE):
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return load_bytes(text.encode(), "recipe.yaml").recipe


def refused(*changes, text=RECIPE):
    with pytest.raises(RecipeError) as raised:
        recipe(*changes, text=text)
    return str(raised.value)


def test_layers_of_prepare_that_lack_what_they_learn_are_found_in_order():
    chain = f"{VECTORIZATION}, Rescaling: 2, Normalization: , Normalization: {{mean: 1, variance: 2}}"

    assert [(step.own.name, step.index) for step in learning_steps(recipe((VECTORIZATION, chain)))] == [
        ("input", 0),
        ("input", 2),
    ]


def test_what_is_learned_becomes_arguments_and_is_not_in_the_resolved_recipe():
    written = recipe()
    learned = Learned(
        layers=(LearnedLayer(input="input", index=0, layer="TextVectorization", arguments={"vocabulary": ["good"]}),)
    )

    assert with_learned(written, learned).data.prepare[0].args == {
        "max_tokens": 500,
        "output_sequence_length": 20,
        "vocabulary": ["good"],
    }
    assert learning_steps(with_learned(written, learned)) == []
    assert "vocabulary" not in to_yaml(written)
    assert load_bytes(to_yaml(written).encode(), "recipe.yaml").recipe.data == written.data


def test_fingerprint_of_what_is_learned_is_that_of_its_values_alone():
    def fingerprint(words):
        layer = LearnedLayer(input="input", index=0, layer="TextVectorization", arguments={"vocabulary": words})
        return Learned(layers=(layer,)).fingerprint

    assert fingerprint(["é", "b"]) == "420f0c9a0c7ffeff77a154731cc6d3de8b651d1fa63f1cdeada426c4dc72536d"
    assert fingerprint(["b", "é"]) != fingerprint(["é", "b"])


@pytest.mark.parametrize(
    ("arguments", "summary"),
    [
        ({"vocabulary": ["the", "film", "x" * 50]}, "3 values, the most frequent: the, film, xxxxxxxxxxxxxxxxxxx…"),
        ({"vocabulary": [7]}, "1 value, the most frequent: 7"),
        ({"bin_boundaries": [0.5, 2.0]}, "3 bins, divided at 0.5, 2"),
        ({"mean": 3.0, "variance": 4.0}, "mean 3, standard deviation 2"),
        ({"mean": [3.0], "variance": [4.0]}, "mean 3, standard deviation 2"),
        ({"mean": [3.0, 4.0], "variance": [4.0, 5.0]}, "mean and variance of 2 columns or channels"),
    ],
)
def test_what_is_learned_is_told_in_a_line(arguments, summary):
    assert LearnedLayer(input="input", index=0, layer="L", arguments=arguments).summary == summary


def test_stand_ins_have_the_form_of_what_will_be_learned():
    layers = recipe((VECTORIZATION, "Normalization: , Discretization: {num_bins: 4}, IntegerLookup:")).data.prepare

    assert [with_stand_ins(layer).args for layer in layers] == [
        {"mean": 0.0, "variance": 1.0},
        {"bin_boundaries": [1.0, 2.0, 3.0]},
        {"vocabulary": [1]},
    ]


def test_text_has_the_empty_shape_wherever_it_comes_from():
    npz = ("text_folder: {path: reviews}", "npz: {path: reviews.npz}")

    assert declared_shape(recipe()) == declared_shape(recipe(npz)) == ()
    assert declared_shape(recipe(npz, (VECTORIZATION, "Rescaling: 2"))) is None
    assert declared_shape(recipe(npz, ("model:", "model:\n  input: []"))) == ()


def test_shapes_of_several_inputs_of_a_table_are_known_where_their_columns_tell_them():
    changes = [
        ("{text_folder: {path: reviews}}", "{csv: {path: a.csv, label: l}}"),
        (
            f"prepare: [{VECTORIZATION}]",
            f"inputs: {{note: {{text: t, prepare: [{VECTORIZATION}]}}, wave: {{numbers: w}}}}",
        ),
        ("output_dim: 16", "output_dim: 16, from: note"),
        ("GlobalMaxPooling1D", "GlobalMaxPooling1D: {name: read}\n    - Concatenate: {from: [read, wave]}"),
    ]
    assert declared_shape(recipe(*changes)) is None
    assert declared_shape(recipe(*changes, ("numbers: w", "numbers: w, shape: [1]"))) == {"note": (), "wave": (1,)}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "input_dim: 500",
            "input_dim: 400",
            "recipe.yaml:6:30: `input_dim` is 400, and the vocabulary before it has numbers up to 499\n"
            "    `input_dim: 500`",
        ),
        (
            "max_tokens: 500",
            "vocabulary: [a, b, c]",
            "",
        ),
        (
            ", output_sequence_length: 20",
            "",
            "recipe.yaml:3:13: TextVectorization: `output_sequence_length` is missing: a text would have as many numbers as "
            "the longest of its batch\n"
            "    the number of words to read of each text, for example `output_sequence_length: 60`",
        ),
        (
            "output_sequence_length: 20",
            "ragged: true",
            "recipe.yaml:3:58: TextVectorization: `ragged: true` gives ragged tensors, and a network takes dense ones\n"
            "    leave `ragged` out",
        ),
        (
            "output_sequence_length: 20",
            "output_mode: tf_idf",
            "recipe.yaml:3:63: TextVectorization: the size of `output_mode: tf_idf` depends on how many words are learned\n"
            "    fix it: `max_tokens: 20000, pad_to_max_tokens: true`",
        ),
        ("output_sequence_length: 20", "output_mode: tf_idf, pad_to_max_tokens: true", ""),
        (
            "max_tokens: 500",
            "max_tokens: 2",
            "recipe.yaml:3:45: TextVectorization: `max_tokens: 2` leaves no room for words: 0 and 1 have another meaning\n"
            "    for example `max_tokens: 20000`",
        ),
        ("max_tokens: 500", "ngrams: 3", ""),
        (
            "max_tokens: 500",
            "ngrams: 1000000000",
            "recipe.yaml:3:41: TextVectorization: `ngrams`: expected an integer from 1 to 20, got 1000000000\n"
            "    2 takes single words and pairs of words",
        ),
        (
            "max_tokens: 500",
            "split: null",
            "recipe.yaml:3:40: TextVectorization: `split: null` takes each text for one word\n"
            "    `split: whitespace`, or `- StringLookup` for whole texts",
        ),
        (
            VECTORIZATION,
            "StringLookup: {output_mode: one_hot}",
            "recipe.yaml:3:41: StringLookup: the size of `output_mode: one_hot` depends on how many values are learned\n"
            "    give `vocabulary`",
        ),
        (
            VECTORIZATION,
            "Discretization:",
            "recipe.yaml:3:13: Discretization needs `num_bins` or `bin_boundaries`\n"
            "    `num_bins: 10` learns them from the training examples",
        ),
        (
            VECTORIZATION,
            "Normalization: {mean: 1}",
            "recipe.yaml:3:13: Normalization needs `variance`\n"
            "    give the values, or put the layer into `prepare`, where it learns them from the training examples",
        ),
        (
            "    - Embedding",
            "    - Normalization\n    - Embedding",
            "recipe.yaml:6:7: Normalization needs `mean` and `variance`\n"
            "    give the values, or put the layer into `prepare`, where it learns them from the training examples",
        ),
        (
            "model:",
            "model:\n  input: [28, 28, 1]",
            "recipe.yaml:5:10: `input` is [28, 28, 1], and an example of a folder of texts is a text\n"
            "    leave `input` out, or write []",
        ),
    ],
)
def test_what_cannot_be_learned_or_does_not_fit_is_reported_at_its_line(old, new, message):
    if message:
        assert refused((old, new)) == message
    else:
        recipe((old, new))


def test_augmentation_learns_nothing():
    assert "Normalization needs `mean` and `variance`" in refused(("model:", "  augment: [Normalization]\nmodel:"))
