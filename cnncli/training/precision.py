"""Choose the number format of a network (float32, mixed_bfloat16, mixed_float16), with the reason."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cnncli.training.devices import Device


@dataclass(frozen=True)
class Precision:
    """A number format.

    Attributes:
        policy: Keras' dtype policy: `float32`, `mixed_bfloat16` or `mixed_float16`.
        reason: why it was taken.
        warning: what is wrong with the choice; empty when nothing is. `hint` says what to do.
    """

    policy: str
    reason: str
    warning: str = ""
    hint: str = ""


# Multiply-adds of one example, forward, below which a processor moves more than it multiplies. LeNet-5 has 0.4 million, and
# its steps take no less in bfloat16; the MNIST baseline has 2.6 million, and its steps take 0.57 of the time.
_WORTH = 1_000_000


def choose(wanted: str, device: Device, *, cpu_flags: Iterable[str], multiply_adds: int | None = None) -> Precision:
    """Take the precision that a recipe asks for.

    `auto` is bfloat16 where the hardware multiplies it natively; on a processor only for networks that multiply enough.

    Args:
        wanted: `auto`, `float32`, `mixed_bfloat16` or `mixed_float16`.
        device: where the network runs.
        cpu_flags: the processor's, as the kernel names them.
        multiply_adds: of one example, forward; None where that is not known, or no network is given.
    """
    native, reason = _bfloat16(device, set(cpu_flags))
    if wanted == "auto" and native and device.kind == "cpu" and multiply_adds is not None and multiply_adds < _WORTH:
        return Precision("float32", f"{multiply_adds:,} multiply-adds per example are too few to benefit from bfloat16")
    if wanted == "auto":
        return Precision("mixed_bfloat16" if native else "float32", reason)
    best = "mixed_bfloat16" if native else "float32"
    hint = f"`precision: auto` takes {best} here: {reason}"
    if device.kind == "cpu" and wanted == "mixed_float16":
        return Precision(wanted, "requested", "mixed_float16 is made for GPUs, and slow on a processor", hint)
    if wanted == "mixed_bfloat16" and not native:
        return Precision(wanted, "requested", f"{wanted} is slow on this {_NOUNS[device.kind]}", hint)
    return Precision(wanted, "requested")


_NOUNS = {"cpu": "processor", "gpu": "GPU"}


def _bfloat16(device: Device, cpu_flags: set[str]) -> tuple[bool, str]:
    """Whether the device multiplies bfloat16 natively, and how that is known."""
    if device.kind == "gpu":
        capability = device.compute_capability
        if capability is None:
            return False, "the GPU does not report its compute capability"
        text = f"compute capability {capability[0]}.{capability[1]}"
        return (
            (True, f"the GPU has bfloat16 units ({text})") if capability >= (8, 0) else (False, f"{text} is below 8.0")
        )
    if "amx_bf16" in cpu_flags:
        return True, "the processor has AMX bfloat16 units"
    return False, "the processor has no AMX bfloat16 units"
