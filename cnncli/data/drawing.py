"""Which examples an epoch draws, where it is not each once: a pure function of seed and epoch, in a graph."""

from __future__ import annotations

import math
from typing import Protocol

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray


class Drawing(Protocol):
    """How an epoch draws examples."""

    @property
    def count(self) -> int:
        """How many examples an epoch draws."""

    def drawn(self, order: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        """What an epoch draws: int64 (count,), a row, with the number of rows added for each time it was drawn before.

        Args:
            order: int64 (rows,), all examples, shuffled for this epoch.
            seed: int64 (2,), of the shuffling.
        """


def shuffled(values: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """Values (count,) in another order, which follows from the seed, int64 (2,)."""
    return tf.random.experimental.stateless_shuffle(values, seed=seed)


def _other(seed: tf.Tensor) -> tf.Tensor:
    """A seed whose random numbers are not those of the shuffling."""
    return seed * [1, -1] - [0, 1]


class _Kinds:
    """The examples of each class or identity in the order of an epoch.

    Args:
        numbers: int (rows,), the class or identity of each example.

    Attributes:
        rows: how many examples there are.
        counts: int64 (kinds,), how many of each.
        begins: int64 (kinds,), where those of each begin in `order`.
    """

    def __init__(self, numbers: NDArray[np.integer]) -> None:
        _, self._numbers, self.counts = np.unique(numbers, return_inverse=True, return_counts=True)
        self.rows = len(numbers)
        self.begins = np.cumsum(self.counts) - self.counts

    def order(self, order: tf.Tensor) -> tf.Tensor:
        """All rows, int64 (rows,), kind by kind, each in the given order."""
        return tf.gather(order, tf.argsort(tf.gather(tf.constant(self._numbers), order), stable=True))


class Oversampling:
    """Draws as many examples of every class as the largest class has.

    All examples of a class are drawn equally often, but for one time; which are drawn once more follows the order.

    Args:
        classes: int (rows,), the class of each example.

    Attributes:
        count: how many examples an epoch has.
    """

    def __init__(self, classes: NDArray[np.integer]) -> None:
        self._classes = _Kinds(classes)
        counts = self._classes.counts
        most = int(counts.max())
        self.count = most * len(counts)
        slots, sizes = np.tile(np.arange(most), len(counts)), np.repeat(counts, most)
        self._places = np.repeat(self._classes.begins, most) + slots % sizes  # among the rows, class by class
        self._times = slots // sizes

    def drawn(self, order: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        """See `Drawing`."""
        rows = tf.gather(self._classes.order(order), self._places)
        return shuffled(rows + self._times * self._classes.rows, _other(seed))


class IdentityBatches:
    """Draws batches of some identities with some examples of each, as losses need that compare the examples of a batch.

    Every identity is drawn about equally often, however many examples it has. In rounds: each shuffles the identities anew and
    divides them into batches, so that none is twice in a batch; those that are left over wait for another round. From round to
    round an identity goes through its examples in a shuffled order, and begins again at its end. An epoch has as many batches
    as it takes to draw as many examples as there are.

    Hermans, Beyer and Leibe, In Defense of the Triplet Loss for Person Re-Identification (2017): P identities, K examples.

    Args:
        identities: int (rows,), the identity of each example.
        batch_size: a multiple of `examples_of_each`.
        examples_of_each: how many examples of an identity a batch has.

    Attributes:
        count: how many examples an epoch has, a multiple of the batch size.
    """

    def __init__(self, identities: NDArray[np.integer], *, batch_size: int, examples_of_each: int) -> None:
        self._identities = _Kinds(identities)
        self._of_each = examples_of_each
        people = len(self._identities.counts)
        in_batch = batch_size // examples_of_each
        if batch_size % examples_of_each or people < in_batch:
            raise ValueError(f"no batch of {batch_size} with {examples_of_each} examples each of {people} identities")
        steps = math.ceil(len(identities) / batch_size)
        self.count = steps * batch_size
        self._in_round = people // in_batch * in_batch
        self._drawn = steps * in_batch  # identities of an epoch
        self._rounds = math.ceil(self._drawn / self._in_round)

    def drawn(self, order: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        """See `Drawing`."""
        counts, begins = tf.constant(self._identities.counts), tf.constant(self._identities.begins)
        lots = tf.random.stateless_uniform(
            (self._rounds, len(self._identities.counts)), _other(seed), dtype=tf.int64, minval=None, maxval=None
        )
        chosen = tf.reshape(tf.argsort(lots, axis=1, stable=True)[:, : self._in_round], [-1])[: self._drawn]
        rounds = tf.repeat(tf.range(self._rounds, dtype=tf.int64), self._in_round)[: self._drawn]
        places = rounds[:, None] * self._of_each + tf.range(self._of_each, dtype=tf.int64)  # (identities, of each)
        sizes = tf.gather(counts, chosen)[:, None]
        rows = tf.gather(self._identities.order(order), tf.gather(begins, chosen)[:, None] + places % sizes)
        return tf.reshape(rows + places // sizes * self._identities.rows, [-1])
