"""Training: the order of examples, phases, the best weights, several outputs."""

import keras
import numpy as np
import pytest
import stand_ins
from PIL import Image

from cnncli.data import pipeline
from cnncli.data.dataset import INPUT, Examples, ImageFiles
from cnncli.data.images import Form
from cnncli.data.pipeline import Batches
from cnncli.errors import DataError, RecipeError
from cnncli.network.build import build
from cnncli.network.checks import freeze, learning_params
from cnncli.recipe.load import load_bytes
from cnncli.recipe.phases import phases_of
from cnncli.tasks.classification.targets import COLUMN, INTEGERS, one_hot
from cnncli.training.fit import fit

HEAD = """
data: {source: {npz: {path: a.npz}}, classes: 3}
model:
  input: [6, 6, 1]
  layers:
    - Conv2D: {name: conv, filters: 4, kernel_size: 3, activation: relu}
    - BatchNormalization: {name: norm}
    - Flatten
    - Dropout: 0.1
    - Dense: {name: out, units: 3, activation: softmax}
"""
EXAMPLES = stand_ins.three_classes()


def batches(seed=None, encodings=None, **more):
    return stand_ins.batches(EXAMPLES, seed, encodings, **more)


def train(rest, *, head=HEAD, encodings=None):
    recipe = load_bytes((head + rest).encode(), "r.yaml").recipe
    keras.utils.set_random_seed(1)
    network = build(recipe, input_shape=(6, 6, 1))
    before = {layer.name: layer.get_weights() for layer in network.full_model.layers}
    fitted = fit(network, recipe, batches(3, encodings), batches(None, encodings), observer=stand_ins.Silent())
    return network, fitted, before


def order_of(made, epoch):
    made.epoch.assign(epoch)
    return np.concatenate([inputs.numpy()[:, 0, 0, 0] for inputs, _ in made.dataset()])


def test_order_is_a_pure_function_of_seed_and_epoch():
    made = batches(seed=3)
    first, second = order_of(made, 0), order_of(made, 1)

    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(first, order_of(made, 0))
    np.testing.assert_array_equal(second, order_of(batches(seed=3), 1))
    assert not np.array_equal(first, order_of(batches(seed=4), 0))
    np.testing.assert_array_equal(np.sort(first), np.sort(EXAMPLES.input[:, 0, 0, 0]))


def test_data_sets_of_the_same_batches_share_the_copies_of_their_arrays(monkeypatch):
    made, copied = batches(seed=3), []
    constant = pipeline.tf.constant
    monkeypatch.setattr(pipeline.tf, "constant", lambda values: copied.append(len(values)) or constant(values))

    kept = [made.dataset(), made.dataset(first_step=1), made.in_order().dataset(), made.with_stored_targets().dataset()]
    assert copied == [len(EXAMPLES)] * 2  # the inputs and the targets
    other = made.of(EXAMPLES.input[::-1].copy()).dataset()
    assert copied == [len(EXAMPLES)] * 4
    np.testing.assert_array_equal(next(iter(kept[2]))[0], EXAMPLES.input[:8])
    assert next(iter(other))[0].shape == (8, 6, 6, 1)


def test_without_a_seed_the_order_is_kept():
    np.testing.assert_array_equal(order_of(batches(), 0), EXAMPLES.input[:, 0, 0, 0])


@pytest.mark.parametrize(
    ("encoding", "shape", "first"),
    [(INTEGERS, (8,), 1), (one_hot(3), (8, 3), [0, 1, 0]), (COLUMN, (8, 1), [1])],
)
def test_labels_leave_as_the_loss_takes_them(encoding, shape, first):
    _, labels = next(iter(batches(encodings={"": encoding}).dataset()))

    assert labels.shape == shape
    assert labels.numpy()[1].tolist() == first


def test_each_of_several_outputs_gets_its_labels():
    _, labels = next(iter(batches(encodings={"a": INTEGERS, "b": one_hot(3)}).dataset()))

    assert {name: tuple(values.shape) for name, values in labels.items()} == {"a": (8,), "b": (8, 3)}


