"""The words beside a layer or block: its class, its arguments, whose weights it has."""

from __future__ import annotations

_SHARED = "shared with "


def shared_with(name: str) -> str:
    """`shared with a_conv2d`: whose weights these are; empty where they are its own."""
    return f"{_SHARED}{name}" if name else ""


def kind_with_detail(kind: str, detail: str) -> str:
    """`Conv2D 3×3, relu`, `BatchNormalization, shared with a_norm`."""
    return f"{kind}{', ' if kind and detail.startswith(_SHARED) else ' '}{detail}".strip()
