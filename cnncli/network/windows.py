"""Check that the window of a convolution or a pooling fits into its input."""

from __future__ import annotations

from typing import Any


def window_problem(layer: Any, tensor: Any) -> tuple[str, str] | None:
    """Tell when a window is larger than its input.

    Args:
        layer: a Keras layer that is not yet connected.
        tensor: what comes in: a Keras tensor (batch, *space, channels).

    Returns:
        A message and a hint, or None when it fits or the layer has no window.
    """
    size = getattr(layer, "kernel_size", None) or getattr(layer, "pool_size", None)
    transposed = "Transpose" in type(layer).__name__
    if (
        not isinstance(size, tuple)
        or transposed
        or getattr(layer, "padding", "") != "valid"
        or isinstance(tensor, list)
    ):
        return None
    shape = tuple(tensor.shape[1:])
    if len(shape) != len(size) + 1:
        return None  # Keras tells this better itself
    first = getattr(layer, "data_format", "channels_last") == "channels_first"
    space = shape[1:] if first else shape[:-1]
    dilation = getattr(layer, "dilation_rate", 1)
    dilation = dilation if isinstance(dilation, tuple) else (dilation,) * len(size)
    spans = [(width - 1) * rate + 1 for width, rate in zip(size, dilation, strict=True)]
    if all(length is None or span <= length for span, length in zip(spans, space, strict=True)):
        return None
    window = f"{spans[0]}-wide" if len(set(spans)) == 1 else "x".join(map(str, spans))
    came_in = "x".join("?" if length is None else str(length) for length in shape)
    smaller = "kernel" if hasattr(layer, "kernel_size") else "pool_size"
    return (
        f"{type(layer).__name__}: a {window} window does not fit in an input of {came_in}",
        f"use padding: same, a smaller {smaller}, or one pooling layer less",
    )
