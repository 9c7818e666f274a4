"""Every layer that the installed Keras exports can be named in a recipe, and is then the layer of the same call in Python.

A layer that Keras adds fails here until it can be built without arguments, has a row in `CASES`, or is refused with a reason.
"""

from __future__ import annotations

import inspect
import json
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
import pytest
from keras.src.layers.preprocessing.image_preprocessing.base_image_preprocessing_layer import (
    BaseImagePreprocessingLayer,
)

from cnncli.errors import RecipeError
from cnncli.network.build import Network, build
from cnncli.network.explain import explain
from cnncli.network.explanation import MULTIPLY_ADDS, PARAMETERS
from cnncli.network.summary import summarise_with_network
from cnncli.recipe.keras_objects import catalogue
from cnncli.recipe.load import LoadedRecipe, load_bytes


@dataclass(frozen=True)
class Call:
    """`Name(**arguments)`; an argument may be such a call."""

    name: str
    arguments: dict[str, Any] = field(default_factory=dict)

    def in_yaml(self, **more: Any) -> str:
        return json.dumps(_as_data(self, more))  # JSON is YAML

    def in_python(self, **more: Any) -> Any:
        arguments = {key: _as_python(value) for key, value in self.arguments.items()}
        return getattr(keras.layers, self.name)(**arguments, **more)


def _as_data(value: Any, more: dict[str, Any] | None = None) -> Any:
    if isinstance(value, Call):
        arguments = {key: _as_data(item) for key, item in value.arguments.items()} | (more or {})
        return {value.name: arguments} if arguments else value.name
    return [_as_data(item) for item in value] if isinstance(value, (list, tuple)) else value


def _as_python(value: Any) -> Any:
    if isinstance(value, Call):
        return value.in_python()
    return [_as_python(item) for item in value] if isinstance(value, list) else value


def call(layer: str, **arguments: Any) -> Call:
    return Call(layer, arguments)


@dataclass(frozen=True)
class Case:
    """A layer with the least that it takes.

    Attributes:
        call: the layer; it is or holds the one that is tried.
        shape: of one example.
        before: layers on the input, named `a`, `b`, ….
        takes: the `from` of the layer; empty where it takes the input.
    """

    call: Call
    shape: tuple[int, ...]
    before: tuple[Call, ...] = ()
    takes: tuple[str, ...] = ()


_DOUBLED = (call("Rescaling", scale=2.0),)
_TWO = {"shape": (5, 4), "before": _DOUBLED, "takes": ("input", "a")}
_SERIES = {"shape": (6, 3)}
_IMAGES = (8, 8, 3)
_SHAPES = {"1D": (8, 3), "2D": _IMAGES, "3D": (6, 6, 6, 2)}

