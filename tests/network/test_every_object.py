"""Every optimizer, schedule, loss, metric, callback, initializer, regularizer, constraint and activation of the catalogue
can be written in a recipe, and is then the object of the same call in Python."""

from __future__ import annotations

import json
from typing import Any

import keras
import numpy as np
import pytest

from cnncli.network.instantiate import make, make_optimizer
from cnncli.recipe.keras_objects import catalogue
from cnncli.recipe.keras_objects.objects import KerasObject
from cnncli.recipe.load import load_bytes

# Arguments in Python for what has required ones, and for some that have not.
ARGUMENTS: dict[str, dict[str, dict[str, Any]]] = {
    "optimizers": {
        "Adam": {"learning_rate": 1e-3, "beta_1": 0.8, "clipnorm": 1.0, "amsgrad": True},
        "SGD": {"learning_rate": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 1e-4},
    },
    "schedules": {
        "CosineDecay": {"initial_learning_rate": 0.0, "decay_steps": 10, "warmup_target": 0.1, "warmup_steps": 2},
        "CosineDecayRestarts": {"initial_learning_rate": 0.1, "first_decay_steps": 10, "t_mul": 3.0},
        "ExponentialDecay": {"initial_learning_rate": 0.1, "decay_steps": 10, "decay_rate": 0.5, "staircase": True},
        "InverseTimeDecay": {"initial_learning_rate": 0.1, "decay_steps": 10, "decay_rate": 0.5},
        "PiecewiseConstantDecay": {"boundaries": [10, 20], "values": [0.1, 0.01, 0.001]},
        "PolynomialDecay": {"initial_learning_rate": 0.1, "decay_steps": 10, "power": 2.0, "cycle": True},
    },
    "losses": {
        "BinaryCrossentropy": {"from_logits": True, "label_smoothing": 0.1},
        "Huber": {"delta": 2.0},
    },
    "metrics": {
        "AUC": {"num_thresholds": 20, "curve": "PR"},
        "BinaryIoU": {"target_class_ids": [1], "threshold": 0.4},
        "F1Score": {"average": "macro"},
        "FBetaScore": {"average": "micro", "beta": 2.0},
        "IoU": {"num_classes": 3, "target_class_ids": [0, 2]},
        "MeanIoU": {"num_classes": 3},
        "OneHotIoU": {"num_classes": 3, "target_class_ids": [1]},
        "OneHotMeanIoU": {"num_classes": 3},
        "PrecisionAtRecall": {"recall": 0.8},
        "RecallAtPrecision": {"precision": 0.8},
        "SensitivityAtSpecificity": {"specificity": 0.8},
        "SpecificityAtSensitivity": {"sensitivity": 0.8},
        "TopKCategoricalAccuracy": {"k": 2},
    },
    "callbacks": {
        "EarlyStopping": {"monitor": "val_loss", "patience": 3, "restore_best_weights": True},
        "ReduceLROnPlateau": {"monitor": "val_loss", "factor": 0.5, "min_lr": 1e-5},
        "SwapEMAWeights": {"swap_on_epoch": True},
    },
    "initializers": {
        "Constant": {"value": 0.1},
        "RandomNormal": {"mean": 0.1, "stddev": 0.2, "seed": 3},
        "VarianceScaling": {"scale": 2.0, "mode": "fan_out", "distribution": "uniform", "seed": 3},
    },
    "regularizers": {"L1L2": {"l1": 1e-3, "l2": 1e-2}},
    "constraints": {"MaxNorm": {"max_value": 3, "axis": 0}, "MinMaxNorm": {"rate": 1.0}},
}
# The kinds that stand in a layer, and there in this argument of Dense.
_IN_DENSE = {
    "initializers": "kernel_initializer",
    "regularizers": "kernel_regularizer",
    "constraints": "kernel_constraint",
    "activations": "activation",
}
# These draw a seed of their own where none is given, which their config then tells.
_WITH_SEED = [
    name
    for name in catalogue.names("initializers")
    if (entry := catalogue.find("initializers", name)) and "seed" in (entry.arguments or {})
]
_MADE_BY_NAME = [
    (kind, name)
    for kind in ("optimizers", "schedules", "losses", "metrics", "callbacks", *_IN_DENSE)
    for name in catalogue.names(kind)
    if not catalogue.find(kind, name).identifier
]
_IDENTIFIERS = [
    (kind, name)
    for kind in ("optimizers", "losses", "metrics", *_IN_DENSE)
    for name in catalogue.names(kind)
    if catalogue.find(kind, name).identifier
]


