"""The learning-rate range test: what it trains, what it measures, when it ends."""

import os
import signal

import keras
import numpy as np
import pytest
import stand_ins

from cnncli.errors import Stopped
from cnncli.network.build import build
from cnncli.recipe.load import load_bytes
from cnncli.recipe.phases import phases_of
from cnncli.training.range_test import STEPS, range_test, rate_at

HEAD = """
data: {source: {npz: {path: a.npz}}, classes: 3}
model:
  input: [6, 6, 1]
  layers:
    - Flatten
    - Dense: {name: hidden, units: 8, activation: relu}
    - Dense: {name: out, units: 3, activation: softmax}
"""


def measured(rest="", *, progress=lambda *_: None):
    recipe = load_bytes((HEAD + rest).encode(), "r.yaml").recipe
    keras.utils.set_random_seed(1)
    network = build(recipe, input_shape=(6, 6, 1))
    before = {layer.name: layer.get_weights() for layer in network.full_model.layers}
    train = stand_ins.batches(stand_ins.three_classes(), 3)
    test = range_test(network, recipe, phases_of(recipe)[0], train, progress=progress, stopping=lambda _: None)
    return test, network, before


def test_rate_rises_with_every_batch_and_few_examples_are_repeated():
    seen = []
    test, *_ = measured(progress=lambda *told: seen.append(told))

    assert list(test.rates) == pytest.approx([rate_at(step) for step in range(len(test.rates))])
    assert len(test.rates) > 4 * 10  # of 4 batches in an epoch
    assert seen == [
        (n + 1, STEPS, rate, loss) for n, (rate, loss) in enumerate(zip(test.rates, test.losses, strict=True))
    ]


def test_same_seed_gives_the_same_losses():
    assert measured()[0] == measured()[0]


def test_loss_is_that_of_each_batch_alone():
    """At tiny rates nothing is learned: the losses of the first epoch are those of its batches with the first weights."""
    test, network, before = measured()
    for layer in network.full_model.layers:
        layer.set_weights(before[layer.name])
    train = stand_ins.batches(stand_ins.three_classes(), 3)
    train.epoch.assign(0)
    expected = [
        float(keras.losses.SparseCategoricalCrossentropy()(labels, network.model(inputs)))
        for inputs, labels in train.dataset()
    ]

    assert list(test.losses[:4]) == pytest.approx(expected, abs=1e-3)
    assert np.ptp(expected) > 0.01


def test_test_ends_when_the_loss_has_diverged():
    test, *_ = measured("train: {optimizer: {SGD: {learning_rate: 0.01, momentum: 0.9}}}")

    assert test.ended in ("diverged", "not finite")
    assert len(test.rates) < STEPS


@pytest.mark.parametrize(
    "optimizer",
    [
        "adam",
        "{AdamW: {learning_rate: 0.5, weight_decay: 0.01}}",
        "{SGD: {learning_rate: {CosineDecay: {initial_learning_rate: 0.0, decay_steps: 5}}}}",
    ],
)
def test_rate_and_schedule_of_the_recipe_do_not_matter(optimizer):
    test, network, before = measured(f"train: {{optimizer: {optimizer}}}")

    assert len(test.rates) > 40
    assert min(test.losses[40:]) < 0.9 * test.losses[0]
    assert not np.array_equal(network.full_model.get_layer("out").get_weights()[0], before["out"][0])


def test_frozen_layers_of_the_first_phase_stay():
    _, network, before = measured("train: {freeze: [hidden]}")

    np.testing.assert_array_equal(network.full_model.get_layer("hidden").get_weights()[0], before["hidden"][0])
    assert not np.array_equal(network.full_model.get_layer("out").get_weights()[0], before["out"][0])


def test_signal_ends_the_test_after_the_step():
    steps = []

    def progress(step, *_):
        steps.append(step)
        if step == 5:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(Stopped):
        measured(progress=progress)
    assert steps == [1, 2, 3, 4, 5]
