"""The frozen part computed once: where a network is cut, that nothing changes by it, and where the features go."""

import keras
import numpy as np
import pytest
import stand_ins

from cnncli.data import cache
from cnncli.distribute.replicas import alone
from cnncli.network.build import build, build_symbolically
from cnncli.network.checks import freeze
from cnncli.network.frozen import find_cut
from cnncli.recipe.load import load_bytes
from cnncli.recipe.outputs import outputs_of
from cnncli.recipe.phases import phases_of
from cnncli.tasks.classification.targets import INTEGERS
from cnncli.training import features
from cnncli.training.fit import fit

HEAD = """
data: {source: {npz: {path: a.npz}}, classes: 3}
model:
  input: [6, 6, 1]
  layers:
    - Conv2D: {name: conv, filters: 4, kernel_size: 3, activation: relu}
    - BatchNormalization: {name: norm}
    - MaxPooling2D: {name: pool, pool_size: 2}
    - Flatten: {name: flat}
    - Dropout: {name: drop, rate: 0.1}
    - Dense: {name: out, units: 3, activation: softmax}
"""
FROZEN = "train: {seed: 1, epochs: 3, batch_size: 8, freeze: [conv, norm], optimizer: {Adam: {learning_rate: 0.01}}}\n"


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("CNNCLI_CACHE", str(tmp_path / "cache"))


class Recorder(stand_ins.Silent):
    """Keeps what it is reported."""

    def __init__(self):
        self.told = []

    def loading(self, what, done, total):
        self.told.append((what, done, total))


def batches(seed=None, outputs=("",)):
    return stand_ins.batches(stand_ins.three_classes(), seed, dict.fromkeys(outputs, INTEGERS))


def train(text, *, policy="float32"):
    recipe = load_bytes(text.encode(), "r.yaml").recipe
    keras.utils.set_random_seed(1)
    network = build(recipe, input_shape=(6, 6, 1), policy=policy)
    observer = Recorder()
    outputs = [output.name for output in outputs_of(recipe)]
    fitted = fit(network, recipe, batches(3, outputs), batches(None, outputs), observer=observer)
    return network, fitted, observer


def cut_of(layers, *, frozen, policy=None):
    head = "data: {source: {npz: {path: a.npz}}, classes: 3}\nmodel:\n  layers:\n"
    body = "".join(f"    - {layer}\n" for layer in layers)
    recipe = load_bytes(f"{head}{body}train: {{freeze: [{', '.join(frozen)}]}}\n".encode(), "r.yaml").recipe
    shape = (6, 6, 1)
    network = (
        build(recipe, input_shape=shape, policy=policy) if policy else build_symbolically(recipe, input_shape=shape)
    )
    freeze(network, recipe, phases_of(recipe)[0])
    return find_cut(network)


CONV = "Conv2D: {name: %s, filters: 4, kernel_size: 3, padding: same}"
OUT = ("Flatten: {name: flat}", "Dense: {name: out, units: 3, activation: softmax}")


def test_cut_is_behind_the_last_frozen_layer_where_the_least_is_kept():
    cut = cut_of([CONV % "a", CONV % "b", "MaxPooling2D: {name: pool, pool_size: 2}", *OUT], frozen=["a", "b"])

    assert (cut.name, cut.bytes) == ("flat", 3 * 3 * 4 * 4)
    assert cut.layers[1:] == ("a", "b", "pool", "flat")


def test_a_layer_that_makes_more_of_it_comes_after_the_cut():
    assert cut_of([CONV % "a", "UpSampling2D: 2", CONV % "b", *OUT], frozen=["a"]).name == "a"


@pytest.mark.parametrize(
    "layers",
    [
        [CONV % "a", *OUT],
        ["Dropout: 0.5", CONV % "frozen", *OUT],
        ["RandomFlip: horizontal", CONV % "frozen", *OUT],
        [CONV % "a", CONV % "frozen", *OUT],
        ["Flatten", "Dense: {name: out, units: 3, activation: softmax}"],
    ],
    ids=["nothing is frozen", "Dropout before", "augmentation before", "a layer that learns before", "no such layer"],
)
def test_there_is_no_cut(layers):
    names = [name for name in ["frozen"] if any(name in layer for layer in layers)]

    assert cut_of(layers, frozen=names) is None


def test_statistics_that_are_kept_while_training_are_not_cut_off():
    layers = [CONV % "a", "BatchNormalization: {name: norm}", *OUT]

    assert cut_of(layers, frozen=["a"]).name == "a"
    assert cut_of(layers, frozen=["a", "norm"]).name == "flat"