# By the class's own name: arguments in Python, and under `_` what the case needs beside them.
CASES: dict[str, dict[str, Any]] = {
    "Activation": {"activation": "relu"},
    "AdaptiveAveragePooling1D": {"output_size": 2},
    "AdaptiveAveragePooling2D": {"output_size": (2, 4)},
    "AdaptiveAveragePooling3D": {"output_size": 2},
    "AdaptiveMaxPooling1D": {"output_size": 2},
    "AdaptiveMaxPooling2D": {"output_size": (2, 4)},
    "AdaptiveMaxPooling3D": {"output_size": 2},
    "Add": {"_": _TWO},
    "AdditiveAttention": {"_": _TWO},
    "AlphaDropout": {"rate": 0.5},
    "Attention": {"_": _TWO},
    "Average": {"_": _TWO},
    "AveragePooling1D": {"pool_size": 2},
    "AveragePooling2D": {"pool_size": (2, 1)},
    "AveragePooling3D": {"pool_size": 2},
    "Bidirectional": {"layer": call("LSTM", units=3), "_": _SERIES},
    "CategoryEncoding": {"num_tokens": 7, "_": {"shape": (4,)}},
    "CenterCrop": {"height": 4, "width": 6},
    "Concatenate": {"axis": 1, "_": _TWO},
    "Conv1D": {"filters": 2, "kernel_size": 3, "padding": "causal"},
    "Conv1DTranspose": {"filters": 2, "kernel_size": 3, "strides": 2},
    "Conv2D": {"filters": 4, "kernel_size": (3, 2), "strides": (2, 1), "kernel_regularizer": "l2"},
    "Conv2DTranspose": {"filters": 2, "kernel_size": 3, "strides": 2, "output_padding": (1, 0)},
    "Conv3D": {"filters": 2, "kernel_size": 3},
    "Conv3DTranspose": {"filters": 2, "kernel_size": 3},
    "ConvLSTM1D": {"filters": 2, "kernel_size": 3, "_": {"shape": (2, 5, 2)}},
    "ConvLSTM2D": {"filters": 2, "kernel_size": (3, 2), "_": {"shape": (2, 5, 5, 2)}},
    "ConvLSTM3D": {  # a recipe's input has at most four numbers
        "filters": 2,
        "kernel_size": 2,
        "_": {"shape": (2, 27), "before": (call("Reshape", target_shape=(2, 3, 3, 3, 1)),), "takes": ("a",)},
    },
    "Cropping2D": {"cropping": ((1, 0), (2, 1))},
    "Dense": {"units": 5, "activation": "relu", "kernel_initializer": "he_normal"},
    "DepthwiseConv1D": {"kernel_size": 3},
    "DepthwiseConv2D": {"kernel_size": 3, "depth_multiplier": 2},
    "Discretization": {"bin_boundaries": [1.0, 3.0, 5.0]},
    "Dot": {"axes": (1, 1), "normalize": True, "_": _TWO},
    "Dropout": {"rate": 0.5, "noise_shape": (None, 1, 1, 3), "seed": 3},
    "EinsumDense": {"equation": "abc,cd->abd", "output_shape": (None, 6), "bias_axes": "d", "_": _SERIES},
    "Embedding": {"input_dim": 7, "output_dim": 3, "_": {"shape": (4,)}},
    "GRU": {"units": 3, "return_sequences": True, "_": {"shape": (5, 4)}},
    "GRUCell": {"units": 3},
    "GaussianDropout": {"rate": 0.5},
    "GaussianNoise": {"stddev": 0.5},
    "GroupNormalization": {"groups": -1},
    "GroupQueryAttention": {"head_dim": 2, "num_query_heads": 4, "num_key_value_heads": 2, "_": _TWO},
    "HashedCrossing": {
        "num_bins": 5,
        "_": {
            "shape": (1,),
            "before": (call("Discretization", bin_boundaries=[2.0]), call("Discretization", bin_boundaries=[4.0])),
            "takes": ("a", "b"),
        },
    },
    "Hashing": {"num_bins": 5, "salt": (3, 4)},
    "IntegerLookup": {"vocabulary": [2, 3, 5]},
    "LSTM": {"units": 3, "_": _SERIES},
    "LSTMCell": {"units": 3},
    "MaxPooling2D": {"pool_size": (2, 3)},
    "Maximum": {"_": _TWO},
    "MelSpectrogram": {"fft_length": 32, "sequence_stride": 16, "num_mel_bins": 8, "_": {"shape": (64,)}},
    "Minimum": {"_": _TWO},
    "MultiHeadAttention": {"num_heads": 2, "key_dim": 3, "_": _TWO},
    "Multiply": {"_": _TWO},
    "Normalization": {"mean": [1.0, 2.0, 3.0], "variance": [1.0, 4.0, 9.0]},
    "PReLU": {"shared_axes": (1, 2)},
    "Permute": {"dims": (2, 1, 3)},
    "Pipeline": {"layers": [call("Rescaling", scale=0.5), call("ReLU")]},
    "RNN": {"cell": [call("GRUCell", units=3), call("LSTMCell", units=2)], "_": _SERIES},
    "RandomBrightness": {"factor": (-0.5, 0.5)},
    "RandomColorDegeneration": {"factor": (0.2, 0.5)},
    "RandomColorJitter": {"brightness_factor": 0.5, "hue_factor": (0.1, 0.2)},
    "RandomContrast": {"factor": (0.2, 0.5)},
    "RandomCrop": {"height": 4, "width": 6, "seed": 3},  # left out, Keras draws one
    "RandomHue": {"factor": 0.5},
    "RandomPosterization": {"factor": 4},
    "RandomRotation": {"factor": (-0.1, 0.2)},
    "RandomSaturation": {"factor": (0.2, 0.5)},
    "RandomSharpness": {"factor": 0.5},
    "RandomTranslation": {"height_factor": (-0.2, 0.3), "width_factor": 0.2},
    "RandomZoom": {"height_factor": (-0.2, 0.3)},
    "RepeatVector": {"n": 3, "_": {"shape": (4,)}},
    "Rescaling": {"scale": 1 / 255, "offset": -1.0},
    "Reshape": {"target_shape": (-1, 3)},
    "Resizing": {"height": 4, "width": 6},
    "ReversibleEmbedding": {"input_dim": 7, "output_dim": 3, "_": {"shape": (4,)}},
    "STFTSpectrogram": {"frame_length": 32, "frame_step": 16, "fft_length": 32, "_": {"shape": (64, 1)}},
    "SeparableConv1D": {"filters": 2, "kernel_size": 3},
    "SeparableConv2D": {"filters": 2, "kernel_size": 3},
    "SimpleRNN": {"units": 3, "_": _SERIES},
    "SimpleRNNCell": {"units": 3},
    "SpatialDropout1D": {"rate": 0.5},
    "SpatialDropout2D": {"rate": 0.5},
    "SpatialDropout3D": {"rate": 0.5},
    "SpectralNormalization": {"layer": call("Conv2D", filters=4, kernel_size=3)},
    "StackedRNNCells": {"cells": [call("SimpleRNNCell", units=3), call("GRUCell", units=2)]},
    "StringLookup": {"vocabulary": ["two", "three"]},
    "Subtract": {"_": _TWO},
    "TextVectorization": {"vocabulary": ["two", "three"]},
    "TimeDistributed": {"layer": call("Dense", units=4, activation="relu"), "_": _SERIES},
    "UpSampling2D": {"size": (2, 3), "interpolation": "bilinear"},
    "ZeroPadding2D": {"padding": ((1, 0), (2, 1))},
}
# They are one step of a recurrent layer, which is what an item of a recipe can be.
_CELLS = ("GRUCell", "LSTMCell", "SimpleRNNCell", "StackedRNNCells")
# Its output is its input as Keras sees it, which the functional API takes for a cycle; a recipe's network avoids that.
_NOT_IN_PYTHON = ("Equalization",)
# No source of data gives text yet.
_OF_TEXT = ("StringLookup", "TextVectorization")
_EXPORTED = {name: cls for name, cls in vars(keras.layers).items() if inspect.isclass(cls)}
_REFUSED = [name for name in catalogue.names("layers", refused=True) if catalogue.find("layers", name).refused]
_USABLE = sorted(_EXPORTED.keys() - set(_REFUSED))
_AUGMENTING = [name for name in _USABLE if issubclass(_EXPORTED[name], BaseImagePreprocessingLayer)]


