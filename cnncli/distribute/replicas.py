"""The replicas of a network: equal copies that train together, on several devices, in several processes, or both."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from typing import Any, Protocol

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from cnncli import keras_internals
from cnncli.distribute.cluster import Cluster


class DividedBatches(Protocol):
    """Batches that can be divided among the replicas (`data.pipeline.Batches`)."""

    @property
    def steps(self) -> int: ...

    def dataset(self, *, first_step: int = 0, own: range | None = None) -> tf.data.Dataset: ...


class Replicas:
    """The replicas of one training; one alone where there is neither a second device nor a second process.

    Arrays are exchanged as the bits that they are, so all processes have the same values to the last bit.

    Args:
        strategy: of TensorFlow; None: one replica alone.
        cluster: the processes; None: this one alone.

    Attributes:
        count: replicas of all processes.
        workers: processes.
        rank: of this process.
    """

    def __init__(self, strategy: tf.distribute.Strategy | None = None, cluster: Cluster | None = None) -> None:
        self.strategy = strategy
        self.count = strategy.num_replicas_in_sync if strategy else 1
        self.workers = cluster.size if cluster else 1
        self.rank = cluster.rank if cluster else 0

    @property
    def is_chief(self) -> bool:
        """Whether this process writes the run's folder."""
        return not self.rank

    @property
    def own(self) -> range:
        """The numbers of the replicas in this process."""
        here = self.count // self.workers
        return range(self.rank * here, (self.rank + 1) * here)

    def scope(self) -> AbstractContextManager[Any]:
        """Where variables are created that all replicas have."""
        return self.strategy.scope() if self.strategy else nullcontext()

    def dataset(self, batches: DividedBatches, *, first_step: int = 0) -> Any:
        """The batches of an epoch as Keras takes them, of which every replica reads its own part."""
        if self.strategy is None:
            return batches.dataset(first_step=first_step)
        distributed = self.strategy.distribute_datasets_from_function(
            lambda _: batches.dataset(first_step=first_step, own=self.own)
        )
        return keras_internals.with_steps(distributed, batches.steps - first_step)

    def sums(self, numbers: Sequence[int]) -> list[int]:
        """Sums over the processes; each must call it, at the same place of the training."""
        return [int(each) for each in self._added(np.array(numbers, np.int32))]

    def from_chief(self, array: NDArray[Any]) -> NDArray[Any]:
        """An array as the chief has it; the others give one of the same shape and dtype."""
        return self.united([(array, self.is_chief)])[0] if self.workers > 1 else array

    def united(self, arrays: Iterable[tuple[NDArray[Any], Any]]) -> list[NDArray[Any]]:
        """Arrays of which each process has another part.

        Args:
            arrays: each with its own places: an index of its first axis; True for all and False for none of it. All other
                places are those of other processes.
        """
        wanted = list(arrays)
        if self.workers == 1:
            return [array for array, _ in wanted]
        texts = []
        for array, own in wanted:
            kept = np.zeros_like(array)
            if own is True:
                kept = array
            elif own is not False:
                kept[own] = array[own]
            texts.append(np.ascontiguousarray(kept).tobytes())
        added = self._added(np.frombuffer(_padded(b"".join(texts)), np.int32)).tobytes() if texts else b""
        found, offset = [], 0
        for (array, _), text in zip(wanted, texts, strict=True):
            values = np.frombuffer(added, array.dtype, count=array.size, offset=offset)
            found.append(values.reshape(array.shape).copy())
            offset += len(text)
        return found

    def values_of(self, variables: Sequence[Any]) -> list[NDArray[Any]]:
        """What each replica has in variables of Keras, (replicas, *shape) each; every process must call it."""
        stacked = []
        for variable in variables:
            here = keras_internals.values_here(variable)
            array = np.zeros((self.count, *variable.shape), here[0].dtype.as_numpy_dtype)
            for number, value in zip(self.own, here, strict=True):
                array[number] = value.numpy()
            stacked.append((array, slice(self.own.start, self.own.stop)))
        return self.united(stacked)

    def give(self, variables: Sequence[Any], values: Sequence[NDArray[Any]]) -> None:
        """Give each replica its own values again.

        Args:
            values: as `values_of` returns them.
        """
        for variable, array in zip(variables, values, strict=True):
            for number, value in zip(self.own, keras_internals.values_here(variable), strict=True):
                value.assign(array[number])

    def average(self, variables: Sequence[Any]) -> None:
        """Give all replicas the mean of what they have; every process must call it. Equal values stay, to the last bit."""
        for variable, array in zip(variables, self.values_of(variables), strict=True):
            if (array == array[0]).all():
                continue
            mean = array.mean(axis=0, dtype=array.dtype)
            for value in keras_internals.values_here(variable):
                value.assign(mean)

    def _added(self, words: NDArray[np.int32]) -> NDArray[np.int32]:
        """The sums of 32-bit words over the processes; of bits that one process alone has these are the bits."""
        if self.workers == 1 or not words.size:
            return words
        strategy = self.strategy
        assert strategy is not None
        given = strategy.experimental_distribute_values_from_function(
            lambda context: (
                tf.constant(words) if context.replica_id_in_sync_group == self.own.start else tf.zeros_like(words)
            )
        )
        added: NDArray[np.int32] = strategy.reduce("SUM", given, axis=None).numpy()
        return added


def alone() -> Replicas:
    """One replica in one process: ordinary training."""
    return Replicas()


def on_devices(count: int, kind: str) -> Replicas:
    """Replicas on several devices of this machine, in this process.

    Args:
        count: how many.
        kind: `cpu` or `gpu`; the devices are those that TensorFlow sees.
    """
    if count == 1:
        return alone()
    keras_internals.train_in_replicas()
    return Replicas(_mirrored(count, kind))


@cache
def _mirrored(count: int, kind: str) -> tf.distribute.Strategy:
    """One strategy for all trainings of a process: a second one would number its collective operations from the beginning."""
    return tf.distribute.MirroredStrategy([f"{kind.upper()}:{number}" for number in range(count)])


def across(cluster: Cluster, kind: str) -> Replicas:
    """Replicas in several processes; called before TensorFlow computes anything.

    Args:
        cluster: all of its processes have to call it; they wait for each other.
        kind: `cpu`: one replica in each process; `gpu`: one for each GPU that TensorFlow sees.
    """
    gpus = len(tf.config.get_visible_devices("GPU")) if kind == "gpu" else 0
    keras_internals.train_in_replicas()
    resolver = tf.distribute.cluster_resolver.SimpleClusterResolver(
        tf.train.ClusterSpec({"worker": list(cluster.addresses)}),
        task_type="worker",
        task_id=cluster.rank,
        num_accelerators={"GPU": gpus} if gpus else {},
        rpc_layer="grpc",
    )
    with keras_internals.joining_processes():
        return Replicas(tf.distribute.MultiWorkerMirroredStrategy(cluster_resolver=resolver), cluster)


def _padded(text: bytes) -> bytes:
    return text + bytes(-len(text) % 4)