def test_cut_goes_through_no_skip():
    skip = [
        "Flatten: {name: flat}",
        "Concatenate: {from: [flat, late]}",
        "Dense: {name: out, units: 3, activation: softmax}",
    ]
    layers = [CONV % "a", CONV % "b", "Flatten: {name: late}", "Flatten: {name: flat, from: a}", *skip[1:]]

    assert cut_of(layers, frozen=["a"]).name == "a"
    both = cut_of(layers, frozen=["a", "b"])  # two ways lead on behind `a`; they meet in the concatenation
    assert both.layers[-1] == "concatenate"


TWO_WAYS_OUT = [
    CONV % "a",
    "MaxPooling2D: {name: pool, pool_size: 2}",
    CONV % "b",
    "Conv2D: {name: early, filters: 2, kernel_size: 3, from: a}",
    "Flatten: {name: early_flat}",
    "Flatten: {name: late_flat, from: b}",
    "Concatenate: {from: [early_flat, late_flat]}",
    "Dense: {name: out, units: 3, activation: softmax}",
]


def test_a_frozen_part_may_be_left_on_several_ways():
    cut = cut_of(TWO_WAYS_OUT, frozen=["a", "b"])

    assert cut.name == "a and late_flat"
    assert cut.bytes == (6 * 6 * 4 + 3 * 3 * 4) * 4
    assert "early" not in cut.layers


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
def test_ways_out_may_have_several_number_formats(policy):
    own = "Conv2D: {name: own, filters: 4, kernel_size: 3, padding: same, from: input}"
    cut = cut_of([CONV % "a", CONV % "b", own, "Add: {from: [b, own]}", *OUT], frozen=["a"], policy=policy)

    assert (cut.name, cut.dtype.name) == ("input and a", "float32")


def test_skips_of_a_frozen_encoder_are_kept_exactly():
    layers = [
        "Conv2D: {name: a, filters: 3, kernel_size: 3, padding: same}",
        "MaxPooling2D: 2",
        CONV % "b",
        "UpSampling2D: {name: up, size: 2}",
        "Concatenate: {from: [up, a]}",
        "Conv2D: {name: head, filters: 3, kernel_size: 1, activation: softmax}",
    ]
    text = "data: {source: {npz: {path: a.npz}}, targets: masks, classes: 3}\nmodel:\n  layers:\n"
    text += "".join(f"    - {layer}\n" for layer in layers) + "train: {freeze: [a, b]}\n"
    recipe = load_bytes(text.encode(), "r.yaml").recipe
    network = build(recipe, input_shape=(6, 6, 1))
    freeze(network, recipe, phases_of(recipe)[0])
    cut = find_cut(network)
    images = np.random.default_rng(0).normal(size=(5, 6, 6, 1)).astype(np.float32)
    kept = np.asarray(cut.before(network)(images))
    both = keras.Model(network.model.inputs, [network.model.get_layer(name).output for name in ("a", "b")])(images)

    assert cut.left == ("a", "b")
    np.testing.assert_array_equal(kept, np.concatenate([np.reshape(each, (5, -1)) for each in both], axis=1))
    np.testing.assert_array_equal(cut.behind(network)(kept), network.model(images))


TWO_OUTPUTS = """
data: {source: {npz: {path: a.npz}}, classes: 3}
model:
  input: [6, 6, 1]
  layers:
    - Conv2D: {name: conv, filters: 4, kernel_size: 3, activation: relu}
    - BatchNormalization: {name: norm}
    - Flatten: {name: side_flat, from: conv}
    - Dense: {name: side, units: 3, activation: softmax}
    - Conv2D: {name: last, filters: 4, kernel_size: 3, from: norm}
    - Flatten: {name: flat}
    - Flatten: {name: raw, from: input}
    - Dense: {name: own, units: 4, from: raw}
    - Concatenate: {from: [flat, own]}
    - Dense: {name: out, units: 3, activation: softmax}
  outputs: [out, side]
"""


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
@pytest.mark.parametrize(
    ("network", "left"), [(HEAD, "flat"), (TWO_OUTPUTS, "norm, raw and side_flat")], ids=["one", "two"]
)
def test_training_on_features_ends_as_training_on_examples_does(network, left, policy):
    once, fitted, observer = train(network + FROZEN, policy=policy)
    always, expected, unused = train(network + FROZEN.replace("{seed", "{reuse_features: false, seed"), policy=policy)

    assert fitted.phases[0].features_after == left
    assert expected.phases[0].features_after == ""
    assert observer.told[-1] == ("computing frozen features", 60, 60)
    assert not unused.told
    tolerance = 1e-5 if policy == "float32" else 2e-2
    for one, other in zip(once.full_model.get_weights(), always.full_model.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance)
    for row, wanted in zip(fitted.history, expected.history, strict=True):
        assert row["loss"] == pytest.approx(wanted["loss"], rel=tolerance)
        assert row["val_loss"] == pytest.approx(wanted["val_loss"], rel=tolerance)