def case_of(name: str) -> Case:
    """The case of a layer; of an alias that of its class."""
    own = catalogue.find("layers", name).canonical
    arguments = dict(CASES.get(own, {}))
    more = {"shape": _SHAPES.get(own.removesuffix("Transpose")[-2:], _IMAGES)} | arguments.pop("_", {})
    if own in _CELLS:
        return Case(call("RNN", cell=Call(name, arguments)), **_SERIES)
    return Case(Call(name, arguments), **more)


def built(case: Case, *, policy: str = "float32") -> Network:
    """The case through the recipe's text."""
    return _network(_model(case), case.shape, policy=policy)


def _model(case: Case) -> str:
    layers = [b.in_yaml(name=name, **{"from": "input"}) for name, b in zip("ab", case.before, strict=False)]
    layers.append(case.call.in_yaml(name="it", **({"from": list(case.takes)} if case.takes else {})))
    return f"{{input: {list(case.shape)}, layers: [{', '.join(layers)}]}}"


def _network(model: str, shape: tuple[int, ...], augment: str = "", policy: str = "float32") -> Network:
    return build(_loaded(model, augment).recipe, input_shape=shape, policy=policy)


def _loaded(model: str, augment: str = "") -> LoadedRecipe:
    data = f"data: {{source: {{npz: {{path: a.npz}}}}, augment: [{augment}]}}"
    text = f"{data}\nmodel: {model}\ntrain: {{loss: mean_squared_error}}\n"
    return load_bytes(text.encode(), "r.yaml")


def in_python(case: Case) -> keras.Model:
    """The same with the functional API."""
    tensors = {"input": keras.Input(case.shape)}
    for name, before in zip("ab", case.before, strict=False):
        tensors[name] = before.in_python()(tensors["input"])
    taken = [tensors[name] for name in case.takes or ("input",)]
    layer = case.call.in_python(name="it")
    if "Attention" in case.call.name and case.call.name not in ("Attention", "AdditiveAttention"):
        return keras.Model(tensors["input"], layer(*taken))
    return keras.Model(tensors["input"], layer(taken if len(taken) > 1 else taken[0]))