PHASES = """
train:
  seed: 1
  batch_size: 8
  phases:
    - {name: head, epochs: 2, freeze: [conv, norm], optimizer: {Adam: {learning_rate: 0.01}}}
    - {name: all, epochs: 3, optimizer: {SGD: {learning_rate: 0.001}}}
"""


def test_phases_are_one_history_each_with_its_own_optimizer():
    _, fitted, _ = train(PHASES)

    assert [row["epoch"] for row in fitted.history] == [1, 2, 3, 4, 5]
    assert [row["phase"] for row in fitted.history] == ["head", "head", "all", "all", "all"]
    assert [round(row["learning_rate"], 4) for row in fitted.history] == [0.01, 0.01, 0.001, 0.001, 0.001]


AVERAGED = """
train:
  seed: 1
  batch_size: 8
  epochs: 3
  optimizer: {SGD: {learning_rate: 0.05, use_ema: true, ema_momentum: 0.7}}
  callbacks: [SwapEMAWeights]
"""


def test_weights_that_are_kept_are_those_that_validation_measured():
    network, fitted, _ = train(AVERAGED)

    model = network.full_model
    model.compile(loss="sparse_categorical_crossentropy", jit_compile=False)
    loss, _ = model.evaluate(batches().dataset(), verbose=0)
    assert loss == pytest.approx(fitted.history[fitted.best_epoch - 1]["val_loss"], rel=1e-4)


def test_frozen_layers_do_not_change_and_their_statistics_neither():
    only_head = PHASES[: PHASES.index("    - {name: all")]
    network, _, before = train(only_head)

    for name in ("conv", "norm"):
        for old, new in zip(before[name], network.model.get_layer(name).get_weights(), strict=True):
            np.testing.assert_array_equal(old, new)
    assert not np.array_equal(before["out"][0], network.model.get_layer("out").get_weights()[0])


def test_parameters_that_learn_are_counted_for_each_phase():
    recipe = load_bytes((HEAD + PHASES).encode(), "r.yaml").recipe
    network = build(recipe, input_shape=(6, 6, 1))

    # Dense: 4 * 4 * 4 inputs * 3 + 3; Conv2D: 3 * 3 * 4 + 4; BatchNormalization: 2 * 4.
    assert learning_params(network, recipe) == [195, 195 + 40 + 8]


def test_phase_that_stops_early_leaves_no_gap():
    early = PHASES.replace(
        "epochs: 2,", "epochs: 9, callbacks: [EarlyStopping: {monitor: loss, min_delta: 100.0, patience: 1}],"
    )
    _, fitted, _ = train(early)

    assert [row["epoch"] for row in fitted.history] == list(range(1, len(fitted.history) + 1))
    assert [row["phase"] for row in fitted.history] == ["head", "head", "all", "all", "all"]


def test_first_step_is_traced_once(monkeypatch):
    traced, step = [], keras.Model.train_step
    monkeypatch.setattr(keras.Model, "train_step", lambda self, data: traced.append(data) or step(self, data))
    train("train: {seed: 1, epochs: 2, batch_size: 8, optimizer: {Adam: {learning_rate: 0.01}}}\n")

    assert len(traced) == 1


def test_network_ends_with_its_best_weights():
    network, fitted, _ = train("train: {seed: 1, epochs: 6, batch_size: 8, optimizer: {SGD: {learning_rate: 1.0}}}\n")
    best = min(fitted.history, key=lambda row: row["val_loss"])

    assert fitted.best_epoch == best["epoch"]
    assert fitted.best_epoch < 6, "the test wants a run that gets worse in the end"
    loss = network.full_model.evaluate(EXAMPLES.input, EXAMPLES.targets, batch_size=8, verbose=0)
    assert loss[0] == pytest.approx(best["val_loss"], rel=1e-4)


def test_time_that_is_over_stops_after_the_epoch_and_says_so():
    _, fitted, _ = train("train: {seed: 1, epochs: 50, batch_size: 8, max_time: 0.01 s}\n")

    assert len(fitted.history) == 1
    assert fitted.stopped == "max_time: 0.01 s are over"


