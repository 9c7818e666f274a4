"""The memory that training takes, counted before it is allocated."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import keras

from cnncli import keras_internals
from cnncli.errors import Problem, ResourceError
from cnncli.network.build import Network

_BYTES = 4  # float32; mixed precision keeps its weights so, and its activations in half of it
# Adam and its kin keep two numbers a weight; the gradient is a third, the weight itself the first.
_NUMBERS_PER_TRAINED_WEIGHT = 4
# Activations are kept for the backward pass, and their gradients exist beside them.
_NUMBERS_PER_ACTIVATION = 2


@dataclass(frozen=True)
class Budget:
    """What training a network takes.

    Attributes:
        params: all parameters; `trainable_params` those that learn.
        activations: numbers that one example's layer outputs hold together.
        largest: the layers that hold the most, as (name, numbers for one example or of weights, what).
    """

    params: int
    trainable_params: int
    activations: int
    largest: tuple[tuple[str, int], ...]

    def bytes(self, batch_size: int) -> int:
        weights = self.params * _BYTES + self.trainable_params * _BYTES * (_NUMBERS_PER_TRAINED_WEIGHT - 1)
        return weights + self.activations * _NUMBERS_PER_ACTIVATION * _BYTES * batch_size


def measure(network: Network, *, batch_size: int, trainable_params: int | None = None) -> Budget:
    """Count a network's parameters and activations; works without its weights existing.

    Args:
        trainable_params: in the phase in which most learn; None counts those that learn now.
    """
    model = network.full_model
    sizes: dict[str, tuple[int, int]] = {}
    for each in filter(None, (model, network.augmentation)):
        for call in keras_internals.calls_of(each):
            if isinstance(call.operation, keras.layers.Layer):
                activations = _output_size(call) + sizes.get(call.operation.name, (0, 0))[0]
                sizes[call.operation.name] = activations, _count(call.operation.weights)
    weight = {
        name: activations * batch_size * _NUMBERS_PER_ACTIVATION + weights * _NUMBERS_PER_TRAINED_WEIGHT
        for name, (activations, weights) in sizes.items()
    }
    largest = sorted(weight.items(), key=lambda item: -item[1])[:3]
    return Budget(
        params=model.count_params(),
        trainable_params=_count(model.trainable_variables) if trainable_params is None else trainable_params,
        activations=sum(activations for activations, _ in sizes.values()),
        largest=tuple((name, numbers * _BYTES) for name, numbers in largest),
    )


def check(
    budget: Budget,
    *,
    batch_size: int,
    available: int,
    device: str,
    path: tuple[str | int, ...] = ("model", "layers"),
    parts: int = 1,
) -> None:
    """Refuse a network that cannot fit.

    Args:
        available: bytes that the device has.
        device: what to call it.
        path: of the largest layer in the recipe.
        parts: into which a batch is divided; the device computes one of them.

    Raises:
        ResourceError: names the three largest layers and a batch size that fits.
    """
    needed = budget.bytes(-(-batch_size // parts))
    if needed <= available:
        return
    largest = ", ".join(f"{name} ({gigabytes(size)})" for name, size in budget.largest)
    per_example = budget.bytes(1) - budget.bytes(0)
    fitting = int((available - budget.bytes(0)) // per_example) if per_example else 0
    if fitting >= 1:
        hint = f"train.batch_size: {parts * 2 ** int(math.log2(fitting))} would fit"
    else:
        hint = "no batch size fits: a smaller input, fewer filters or a smaller Dense layer after Flatten"
    raise ResourceError(
        Problem(
            f"training needs about {gigabytes(needed)}, and {device} has {gigabytes(available)}",
            f"the largest layers: {largest}\n{hint}",
            path=("train", "batch_size") if fitting >= 1 else path,
        )
    )


def gigabytes(size: int) -> str:
    """`1.5 GB`; `20 MB` below one."""
    return f"{size / 1e9:,.1f} GB" if size >= 1e9 else f"{size / 1e6:,.0f} MB"


def _output_size(call: keras_internals.Call) -> int:
    """How many numbers leave a layer for one example; of a pipeline, what leaves each of its layers."""
    shapes = [output.shape for output in call.outputs]
    if isinstance(call.operation, keras.layers.Pipeline):
        shape = call.inputs[0].shape
        shapes = [shape := inner.compute_output_shape(shape) for inner in call.operation.layers]
    return sum(math.prod(size or 1 for size in shape[1:]) for shape in shapes)


def _count(variables: Iterable[keras.Variable]) -> int:
    return sum(_size(variable) for variable in variables)


def _size(variable: keras.Variable) -> int:
    return math.prod(variable.shape)