def described(config: Any) -> Any:
    """A config without names: Keras numbers those of layers within layers over the whole process."""
    if isinstance(config, dict):
        return {key: described(value) for key, value in config.items() if key != "name"}
    return [described(item) for item in config] if isinstance(config, (list, tuple)) else config


def examples(shape: tuple[int, ...]) -> np.ndarray:
    """Whole numbers from 0 to 6, which fit layers that look them up too."""
    return np.random.default_rng(0).integers(0, 7, (2, *shape)).astype(np.float32)


def names_in(value: Any) -> Iterator[str]:
    if isinstance(value, Call):
        yield value.name
        for item in value.arguments.values():
            yield from names_in(item)
    elif isinstance(value, list):
        for item in value:
            yield from names_in(item)


def test_every_exported_layer_is_in_the_catalogue():
    assert len(_EXPORTED) > 150
    assert len(_AUGMENTING) > 20
    assert [name for name in _EXPORTED if catalogue.find("layers", name) is None] == []
    assert [name for name in CASES if name not in _USABLE] == []
    assert " ".join(_REFUSED) == (
        "CutMix FlaxLayer Input InputLayer InputSpec JaxLayer Lambda Layer MaxNumBoundingBoxes MixUp TFSMLayer TorchModuleWrapper"
        " Wrapper"
    )


@pytest.mark.parametrize("name", [name for name in _USABLE if name not in _OF_TEXT + _NOT_IN_PYTHON])
def test_layer_is_that_of_the_same_call_in_python(name):
    case = case_of(name)
    assert name in names_in(case.call)

    model, same = built(case).model, in_python(case)

    layer, expected = model.get_layer("it"), same.get_layer("it")
    assert type(layer) is type(expected)
    assert described(layer.get_config()) == described(expected.get_config())
    assert layer.dtype_policy.name == expected.dtype_policy.name
    assert (model.output.shape, model.output.dtype) == (same.output.shape, same.output.dtype)
    same.set_weights(model.get_weights())
    inputs = examples(case.shape)
    np.testing.assert_allclose(model(inputs, training=False), same(inputs, training=False), rtol=1e-6)


@pytest.mark.parametrize("name", [name for name in _USABLE if name not in _OF_TEXT])
def test_layer_is_explained_in_a_sentence_and_no_number_is_without_a_formula_or_a_note(name):
    summary, network, loaded = summarise_with_network(_loaded(_model(case_of(name))))
    [layer] = explain(summary, network, loaded.recipe, only=["it"]).layers
    noted = " ".join(layer.notes)

    assert re.fullmatch(r"[A-Z].{15,}[.]", layer.purpose)
    for formula in layer.formulas:
        if formula.quantity in (PARAMETERS, MULTIPLY_ADDS) and not formula.expression:
            assert formula.quantity in noted or "Keras computes" in noted


@pytest.mark.parametrize("name", _REFUSED)
def test_layer_that_a_recipe_cannot_use_is_refused_with_the_reason(name):
    reason = catalogue.find("layers", name).refused

    with pytest.raises(RecipeError) as caught:
        _network(f"{{input: [4], layers: [{name}: {{}}]}}", (4,))

    assert str(caught.value) == f"r.yaml:2:30: layer `{name}` cannot be used in a recipe: {reason}"


@pytest.mark.parametrize("name", _OF_TEXT)
def test_layer_of_text_is_reported_that_numbers_came_in(name):
    with pytest.raises(RecipeError, match=f"{name} takes text, and numbers came in"):
        built(case_of(name))


@pytest.mark.parametrize("name", _AUGMENTING)
def test_augmentation_gives_what_it_gives_in_python(name):
    arguments = dict(CASES.get(name, {}))
    if "height" in arguments:
        arguments |= {"height": 8, "width": 8}  # what is augmented goes into the network
    if "seed" in catalogue.find("layers", name).arguments:
        arguments["seed"] = 3
    augmenting = Call(name, arguments)
    images = examples(_IMAGES) * 40

    network = _network("{input: [8, 8, 3], layers: [Identity]}", _IMAGES, augmenting.in_yaml())
    random.seed(3)  # AugMix draws from Python's own
    given = network.augmented(images)

    random.seed(3)
    expected = augmenting.in_python()(images, training=True)
    np.testing.assert_allclose(given, expected, rtol=1e-5, atol=1e-4)