def test_several_outputs_train_with_their_losses_and_weights():
    aux = "    - Flatten: {name: aux_in, from: conv}\n    - Dense: {name: aux, units: 3, activation: softmax}\n"
    head = f"{HEAD}{aux}  outputs: [out, aux]\n"
    rest = """
train:
  seed: 1
  epochs: 1
  batch_size: 8
  loss: {out: sparse_categorical_crossentropy, aux: categorical_crossentropy}
  loss_weights: {aux: 0.5}
"""
    network, fitted, before = train(rest, head=head, encodings={"out": INTEGERS, "aux": one_hot(3)})
    [row] = fitted.history

    # Keras weighs a smaller last batch in the one and not in the others, hence the tolerance.
    assert row["val_loss"] == pytest.approx(row["val_out_loss"] + 0.5 * row["val_aux_loss"], rel=5e-3)
    assert {"out_accuracy", "aux_accuracy", "val_out_accuracy"} <= set(row)
    assert network.model.output_shape == (None, 3)
    assert not np.array_equal(before["aux"][0], network.full_model.get_layer("aux").get_weights()[0])


APPLICATION = """
data: {source: {npz: {path: a.npz}}, classes: 3}
model:
  input: [32, 32, 3]
  layers:
    - MobileNetV2: {name: backbone, weights: null, include_top: false, alpha: 0.35}
    - GlobalAveragePooling2D
    - Dense: {name: out, units: 3, activation: softmax}
train:
  phases:
    - {epochs: 1, freeze: [backbone]}
    - {epochs: 1, freeze: [backbone], unfreeze: UNFREEZE}
"""


@pytest.mark.parametrize(
    ("unfreeze", "learns"), [("[block_16_*]", False), ("[backbone]", False), ("[block_16_project_BN]", True)]
)
def test_batch_normalization_of_a_frozen_application_stays_in_inference_mode_unless_named(unfreeze, learns):
    recipe = load_bytes(APPLICATION.replace("UNFREEZE", unfreeze).encode(), "r.yaml").recipe
    network = build(recipe, input_shape=(32, 32, 3), load_weights=False)
    freeze(network, recipe, phases_of(recipe)[1])

    assert network.model.get_layer("block_16_project_BN").trainable is learns
    assert network.model.get_layer("block_16_project").trainable is ("BN" not in unfreeze)


def test_unknown_layer_to_freeze_is_reported_at_its_place():
    recipe = load_bytes((HEAD + "train: {freeze: [convv]}\n").encode(), "r.yaml").recipe
    network = build(recipe, input_shape=(6, 6, 1))

    with pytest.raises(RecipeError) as caught:
        freeze(network, recipe, phases_of(recipe)[0])
    assert caught.value.problems[0].path == ("train", "freeze", 0)
    assert caught.value.problems[0].hint == "did you mean `conv`?"


def test_image_that_goes_away_while_training_is_reported_as_what_it_is(tmp_path):
    for number in range(12):
        Image.new("L", (6, 6), number * 20).save(tmp_path / f"{number}.png")
    files = ImageFiles(tuple(str(tmp_path / f"{n}.png") for n in range(12)), Form(6, 6, "stretch", "grayscale"))
    data = Examples({INPUT: files}, (np.arange(12) % 3).astype(np.int32))
    made = Batches(data, batch_size=8, encodings={"": INTEGERS}, seed=1)
    recipe = load_bytes((HEAD + "train: {epochs: 2, batch_size: 8}\n").encode(), "r.yaml").recipe
    network = build(recipe, input_shape=(6, 6, 1))
    (tmp_path / "7.png").unlink()

    with pytest.raises(DataError, match=r"7\.png could be read when the data was loaded"):
        fit(network, recipe, made, batches(), observer=stand_ins.Silent())


def test_phase_that_ended_early_says_why_though_the_last_one_did_not():
    _, fitted, _ = train(
        """
train:
  seed: 1
  batch_size: 8
  phases:
    - {name: first, epochs: 5, callbacks: [EarlyStopping: {patience: 1, min_delta: 9}]}
    - {name: second, epochs: 1}
"""
    )
    assert fitted.stopped == ""
    first, second = fitted.phases
    assert (first.epochs, second.epochs, second.stopped) == (2, 1, "")
    assert first.stopped == "EarlyStopping: val_loss did not improve by 9 for 1 epoch (patience 1) after epoch 1"
