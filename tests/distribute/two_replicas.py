"""Checks of two replicas, run in a process of its own with two logical devices, or in two processes: they cannot be in the
process of the tests, in which TensorFlow has computed.

    python two_replicas.py devices
    python two_replicas.py workers ADDRESSES RANK

Prints the checks as JSON: an empty text, or the error.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

Check = Callable[[Any], None]


def rows_of_an_epoch(replicas: Any) -> None:
    """Every replica reads its own part of each batch, and together they read every row once."""
    batches = _batches()
    steps = [[[int(each) for each in part] for part in _parts(step[0])] for step in replicas.dataset(batches)]
    parts = {0: [[0, 1], [4, 5], [8]], 1: [[2, 3], [6, 7], [9]]}
    assert steps == [list(step) for step in zip(*(parts[number] for number in replicas.own), strict=True)], steps


def rows_from_a_step_on(replicas: Any) -> None:
    """The rest of an epoch begins with the batch that it begins with in one process."""
    steps = list(replicas.dataset(_batches(), first_step=2))
    assert [[int(each) for each in part] for part in _parts(steps[0][0])] == [
        {0: [8], 1: [9]}[number] for number in replicas.own
    ]
    assert len(steps) == 1


def data_set_says_its_steps(replicas: Any) -> None:
    """Keras asks the data set how many steps an epoch has."""
    assert int(replicas.dataset(_batches(), first_step=1).cardinality) == 2


def values_of_each_replica(replicas: Any) -> None:
    """What each replica has is gathered and given back, to the last bit."""
    import keras
    import numpy as np
    import tensorflow as tf

    with replicas.scope():
        metric = keras.metrics.Mean()
    numbers = tf.constant([1 / 3, 2 / 7])

    @tf.function
    def see() -> None:
        metric.update_state(numbers[tf.distribute.get_replica_context().replica_id_in_sync_group])

    replicas.strategy.run(see)
    values = replicas.values_of(metric.variables)
    assert np.array_equal(values[0], numbers.numpy()), values
    assert np.array_equal(values[1], [1, 1])
    metric.reset_state()
    replicas.give(metric.variables, values)
    assert all(map(np.array_equal, replicas.values_of(metric.variables), values))
    with replicas.scope():
        assert abs(float(metric.result()) - (1 / 3 + 2 / 7) / 2) < 1e-6


def statistics_are_averaged(replicas: Any) -> None:
    """Replicas that normalized other examples have the mean of their statistics; other variables stay."""
    import keras
    import numpy as np
    import tensorflow as tf

    from cnncli.training.callbacks import AverageStatistics, statistics

    keras.utils.set_random_seed(1)
    with replicas.scope():
        frozen = keras.layers.BatchNormalization(trainable=False)
        network = keras.Sequential(
            [keras.Input((1,)), frozen, keras.layers.BatchNormalization(momentum=0.0), keras.layers.Dropout(0.5)]
        )

    @tf.function
    def see() -> None:
        number = tf.distribute.get_replica_context().replica_id_in_sync_group
        network(tf.cast(number, tf.float32) + tf.constant([[1.0], [3.0]]), training=True)

    replicas.strategy.run(see)
    found = statistics(network)
    assert [tuple(variable.shape) for variable in found] == [(1,), (1,)]
    apart = replicas.values_of(found)[0].ravel()
    assert apart[0] != apart[1]
    AverageStatistics(network, replicas).on_test_begin()
    assert np.array_equal(replicas.values_of(found)[0].ravel(), [apart.mean()] * 2)


def clipping_is_of_the_mean_gradient(replicas: Any) -> None:
    """Gradients are clipped after they are added over the replicas, as one process does."""
    import keras
    import tensorflow as tf

    from cnncli import keras_internals

    with replicas.scope():
        model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros")])
        model.compile(keras.optimizers.SGD(1.0, clipvalue=1.0), "mse")
        keras_internals.add_gradients_first(model.optimizer)
        model.optimizer.build(model.trainable_variables)

    @tf.function
    def step() -> None:
        number = tf.distribute.get_replica_context().replica_id_in_sync_group
        model.optimizer.apply([tf.where(number == 0, [[10.0]], [[-9.5]])])

    replicas.strategy.run(step)
    assert float(model.get_weights()[0][0, 0]) == -0.5, model.get_weights()


def float16_skips_a_step_in_all_replicas(replicas: Any) -> None:
    """An infinite gradient of one replica is one of all: none of them waits for the others."""
    import keras
    import numpy as np
    import tensorflow as tf

    from cnncli import keras_internals

    with replicas.scope():
        inner = keras.optimizers.SGD(1.0)
        model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros")])
        model.compile(keras.optimizers.LossScaleOptimizer(inner, initial_scale=2.0), "mse")
        keras_internals.add_gradients_first(model.optimizer)
        model.optimizer.build(model.trainable_variables)

    @tf.function
    def step(first: Any) -> None:
        number = tf.distribute.get_replica_context().replica_id_in_sync_group
        model.optimizer.apply([tf.where(number == 0, [[first]], [[1.0]])])

    replicas.strategy.run(step, args=(tf.constant(np.inf, tf.float32),))
    assert model.get_weights()[0][0, 0] == 0
    assert float(keras.ops.convert_to_numpy(model.optimizer.dynamic_scale)) == 1
    replicas.strategy.run(step, args=(tf.constant(2.0),))
    assert model.get_weights()[0][0, 0] == -3


def sums_of_numbers(replicas: Any) -> None:
    """Numbers are added over the processes."""
    assert replicas.sums([1, 10 * replicas.rank, -5]) == [
        replicas.workers,
        10 * (replicas.workers - 1),
        -5 * replicas.workers,
    ]


def arrays_of_processes_are_united(replicas: Any) -> None:
    """Each process has a part of an array; all get the whole, bit by bit, of any dtype and size."""
    import numpy as np

    random = np.random.default_rng(0)
    whole = [
        np.array([np.nan, -0.0, 1e-45, np.inf], np.float32),
        random.normal(size=(4, 3)),
        random.integers(0, 256, (4, 5), np.uint8),
        random.random((4, 1)) < 0.5,
        random.normal(size=4).astype(np.float16),
        np.array([2**63, 1, 0, 2**32 + 1], np.uint64),
    ]
    own = slice(2 * replicas.rank, 2 * replicas.rank + 2)
    given = []
    for array in whole:
        part = np.ones_like(array)
        part[own] = array[own]
        given.append((part, own))
    for found, expected in zip(replicas.united(given), whole, strict=True):
        assert found.dtype == expected.dtype
        assert found.tobytes() == expected.tobytes(), (found, expected)


def arrays_of_the_chief(replicas: Any) -> None:
    """Others get what the chief has, also where there is nothing in it."""
    import numpy as np

    mine = np.array([1.5, -0.0]) if replicas.is_chief else np.array([7.0, 7.0])
    assert replicas.from_chief(mine).tobytes() == np.array([1.5, -0.0]).tobytes()
    assert replicas.from_chief(np.zeros((0, 3), np.float32)).shape == (0, 3)


def state_of_the_chief(replicas: Any) -> None:
    """A process that has no state goes on from that of the chief."""
    import numpy as np

    from cnncli.training.state import State, state_of_chief

    arrays = {"a/0": np.arange(3, dtype=np.float32), "b/0": np.array(5, np.int64), "c/0": np.zeros((0, 2))}
    values = {"epoch": 3, "text": "Käse", "nothing": None}
    found = state_of_chief(State(dict(values), dict(arrays)) if replicas.is_chief else None, replicas)
    assert found is not None
    assert found.values == values
    assert {name: (array.dtype, array.tolist()) for name, array in found.arrays.items()} == {
        name: (array.dtype, array.tolist()) for name, array in arrays.items()
    }
    assert state_of_chief(None, replicas) is None


def a_signal_of_one_process_stops_all(replicas: Any) -> None:
    """All know of it after the same step."""
    import signal

    import pytest

    from cnncli.errors import Stopped
    from cnncli.training.joint_decisions import JointDecisions
    from cnncli.training.stop_signals import Pending

    pending = Pending()
    decisions = JointDecisions(replicas, pending)
    decisions.begin_epoch()
    decisions.stop_if_asked()
    assert decisions.after_step(is_due=False, most=1) is False
    assert decisions.after_step(is_due=True, most=1) is True
    assert decisions.after_step(is_due=not replicas.is_chief, most=1) is False  # the chief decides
    if replicas.rank == replicas.workers - 1:
        pending.number = int(signal.SIGTERM)
    assert decisions.after_step(is_due=False, most=1) is True
    with pytest.raises(Stopped) as caught:
        decisions.stop_if_asked()
    assert (caught.value.number, caught.value.together) == (signal.SIGTERM, True)


def _batches() -> Any:
    import numpy as np

    from cnncli.data.batch_parts import Parts
    from cnncli.data.dataset import Examples
    from cnncli.data.encoding import STORED
    from cnncli.data.pipeline import Batches

    examples = Examples({"input": np.arange(10, dtype=np.float32)}, np.zeros(10, np.int32))
    return Batches(examples, batch_size=4, encodings={"": STORED}, parts=Parts(2, are_equal=True))


def _parts(value: Any) -> tuple[Any, ...]:
    return tuple(each.numpy() for each in value.values) if hasattr(value, "values") else (value.numpy(),)


OF_DEVICES: tuple[Check, ...] = (
    rows_of_an_epoch,
    rows_from_a_step_on,
    data_set_says_its_steps,
    values_of_each_replica,
    statistics_are_averaged,
    clipping_is_of_the_mean_gradient,
    float16_skips_a_step_in_all_replicas,
)
OF_WORKERS: tuple[Check, ...] = (
    *OF_DEVICES,
    sums_of_numbers,
    arrays_of_processes_are_united,
    arrays_of_the_chief,
    state_of_the_chief,
    a_signal_of_one_process_stops_all,
)


def main() -> None:
    said, sys.stdout = sys.stdout, sys.stderr
    kind, *rest = sys.argv[1:]
    from cnncli.distribute.cluster import Cluster
    from cnncli.distribute.replicas import across, on_devices
    from cnncli.training.devices import Threads, choose, use_threads

    use_threads(Threads(1, 4))
    choose("cpu", cpu_name="", count=2 if kind == "devices" else 1)
    if kind == "devices":
        replicas, checks = on_devices(2, "cpu"), OF_DEVICES
        assert on_devices(2, "cpu").strategy is replicas.strategy
    else:
        addresses, rank = rest
        replicas, checks = across(Cluster(tuple(addresses.split(",")), int(rank), "--workers"), "cpu"), OF_WORKERS
    for check in checks:
        try:
            check(replicas)
            error = ""
        except BaseException:
            error = traceback.format_exc()
        said.write(json.dumps([check.__name__, error]) + "\n")
        said.flush()
        if error and kind == "workers":
            os._exit(1)  # the other process would wait


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))
    main()