def test_layer_whose_output_is_its_input_can_be_saved_and_loaded(tmp_path):
    with pytest.raises(ValueError, match="cycle"):
        in_python(case_of("Equalization"))
    model = built(case_of("Equalization")).model
    images = examples(_IMAGES) * 40

    model.save(tmp_path / "model.keras")

    again = keras.models.load_model(tmp_path / "model.keras")
    expected = keras.layers.Equalization()(images, training=True)
    np.testing.assert_array_equal(again(images, training=True), expected)
    assert not np.array_equal(expected, images)


def test_augmentation_that_changes_the_shape_is_reported():
    with pytest.raises(RecipeError) as caught:
        _network("{input: [8, 8, 3], layers: [Identity]}", _IMAGES, "RandomCrop: {height: 4, width: 6}")

    assert [str(problem) for problem in caught.value.problems] == [
        "`augment` makes 4x6x3 of 8x8x3\n    what leaves it goes into the network"
    ]


def test_augmentation_may_change_the_shape_on_its_way():
    steps = "RandomCrop: {height: 4, width: 6}, Resizing: {height: 8, width: 8}"

    network = _network("{input: [8, 8, 3], layers: [Identity]}", _IMAGES, steps)

    assert network.augmentation.output_shape == (None, 8, 8, 3)


@pytest.mark.parametrize("name", ["TimeDistributed", "Bidirectional", "RNN", "Pipeline"])
def test_layers_within_a_layer_are_computed_as_the_others(name):
    case = case_of(name)
    inner = Case(case.call, case.shape)
    layers = f"[{inner.call.in_yaml(name='it')}, Identity]"

    layer = _network(
        f"{{input: {list(case.shape)}, layers: {layers}}}", case.shape, policy="mixed_bfloat16"
    ).model.get_layer("it")

    computed = [inside.compute_dtype for inside in layer._flatten_layers()]
    assert computed == ["bfloat16"] * len(computed)
    assert len(computed) > 1


@pytest.mark.parametrize("name", ["TimeDistributed", "Bidirectional", "RNN", "Pipeline"])
def test_layers_within_a_layer_have_the_same_names_in_every_network(name):
    first, second = built(case_of(name)).model, built(case_of(name)).model

    assert first.get_config() == second.get_config()


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (
            "MultiHeadAttention: {num_heads: 2, key_dim: 2}",
            "MultiHeadAttention takes `query` and `value`, and one tensor came in\n    name them: `from: [query, value]`",
        ),
        (
            "LSTMCell: 3",
            "LSTMCell takes `inputs` and `states`, and one tensor came in\n"
            "    it is one step of a recurrent layer: `- RNN: {cell: {LSTMCell: …}}`",
        ),
        (
            "LSTM: {units: 3, return_state: true}",
            "LSTM gives 3 tensors; a layer of a recipe gives one\n    leave `return_state` out",
        ),
        (
            "Dense: {units: 3, from: [input, input]}",
            'Dense: Layer "it" expects 1 input(s), but it received 2 input tensors\n    came in: 5x3 and 5x3',
        ),
    ],
)
def test_wrong_number_of_tensors_is_reported(layer, message):
    with pytest.raises(RecipeError) as caught:
        _network(f"{{input: [5, 3], layers: [{layer}]}}".replace("units: 3", "units: 3, name: it"), (5, 3))

    assert str(caught.value.problems[0]) == message


def test_recurrent_layer_takes_its_first_state_by_from():
    layers = "[GRU: {name: state, units: 2}, GRU: {name: it, units: 2, from: [input, state]}]"
    model = _network(f"{{input: [5, 3], layers: {layers}}}", (5, 3)).model

    inputs = keras.Input((5, 3))
    same = keras.Model(inputs, keras.layers.GRU(2)(inputs, initial_state=keras.layers.GRU(2)(inputs)))
    same.set_weights(model.get_weights())

    np.testing.assert_allclose(model(examples((5, 3))), same(examples((5, 3))), rtol=1e-6)


def test_prepared_layers_get_names_that_the_network_has_not():
    text = """
        data: {source: {npz: {path: a.npz}}, prepare: [Rescaling: 2, Rescaling: 3]}
        model: {input: [4], layers: [Rescaling: 4, Dense: {name: rescaling_2, units: 3}]}
        train: {loss: mean_squared_error}
    """
    recipe = load_bytes(text.encode(), "r.yaml").recipe

    names = [[layer.name for layer in build(recipe, input_shape=(4,)).model.layers] for _ in range(2)]

    assert names == [["input", "rescaling_3", "rescaling_4", "rescaling", "rescaling_2"]] * 2
