"""The arguments of a layer: those that are shown beside its class, and all of them as plain values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import keras


def detail_of(layer: Any) -> str:
    """What of a layer's arguments one wants to see beside its class; of a wrapper the layer that it applies."""
    inner = getattr(layer, "forward_layer", None) or getattr(layer, "layer", None)
    if isinstance(inner, keras.layers.Layer):
        return f"{type(inner).__name__} {detail_of(inner)}".strip()
    window = getattr(layer, "kernel_size", None) or getattr(layer, "pool_size", None)
    groups, activation = getattr(layer, "groups", 1), getattr(layer, "activation", None)
    shown_activation = getattr(activation, "__name__", "linear") if not hasattr(layer, "cell") else "linear"
    parts = (
        ("", _sides(window or getattr(layer, "size", None))),
        ("stride ", _stride(layer) if window else ""),
        ("dilation ", _short(getattr(layer, "dilation_rate", None))),
        ("groups ", str(groups) if groups != 1 else ""),
        ("rate ", f"{layer.rate:g}" if isinstance(layer, keras.layers.Dropout) else ""),
        ("", shown_activation if shown_activation != "linear" else ""),
    )
    return ", ".join(f"{word}{text}" for word, text in parts if text)


def _stride(layer: Any) -> str:
    """The stride where it must be written: of pooling, whose default is its size, always."""
    strides = getattr(layer, "strides", None)
    return _short(strides) or ("1" if strides and hasattr(layer, "pool_size") else "")


def _sides(value: Any) -> str:
    """`3×3`; a single number where there is one side; nothing where there is none."""
    sides = value if isinstance(value, (list, tuple)) else [] if value is None else [value]
    return "×".join(map(str, sides))


def _short(value: Any) -> str:
    """The same with `2` for `2×2`, and nothing where all are 1."""
    different = set(value) if isinstance(value, (list, tuple)) else {value}
    if different <= {None, 1}:
        return ""
    return str(*different) if len(different) == 1 else _sides(value)


def arguments_of(config: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """The plain values of a layer's configuration, each with the last key that leads to it; without names of layers.

    Sides that are all alike are one number.
    """
    if isinstance(config, Mapping):
        for key, value in config.items():
            if key != "name":
                yield from arguments_of(value, str(key))
    elif isinstance(config, (list, tuple)) and len(set(map(repr, config))) != 1:
        for value in config:
            yield from arguments_of(value, name)
    else:
        value = config[0] if isinstance(config, (list, tuple)) else config
        yield name, value if isinstance(value, (bool, int, float, str, type(None))) else repr(value)
