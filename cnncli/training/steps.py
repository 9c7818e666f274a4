"""Choose how many steps the device runs before Python is asked again (steps_per_execution)."""

from __future__ import annotations

import math
from collections.abc import Iterable

import keras

from cnncli import keras_internals
from cnncli.network.build import Network
from cnncli.network.multiply_adds import multiply_adds

# Between two steps Keras runs its callbacks, which takes about a millisecond: much beside a step of LeNet-5, nothing beside
# one of VGG16. Within one execution nobody can look on or stop the run, so it is to end within about a second
# on a processor that does 20e9 multiply-adds a second.
_WORK = 20e9
_MOST = 32
_PASSES = 3  # forward, and backward to the weights and to the inputs


def steps_per_execution(multiply_adds: int, *, batch_size: int, steps: int) -> int:
    """A power of two, from how much a step computes; the same on every machine, as it may change the last bits.

    Args:
        multiply_adds: of one example, forward.
        steps: of an epoch.
    """
    fitting = min(_WORK / max(_PASSES * multiply_adds * batch_size, 1), _MOST, steps)
    return 1 << int(math.log2(max(fitting, 1)))


def forward_multiply_adds(network: Network, *, without: Iterable[str] = ()) -> int:
    """Of one example; layers that cannot be counted count as nothing.

    Args:
        without: names of layers that are left out.
    """
    return sum(count or 0 for count in _counts(network, set(without)))


def known_multiply_adds(network: Network) -> int | None:
    """The same of the whole network; None where a layer cannot be counted, so that nobody takes it for a small one."""
    counts = _counts(network, set())
    return None if None in counts else sum(filter(None, counts))


def _counts(network: Network, left_out: set[str]) -> list[int | None]:
    calls = keras_internals.calls_of(network.full_model)
    layers = [call for call in calls if isinstance(call.operation, keras.layers.Layer) and call.inputs]
    return [_of(call) for call in layers if call.operation.name not in left_out]


def _of(call: keras_internals.Call) -> int | None:
    return multiply_adds(call.operation, [tensor.shape for tensor in call.inputs], call.outputs[0].shape)
