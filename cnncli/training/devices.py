"""Choose the devices that train, with the reason."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tensorflow as tf

from cnncli.errors import Problem, ResourceError
from cnncli.messages import counted
from cnncli.runs.machine import allowed_cores


@dataclass(frozen=True)
class Device:
    """A device.

    Attributes:
        kind: `cpu` or `gpu`.
        name: what people call it: `NVIDIA H100 80GB HBM3`, `AMD EPYC 9654`.
        reason: why it was taken.
        compute_capability: of an NVIDIA GPU, (9, 0); None otherwise.
        count: how many of them; the others have the same name and capability, or the first one decides.
    """

    kind: str
    name: str
    reason: str
    compute_capability: tuple[int, int] | None = None
    count: int = 1


@dataclass(frozen=True)
class Threads:
    """How many threads TensorFlow computes with; the last bits of a result depend on it.

    Attributes:
        intra_op: within one operation.
        inter_op: operations at the same time.
    """

    intra_op: int
    inter_op: int


def use_threads(wanted: Threads | None) -> Threads:
    """Let TensorFlow compute with so many threads, before it computes anything.

    Args:
        wanted: those of the run that goes on or is done again; None leaves it to TensorFlow, which takes one for each core
            that this process may use.

    Returns:
        What it computes with.
    """
    if wanted and wanted != _threads():
        with suppress(RuntimeError):  # TensorFlow has computed in this process before
            tf.config.threading.set_intra_op_parallelism_threads(wanted.intra_op)
            tf.config.threading.set_inter_op_parallelism_threads(wanted.inter_op)
    return _threads()


def _threads() -> Threads:
    cores = allowed_cores()
    set_here = tf.config.threading  # 0: it is TensorFlow's to choose
    return Threads(
        set_here.get_intra_op_parallelism_threads() or cores, set_here.get_inter_op_parallelism_threads() or cores
    )


def choose(wanted: str, *, cpu_name: str, count: int | None = 1, share: tuple[int, int] = (0, 1)) -> Device:
    """Take the devices that a recipe or the command line asks for, before TensorFlow uses any.

    Args:
        wanted: `auto`, `cpu` or `gpu`. `auto` takes GPUs when there are some.
        cpu_name: what to call the processor.
        count: how many devices; None: all GPUs. The processor is one device; with `cpu`, TensorFlow divides it into this many.
        share: `(part, parts)`: which part of the GPUs this process may use.

    Raises:
        ResourceError: `gpu` without one, or fewer GPUs than wanted; says what is missing.
    """
    found = tf.config.list_physical_devices("GPU")
    if wanted == "cpu":
        tf.config.set_visible_devices([], "GPU")
        if count is not None and count > 1:
            parts = [tf.config.LogicalDeviceConfiguration()] * count
            with suppress(RuntimeError):  # TensorFlow has computed in this process before
                tf.config.set_logical_device_configuration(tf.config.list_physical_devices("CPU")[0], parts)
        return Device("cpu", cpu_name, "requested", count=count or 1)
    if found:
        return _gpus(wanted, found, count, share)
    missing = why_no_gpu()
    if wanted == "gpu" or (count or 1) > 1:
        other = "train with --device cpu" if wanted == "gpu" else "leave out --devices"
        raise ResourceError(
            Problem(f"no GPU can be used: {missing[0]}", f"{missing[1]}, or {other}", path=("train", "device"))
        )
    return Device("cpu", cpu_name, "no GPU found")


def gpus_found(share: tuple[int, int] = (0, 1)) -> int:
    """How many GPUs this process may use."""
    return len(_shared(tf.config.list_physical_devices("GPU"), share))


def _shared(found: Sequence[Any], share: tuple[int, int]) -> Sequence[Any]:
    part, parts = share
    return found[part * len(found) // parts : (part + 1) * len(found) // parts]


def _gpus(wanted: str, found: Sequence[Any], count: int | None, share: tuple[int, int]) -> Device:
    mine, (part, parts) = _shared(found, share), share
    if len(mine) < (count or 1):
        here = f" for process {part + 1} of the {parts} on this machine" if parts > 1 else ""
        raise ResourceError(
            Problem(
                f"{counted(count or 1, 'GPU')} wanted, and there {'is' if len(mine) == 1 else 'are'} {len(mine)}{here}",
                "use fewer devices or processes",
                path=("train", "device"),
            )
        )
    used = mine[:count]
    tf.config.set_visible_devices(used, "GPU")
    for gpu in used:  # taking all of its memory at once would lock out whoever shares it
        tf.config.experimental.set_memory_growth(gpu, True)
    details = tf.config.experimental.get_device_details(used[0])
    first = "the GPU found" if len(found) == 1 else "the first GPU found"
    reason = "requested" if wanted == "gpu" else first if len(used) == 1 else f"{len(used)} of {len(found)} GPUs"
    return Device("gpu", details.get("device_name", "GPU"), reason, details.get("compute_capability"), len(used))


def why_no_gpu() -> tuple[str, str]:
    """What is missing for a GPU, and what to do."""
    driver = Path("/proc/driver/nvidia/version").exists() or shutil.which("nvidia-smi") is not None
    if not driver:
        return "there is no NVIDIA driver on this machine", "if there is an NVIDIA GPU, install its driver"
    if not tf.test.is_built_with_cuda():
        return "this TensorFlow is built without CUDA", 'install it with: pip install "tensorflow[and-cuda]"'
    return "TensorFlow does not find the CUDA libraries", 'install them with: pip install "tensorflow[and-cuda]"'