def test_each_phase_has_a_cut_of_its_own():
    phases = (
        FROZEN.replace("epochs: 3, ", "")
        .replace("freeze: [conv, norm], ", "")
        .replace("}}}", "}}, phases: [{freeze: [conv, norm], epochs: 2}, {freeze: [conv], epochs: 2}, {epochs: 1}]}")
    )
    _, fitted, _ = train(HEAD + phases)

    assert [phase.features_after for phase in fitted.phases] == ["flat", "conv", ""]
    assert [row["epoch"] for row in fitted.history] == [1, 2, 3, 4, 5]


def test_one_epoch_is_not_worth_it():
    _, fitted, _ = train(HEAD + FROZEN.replace("epochs: 3", "epochs: 1"))

    assert fitted.phases[0].features_after == ""


AUGMENTED = HEAD.replace("classes: 3}", "classes: 3, augment: [RandomFlip: {mode: horizontal, seed: 4}]MORE}")


def test_with_augmentation_the_frozen_part_is_computed_in_every_epoch_unless_copies_are_asked_for():
    _, fitted, observer = train(AUGMENTED.replace("MORE", "") + FROZEN)
    assert fitted.phases[0].features_after == ""

    _, fitted, observer = train(AUGMENTED.replace("MORE", ", augment_copies: 2") + FROZEN)
    assert fitted.phases[0].features_after == "flat"
    assert observer.told[-1] == ("computing frozen features", 90, 90)


def test_copies_differ_and_the_epochs_take_turns():
    recipe = load_bytes((AUGMENTED.replace("MORE", ", augment_copies: 2") + FROZEN).encode(), "r.yaml").recipe
    network = build(recipe, input_shape=(6, 6, 1))
    [phase] = phases_of(recipe)
    freeze(network, recipe, phase)
    train_batches, validation = features.compute(
        network, features.plan(network, recipe, phase), batches(), batches(), lambda *_: None, alone()
    )

    def epoch(number):
        train_batches.epoch.assign(number)
        return np.concatenate([values.numpy() for values, _ in train_batches.dataset()])

    assert epoch(0).shape == (30, 16)
    assert not np.array_equal(epoch(0), epoch(1))
    np.testing.assert_array_equal(epoch(0), epoch(2))
    plain = np.concatenate([values.numpy() for values, _ in validation.dataset()])
    flipped = [not np.allclose(one, other) for one, other in zip(epoch(0), plain, strict=True)]
    assert 5 < sum(flipped) < 25  # the copies are augmented, the validation is not


def test_features_that_do_not_fit_into_memory_go_to_a_file(monkeypatch):
    in_memory, _, _ = train(HEAD + FROZEN)
    monkeypatch.setattr(features, "available_bytes", lambda: 0)
    in_file, fitted, _ = train(HEAD + FROZEN)

    assert fitted.phases[0].features_after == "flat"
    for one, other in zip(in_memory.full_model.get_weights(), in_file.full_model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert list(cache.folder().iterdir()) == []


def test_features_without_room_anywhere_are_computed_in_every_epoch(monkeypatch):
    monkeypatch.setattr(features, "available_bytes", lambda: 0)
    monkeypatch.setattr(cache, "has_room", lambda _: False)

    _, fitted, observer = train(HEAD + FROZEN)

    assert fitted.phases[0].features_after == ""
    assert not observer.told


def test_the_frozen_part_is_traced_once_whatever_the_size_of_a_batch(monkeypatch):
    made = []
    real = features._compiled
    monkeypatch.setattr(features, "_compiled", lambda *given: made.append(real(*given)) or made[-1])
    train(HEAD + FROZEN)  # 30 examples in batches of 8: the last has 6

    assert [call.experimental_get_tracing_count() for call in made] == [1]
