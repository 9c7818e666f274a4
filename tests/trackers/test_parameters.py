"""A resolved recipe as flat parameters."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnncli.trackers.parameters import parameters


def test_keys_are_dotted_as_set_takes_them():
    recipe = b"""
name: digits
data: {source: mnist, prepare: [Rescaling: {scale: 0.5}]}
model: {input: [28, 28, 1], layers: [Flatten: {name: f}, Dense: {units: 10}]}
train: {epochs: 3, optimizer: {Adam: {learning_rate: 0.1}}, callbacks: [EarlyStopping: {}], freeze: []}
track: [mlflow: {uri: "http://localhost"}]
"""

    assert parameters(recipe) == {
        "data.source": "mnist",
        "data.prepare.0.Rescaling.scale": 0.5,
        "model.input": "[28, 28, 1]",
        "model.layers.0.Flatten.name": "f",
        "model.layers.1.Dense.units": 10,
        "train.epochs": 3,
        "train.optimizer.Adam.learning_rate": 0.1,
        "train.callbacks.0": "EarlyStopping",
    }


def test_text_has_its_own_dollar_signs():
    assert parameters(b'data: {source: {npz: {path: "a$$b"}}}')["data.source.npz.path"] == "a$b"


@pytest.mark.parametrize(("count", "found"), [(200, 400), (201, 1)])
def test_layers_of_a_large_network_are_one_parameter(count, found):
    layers = ", ".join(f"Dense: {{units: {number}, name: d{number}}}" for number in range(1, count + 1))

    flat = parameters(f"model: {{layers: [{layers}]}}".encode())

    assert len(flat) == found
    assert found > 1 or flat == {"model.layers": "201 layers"}


def test_recipe_that_cannot_be_read_has_none():
    assert parameters(b"{") == parameters(b"") == {}


@given(
    st.recursive(
        st.integers() | st.text("ab.$ é", max_size=5) | st.booleans(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", min_size=1), inner, max_size=3),
        max_leaves=20,
    )
)
def test_values_are_plain_and_keys_differ(tree):
    content = json.dumps({"data": tree}, ensure_ascii=False).encode()

    flat = parameters(content)

    assert all(isinstance(value, (str, int, float, bool)) for value in flat.values())
    assert all(key.split(".")[0] == "data" for key in flat)
