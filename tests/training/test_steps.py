"""How many steps go together: many short ones, few long ones."""

import pytest

from cnncli.network.build import build_symbolically
from cnncli.recipe.load import load_bytes
from cnncli.training import steps
from cnncli.training.steps import forward_multiply_adds, known_multiply_adds, steps_per_execution


@pytest.mark.parametrize(
    ("multiply_adds", "batch_size", "steps", "expected"),
    [
        (0, 32, 1000, 32),  # at most
        (416_520, 128, 57, 32),  # LeNet-5: 160e6 a step
        (2_600_000, 128, 57, 16),
        (15_000_000_000, 32, 8, 1),  # VGG16
        (0, 32, 3, 2),  # never more than an epoch has
        (0, 32, 1, 1),
    ],
)
def test_steps_that_go_together(multiply_adds, batch_size, steps, expected):
    assert steps_per_execution(multiply_adds, batch_size=batch_size, steps=steps) == expected


def test_multiply_adds_without_a_part():
    layers = "[Flatten, Dense: {name: a, units: 5}, Dense: {name: b, units: 10, activation: softmax}]"
    text = f"data: {{source: mnist}}\nmodel: {{layers: {layers}}}\n".encode()
    network = build_symbolically(load_bytes(text, "r.yaml").recipe, input_shape=(28, 28, 1))

    assert forward_multiply_adds(network) == 784 * 5 + 5 * 10
    assert forward_multiply_adds(network, without=["a"]) == 5 * 10


def test_multiply_adds_are_not_known_where_a_layer_cannot_be_counted(monkeypatch):
    layers = "[Flatten, Dense: {name: a, units: 5}, Dense: {name: b, units: 10, activation: softmax}]"
    text = f"data: {{source: mnist}}\nmodel: {{layers: {layers}}}\n".encode()
    network = build_symbolically(load_bytes(text, "r.yaml").recipe, input_shape=(28, 28, 1))
    known = known_multiply_adds(network)
    monkeypatch.setattr(steps, "_of", lambda call: None if call.operation.name == "a" else 7)

    assert known == 784 * 5 + 5 * 10
    assert known_multiply_adds(network) is None
