"""The input pipeline: examples to batches in tf.data."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from copy import copy
from typing import Any, TypeVar, cast
from weakref import WeakValueDictionary

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from cnncli.data.batch_parts import Parts
from cnncli.data.columns import Values, as_column, may_be_copied
from cnncli.data.dataset import INPUT, Examples
from cnncli.data.drawing import Drawing, shuffled
from cnncli.data.encoding import STORED, Encoding, encode_batch
from cnncli.errors import CnncliError
from cnncli.runs.machine import allowed_cores

_Function = TypeVar("_Function", bound=Callable[..., Any])

_MOST_AT_ONCE = 16
"""Batches that are read at the same time, at most."""

_AHEAD = 2
"""Batches that are ready before they are needed, beside those that are being read."""

_OPTIONS = tf.data.Options()
# The thread that tunes an iterator often misses its end, and TensorFlow then waits for the thread's next round. The rounds
# get longer and longer: benchmarks/iterator_end.py.
_OPTIONS.autotune.enabled = False


def _as_it_stands(function: _Function) -> _Function:
    """Keep AutoGraph from parsing and compiling a function in which there is nothing for it to do."""
    return cast(_Function, tf.autograph.experimental.do_not_convert(function))


class Batches:
    """Batches of one split.

    Args:
        examples: the split.
        batch_size: the last batch of an epoch may be smaller.
        encodings: how labels leave, by output, a batch at a time. Of several outputs each gets its own, in a dict by name;
            several inputs leave in a dict, too.
        seed: for a full shuffle in every epoch; None keeps the order.
        weights: float32 (count,), the weight of each example in the loss; None: batches have the weights that encodings give,
            or none.
        drawing: which examples an epoch draws, with a seed; None: each example once.
        parts: how each batch is divided among the replicas of the network.

    The order is a pure function of (seed, epoch): set `epoch` before the dataset is iterated. Keras' own shuffle gives the
    same order in every epoch once the random seed is set.

    Attributes:
        rows: how many examples there are.
        count: how many an epoch draws.
        steps: how many batches it has.
        encodings: as given.
    """

    def __init__(
        self,
        examples: Examples,
        *,
        batch_size: int,
        encodings: Mapping[str, Encoding],
        seed: int | None = None,
        weights: NDArray[np.float32] | None = None,
        drawing: Drawing | None = None,
        parts: Parts | None = None,
    ) -> None:
        self.rows = len(examples)
        self.batch_size = batch_size
        self.seed = seed
        self._weights = weights
        self._drawing = drawing
        self.parts = parts or Parts()
        self.epoch = tf.Variable(0, dtype=tf.int64, trainable=False, name="epoch")
        self._inputs = examples.inputs
        self._copies = 1
        self._failure: list[CnncliError] = []  # one for all that are made of this one
        self._tensors: WeakValueDictionary[str, tf.Tensor] = WeakValueDictionary()  # by the name of a column of ours
        self.encodings = dict(encodings)
        self._targets = self.encoding.column(examples)

    @property
    def encoding(self) -> Encoding:
        """That of the main output."""
        return next(iter(self.encodings.values()))

    @property
    def targets(self) -> Values:
        """The targets of all examples in their order, as the encoding of the main output stores them."""
        return self._targets

    @property
    def count(self) -> int:
        return self._drawing.count if self._drawing else self.rows

    @property
    def steps(self) -> int:
        return len(self.parts.sizes(self.count, self.batch_size))

    @property
    def weighs_places(self) -> bool:
        """Whether encodings weigh the places of an example, such as pixels: what weighs 0 does not count in metrics either."""
        return any(encoding.weigh is not None for encoding in self.encodings.values())

    @property
    def input_spec(self) -> Any:
        """What a batch of inputs is, of any size."""
        columns = self._inputs.items()
        return _alone({name: tf.TensorSpec((None, *column.shape[1:]), column.dtype) for name, column in columns})

    @contextmanager
    def failing_as_itself(self) -> Iterator[None]:
        """Let a file that can no longer be read end training as the error that it is, not as TensorFlow's."""
        try:
            yield
        except tf.errors.OpError as error:
            if self._failure:
                raise self._failure[0] from error
            raise

    def in_order(self) -> Batches:
        """The same examples in their own order, each once."""
        found = copy(self)
        found.seed = found._drawing = None
        found.parts = Parts(self.parts.count)
        return found

    def of(self, inputs: Values) -> Batches:
        """The same targets in the same order, with one other input.

        Args:
            inputs: (examples, …), or (k * examples, …) for k copies of every example: each epoch takes the next copy.
        """
        assert len(inputs) % self.rows == 0
        found = copy(self)
        found._inputs, found._copies = {INPUT: inputs}, len(inputs) // self.rows
        found._tensors = WeakValueDictionary()  # the columns are other ones
        return found

    def with_stored_targets(self) -> Batches:
        """The same batches with targets as the examples have them, of which the weights are those of the examples alone."""
        found = copy(self)
        found.encodings = {"": STORED}
        return found

    def dataset(self, *, first_step: int = 0, own: range | None = None) -> tf.data.Dataset:
        """The batches: inputs (batch, *shape) of the examples' type, labels as encoded, weights (batch, …) where there are some.

        Args:
            first_step: how many batches of the epoch are left out at its beginning.
            own: numbers of the parts that this process computes: each is an element of the data set, and the examples of
                other parts are not read. None: whole batches.
        """
        sizes = (Parts() if own is None else self.parts).sizes(self.count, self.batch_size)
        if own is not None:
            starts, lengths = self.parts.slices(sizes, own)
            first = first_step * len(own)

        @_as_it_stands
        def indices(_: tf.Tensor) -> tf.data.Dataset:
            order = self._order()
            if own is None:
                return tf.data.Dataset.from_tensor_slices(order[first_step * self.batch_size :]).batch(self.batch_size)
            slices = tf.data.Dataset.from_tensor_slices((starts[first:], lengths[first:]))
            return slices.map(_as_it_stands(lambda start, length: order[start : start + length]))

        with tf.device("CPU"):
            drawn = tf.data.Dataset.range(1).flat_map(indices)
            batches = drawn.map(self._gather(), num_parallel_calls=min(allowed_cores(), _MOST_AT_ONCE))
            count = (len(sizes) - first_step) * (1 if own is None else len(own))
            return batches.apply(tf.data.experimental.assert_cardinality(count)).prefetch(_AHEAD).with_options(_OPTIONS)

    def _order(self) -> tf.Tensor:
        """What an epoch draws, int64 (count,): an example's row, with `rows` added for each time it was drawn before."""
        indices = tf.range(self.rows, dtype=tf.int64)
        if self.seed is None:
            return indices
        seed = tf.stack([tf.cast(self.seed, tf.int64), self.epoch])
        order = shuffled(indices, seed)
        return order if self._drawing is None else self._drawing.drawn(order, seed)

    def _gather(self) -> Any:
        inputs_at = {name: self._rows_of(f"input {name}", column) for name, column in self._inputs.items()}
        are_inputs = self._targets is self._inputs.get(INPUT)
        targets_at = None if are_inputs else self._rows_of("targets", self._targets)
        weights_at = None if self._weights is None else self._rows_of("weights", self._weights)

        @_as_it_stands
        def batch(drawn: tf.Tensor) -> tuple[tf.Tensor, ...]:
            rows, times = drawn % self.rows, drawn // self.rows
            copies = rows + (self.epoch + times) % self._copies * self.rows
            given = {name: rows_at(copies) for name, rows_at in inputs_at.items()}
            inputs = _alone(given)
            stored = given[INPUT] if targets_at is None else targets_at(rows)
            own = None if weights_at is None else weights_at(rows)
            targets, weights = encode_batch(self.encodings, stored, own)
            return (inputs, targets) if weights is None else (inputs, targets, weights)

        return batch

    def _rows_of(self, name: str, values: Values) -> Callable[[tf.Tensor], tf.Tensor]:
        if may_be_copied(values):
            array = self._tensor(name, values)
            return lambda indices: tf.gather(array, indices)
        column = as_column(values)
        dtype = tf.as_dtype(column.dtype)

        def read(indices: np.ndarray) -> np.ndarray:
            try:
                return column.read(indices)
            except CnncliError as error:
                self._failure[:] = [error]  # TensorFlow passes on the text alone
                raise

        def stored(indices: tf.Tensor) -> tf.Tensor:
            return tf.ensure_shape(tf.numpy_function(read, [indices], dtype), (None, *column.shape[1:]))

        return stored

    def _tensor(self, name: str, values: Values) -> tf.Tensor:
        """A copy of a column for TensorFlow: one for all data sets, for as long as one of them is there."""
        found = self._tensors.get(name)
        if found is None:
            self._tensors[name] = found = tf.constant(np.ascontiguousarray(values))
        return found


def _alone(values: dict[str, Any]) -> Any:
    """Several values by name; of one it alone."""
    return values if len(values) > 1 else next(iter(values.values()))
