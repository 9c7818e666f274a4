"""Features of the frozen part of a network, computed once for all epochs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from cnncli.data import cache
from cnncli.data.batch_parts import Parts
from cnncli.data.columns import RowFile, Values, make_row_file, write_rows
from cnncli.data.pipeline import Batches
from cnncli.distribute.replicas import Replicas
from cnncli.errors import ResourceError
from cnncli.network.build import Network
from cnncli.network.checks import freeze
from cnncli.network.frozen import Cut, find_cut
from cnncli.recipe.named_inputs import has_augmentation
from cnncli.recipe.phases import TrainingPhase, phases_of
from cnncli.recipe.schema import Recipe
from cnncli.recipe.targets import TASKS
from cnncli.system_memory import available_bytes
from cnncli.training.augmentation import moves_targets

MEMORY_SHARE = 0.25  # of what is free

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Plan:
    """Whether a phase trains on features that are computed once.

    Attributes:
        cut: where; None when it does not.
        copies: how many augmented passes over the training examples; 1 without augmentation.
        reason: why it does not, where one would expect it to; else empty.
    """

    cut: Cut | None
    copies: int = 1
    reason: str = ""


def plan(network: Network, recipe: Recipe, phase: TrainingPhase) -> Plan:
    """Decide for a phase whose layers are frozen now as it wants them (`network.checks.freeze`).

    Features pay when the phase has several epochs, and are right when nothing random stands before them.
    """
    cut = find_cut(network) if phase.epochs > 1 and recipe.train.reuse_features else None
    if cut is None:
        return Plan(None)
    if not has_augmentation(recipe):
        return Plan(cut)
    if moves_targets(TASKS[recipe.data.targets]):
        return Plan(None, reason="`augment` moves the targets with the inputs")
    if recipe.data.augment_copies is None:
        return Plan(None, reason="`augment` is random")
    return Plan(cut, min(recipe.data.augment_copies, phase.epochs))


def plan_all(network: Network, recipe: Recipe) -> tuple[Plan, ...]:
    """For every phase; leaves the network as the first phase has it.

    Args:
        network: may be symbolic.
    """
    phases = phases_of(recipe)
    plans = []
    for phase in phases:
        freeze(network, recipe, phase)
        plans.append(plan(network, recipe, phase))
    freeze(network, recipe, phases[0])
    return tuple(plans)


def compute(
    network: Network, planned: Plan, train: Batches, validation: Batches, progress: Progress, replicas: Replicas
) -> tuple[Batches, Batches] | None:
    """Both splits as the frozen part gives them. Of several processes, each computes its part of every batch.

    Args:
        train, validation: of raw examples.
        progress: called with ("computing frozen features", count, all).

    Returns:
        Batches of features with the labels and the order of the raw ones; in memory where they take less than a quarter of
        what is free, else in a file that goes away with the process. None where there is no room for that either, in one of
        the processes.

    Raises:
        ResourceError: the disk is full, and other processes count on this one.
    """
    cut = planned.cut
    assert cut is not None
    parts = [(train, planned.copies), (validation, 1)]
    total = sum(part.rows * copies for part, copies in parts)
    room = _Room(cut, total)
    if any(replicas.sums([not room.is_enough])):
        return None
    seeds = network.augmentation.variables if network.augmentation else []
    before = [keras.ops.convert_to_numpy(seed) for seed in seeds]
    try:
        return _computed(network, cut, parts, room, progress, total, replicas)
    except OSError as error:  # the disk is full after all
        if replicas.workers > 1:
            raise ResourceError(f"there is no room for the output of the frozen layers: {error}") from error
        for seed, value in zip(seeds, before, strict=True):
            seed.assign(value)
        return None


def _computed(
    network: Network,
    cut: Cut,
    parts: Sequence[tuple[Batches, int]],
    room: _Room,
    progress: Progress,
    total: int,
    replicas: Replicas,
) -> tuple[Batches, Batches]:
    frozen = cut.before(network)
    plain = _compiled(frozen, None, parts[0][0])
    augmented = _compiled(frozen, network.augmentation, parts[0][0]) if network.augmentation else plain
    computed = []
    done = 0
    for part, copies in parts:
        features = room.for_rows(copies * part.rows)
        row = 0
        call = augmented if part is parts[0][0] else plain
        for _ in range(copies):
            for values in _outputs(part.in_order(), call, replicas):
                _put(features, row, values)
                row += len(values)
                done += len(values)
                progress("computing frozen features", done, total)
        computed.append(part.of(features))
    return computed[0], computed[1]


def _outputs(batches: Batches, call: Any, replicas: Replicas) -> Iterator[NDArray[Any]]:
    """The output for each batch of examples in their order."""
    if replicas.workers == 1:
        for inputs, *_ in batches.dataset():
            yield call(inputs).numpy()
        return
    batches.parts = Parts(replicas.workers)
    own = range(replicas.rank, replicas.rank + 1)
    sizes = batches.parts.sizes(batches.count, batches.batch_size)
    for size, (inputs, *_) in zip(sizes, batches.dataset(own=own), strict=True):
        values = call(inputs).numpy()
        first, length = (int(each[0]) for each in batches.parts.slices([size], own))
        whole = np.zeros((size, *values.shape[1:]), values.dtype)
        whole[first : first + length] = values
        yield replicas.united([(whole, slice(first, first + length))])[0]


class _Room:
    """Where features go: the memory, or a file."""

    def __init__(self, cut: Cut, count: int) -> None:
        self._shape = cut.shape
        self._dtype: np.dtype[Any] = np.dtype(cut.dtype.as_numpy_dtype)
        self._in_memory = count * cut.bytes <= MEMORY_SHARE * available_bytes()
        self.is_enough = self._in_memory or cache.has_room(count * cut.bytes)

    def for_rows(self, count: int) -> Values:
        if self._in_memory:
            return np.empty((count, *self._shape), self._dtype)
        return make_row_file(cache.folder(), count, self._shape, self._dtype)


def _put(features: Values, row: int, values: np.ndarray) -> None:
    if isinstance(features, RowFile):
        write_rows(features, row, values)
    else:
        assert isinstance(features, np.ndarray)
        features[row : row + len(values)] = values


def _compiled(frozen: keras.Model, augmentation: keras.Model | None, examples: Batches) -> Any:
    """One graph for batches of any size, as tracing a deep network takes as long as several batches."""

    def call(inputs: Any) -> tf.Tensor:
        return frozen(augmentation(inputs, training=True) if augmentation else inputs, training=False)

    return tf.function(call, input_signature=[examples.input_spec], autograph=False)
