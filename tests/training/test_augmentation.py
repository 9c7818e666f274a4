"""Augmentation in the train step: of the inputs alone, and of inputs and targets alike."""

import keras
import numpy as np
import pytest
import stand_ins
import tensorflow as tf

from cnncli.data.dataset import INPUT, Examples
from cnncli.data.encoding import Encoding
from cnncli.network.build import build
from cnncli.recipe.load import load_bytes
from cnncli.runs import checkpoints as commits
from cnncli.tasks.regression.targets import NUMBERS
from cnncli.training.augmentation import AugmentingModel, inputs_alone
from cnncli.training.checkpointing import Checkpoints
from cnncli.training.fit import fit
from cnncli.training.state import State

DATA = "data: {source: {npz: {path: a.npz}}, targets: numbers, augment: [RandomFlip: horizontal_and_vertical]}\n"
TRAIN = """
train:
  seed: 1
  batch_size: 8
  epochs: 3
  steps_per_execution: 2
  loss: mean_squared_error
  optimizer: {SGD: {learning_rate: RATE}}
"""
# Gives an image as it is, and hardly learns: the loss is 0 where the target is the image.
IDENTITY = """
model:
  input: [6, 6, 1]
  layers: [Conv2D: {name: conv, filters: 1, kernel_size: 1, use_bias: false, kernel_initializer: ones}, Flatten]
""" + TRAIN.replace("RATE", "1.0e-9")
DENSE = """
model:
  input: [6, 6, 1]
  layers: [Conv2D: {name: conv, filters: 2, kernel_size: 3}, Flatten, Dropout: 0.2, Dense: {name: out, units: 36}]
""" + TRAIN.replace("RATE", "0.1")


def examples():
    """Images, each with itself as the mask that is its target: 36 numbers in a row."""
    images = np.random.default_rng(5).random((36, 6, 6, 1), dtype=np.float32)
    return Examples({INPUT: images}, images.reshape(36, 36))


def train(text, folder=None, *, resume=None, joint=True, **more):
    recipe = load_bytes(text.encode(), "r.yaml").recipe
    keras.utils.set_random_seed(1)
    network = build(recipe, input_shape=(6, 6, 1))
    train, validation = (stand_ins.batches(examples(), seed, {"": NUMBERS}) for seed in (3, None))
    augment, calls = masks_too(network)
    fitted = fit(
        network,
        recipe,
        train,
        validation,
        observer=stand_ins.Silent(),
        checkpoints=Checkpoints(folder, resume=resume, **more),
        augment=augment if joint else None,
    )
    return network, fitted, calls


def masks_too(network):
    """An augmentation of images together with their masks, and for each of its calls whether it was in a graph."""
    _, *layers = network.augmentation.layers
    calls = []

    def augment(inputs, targets):
        calls.append(not tf.executing_eagerly())
        data = {"images": inputs, "segmentation_masks": keras.ops.reshape(targets, (-1, 6, 6, 1))}
        for layer in layers:
            data = layer(data, training=True)
        return data["images"], keras.ops.reshape(data["segmentation_masks"], (-1, 36))

    return augment, calls


def losses(fitted, name="loss"):
    return [row[name] for row in fitted.history]


@pytest.mark.parametrize("layer", ["RandomFlip: horizontal_and_vertical", "Rescaling: 2"])
def test_inputs_are_augmented_alone_and_those_of_validation_are_not(layer):
    data = DATA.replace("RandomFlip: horizontal_and_vertical", layer)

    _, fitted, _ = train(data + IDENTITY, joint=False)

    assert min(losses(fitted)) > 0.01
    assert losses(fitted, "val_loss") == pytest.approx([0, 0, 0])


def test_task_can_move_targets_with_their_inputs_in_the_graph():
    _, fitted, calls = train(DATA + IDENTITY)

    assert losses(fitted) == [0, 0, 0]
    assert calls == [True], "once, in the graph, and not for each of 3 * 5 steps"


def test_training_that_moves_targets_goes_on_exactly(tmp_path):
    network, whole, _ = train(DATA + DENSE, tmp_path, every_steps=1)
    for path in tmp_path.glob(f"{commits.newest(tmp_path).number:010}.*"):
        path.unlink()
    kept = commits.newest(tmp_path).commit
    assert kept.state["step"], "it goes on within the last epoch"

    again, resumed, _ = train(DATA + DENSE, resume=State.load(kept.state, kept.arrays))

    assert losses(resumed) == losses(whole)
    for one, other in zip(network.full_model.get_weights(), again.full_model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_frozen_part_is_not_computed_once_where_targets_move():
    frozen = DATA.replace("}\n", ", augment_copies: 2}\n") + DENSE + "  freeze: [conv]\n"

    features_after = [train(frozen, joint=joint)[1].phases[0].features_after for joint in (False, True)]

    assert features_after == ["flatten", ""]


def test_model_that_augments_has_the_layers_and_weights_of_the_network():
    recipe = load_bytes((DATA + IDENTITY).encode(), "r.yaml").recipe
    network = build(recipe, input_shape=(6, 6, 1))

    model = AugmentingModel(network.full_model, inputs_alone(network))

    assert model.layers == network.full_model.layers
    assert model.variables == network.full_model.variables


def test_targets_are_augmented_as_they_are_stored_and_encoded_and_weighed_afterwards():
    recipe = load_bytes((DATA + IDENTITY).encode(), "r.yaml").recipe
    network = build(recipe, input_shape=(6, 6, 1))
    halves = Encoding("halves", "", lambda targets: targets / 2, lambda targets: targets[:, 0])
    model = AugmentingModel(network.full_model, lambda inputs, targets: (inputs, targets + 3), {"": halves})
    model.compile(loss="mean_squared_error", optimizer="sgd", jit_compile=False)
    batches = stand_ins.batches(
        Examples({INPUT: np.zeros((8, 6, 6, 1), np.float32)}, np.ones((8, 36))), 3, {"": halves}
    )

    inputs, targets = next(iter(batches.with_stored_targets().dataset()))

    assert targets.numpy().tolist() == np.ones((8, 36)).tolist()
    assert model.train_on_batch(inputs, targets) == pytest.approx(4 * 2**2)  # weight 1 + 3, target (1 + 3) / 2