def found(kind: str, item: str) -> KerasObject:
    """What the loader reads where an item of this kind stands in a recipe."""
    train, layer = "loss: mean_squared_error", "Identity"
    if kind in _IN_DENSE:
        layer = f"Dense: {{units: 4, {_IN_DENSE[kind]}: {item}}}"
    elif kind == "schedules":
        train += f", optimizer: {{SGD: {{learning_rate: {item}}}}}"
    elif kind == "losses":
        train = f"loss: {item}"
    else:
        train += f", {kind}: [{item}]" if kind in ("metrics", "callbacks") else f", optimizer: {item}"
    if "SwapEMAWeights" in item:  # it is refused where nothing is averaged
        train += ", optimizer: {Adam: {use_ema: true}}"
    text = f"data: {{source: {{npz: {{path: a.npz}}}}}}\nmodel: {{layers: [{layer}]}}\ntrain: {{{train}}}\n"
    recipe = load_bytes(text.encode(), "r.yaml").recipe
    return {
        "schedules": lambda: recipe.train.optimizer.args["learning_rate"],
        "optimizers": lambda: recipe.train.optimizer,
        "losses": lambda: recipe.train.loss,
        "metrics": lambda: recipe.train.metrics[0],
        "callbacks": lambda: recipe.train.callbacks[0],
    }.get(kind, lambda: recipe.model.layers[0].args[_IN_DENSE[kind]])()


def module_of(kind: str) -> Any:
    return keras.optimizers.schedules if kind == "schedules" else getattr(keras, kind)


def state(thing: Any) -> dict[str, Any]:
    """What tells one object from another of its class; the names of metrics are counted over the process."""
    config = thing.get_config() if hasattr(thing, "get_config") else vars(thing)
    plain = (bool, int, float, str, type(None), list, tuple)
    return {key: value for key, value in config.items() if key != "name" and isinstance(value, plain)}


def test_table_names_what_there_is():
    assert len(_MADE_BY_NAME) > 100
    assert len(_IDENTIFIERS) > 140
    assert {(kind, name) for kind, rows in ARGUMENTS.items() for name in rows} <= set(_MADE_BY_NAME)


@pytest.mark.parametrize(("kind", "name"), _MADE_BY_NAME)
def test_object_is_that_of_the_same_call_in_python(kind, name):
    arguments = ARGUMENTS.get(kind, {}).get(name, {})
    if name in _WITH_SEED and kind == "initializers":
        arguments = {"seed": 3, **arguments}

    made = make(found(kind, json.dumps({name: arguments} if arguments else name)))

    same = getattr(module_of(kind), name)(**arguments)
    assert type(made) is type(same)
    assert state(made) == state(same)
    assert state(made) or not arguments


@pytest.mark.parametrize(("kind", "name"), _IDENTIFIERS)
def test_text_is_what_keras_makes_of_it(kind, name):
    item = found(kind, name)

    if kind == "optimizers":
        assert state(make_optimizer(item)) == state(keras.optimizers.get(name))
    elif kind == "metrics":
        assert make(item) == name
        model = keras.Sequential([keras.Input((2,)), keras.layers.Identity()])
        model.compile(loss="mean_squared_error", metrics=[make(item)], run_eagerly=True)
        shares = np.array([[0.2, 0.8], [0.6, 0.4]], np.float32)
        sparse = name.startswith("sparse_")
        labels = np.array([[1], [0]]) if sparse else np.array([[0.0, 1.0], [1.0, 0.0]])
        assert np.isfinite(np.hstack(list(model.test_on_batch(shares, labels, return_dict=True).values()))).all()
    else:
        given, expected = module_of(kind).get(make(item)), module_of(kind).get(name)
        assert type(given) is type(expected)
        assert callable(given)


def test_steps_may_be_said_in_epochs_in_every_schedule_that_counts_them():
    counting = {
        (name, argument)
        for name, rows in ARGUMENTS["schedules"].items()
        for argument in rows
        if argument.endswith("steps")
    }
    for name, argument in counting:
        arguments = {**ARGUMENTS["schedules"][name], argument: "2 epochs"}
        assert found("schedules", json.dumps({name: arguments})).args[argument] == 1  # a stand-in until it is known
    assert len(counting) == 6


def test_integers_among_the_rates_of_a_schedule_are_numbers_like_others():
    schedule = make(KerasObject("schedules", "PiecewiseConstantDecay", {"boundaries": [2], "values": [1, 0.1]}))

    assert [float(schedule(step)) for step in (0, 2, 3)] == pytest.approx([1.0, 1.0, 0.1])
