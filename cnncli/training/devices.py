"""Choose the device that trains, with the reason."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import tensorflow as tf

from cnncli.errors import Problem, ResourceError


@dataclass(frozen=True)
class Device:
    """A device.

    Attributes:
        kind: `cpu` or `gpu`.
        name: what people call it: `NVIDIA H100 80GB HBM3`, `AMD EPYC 9654`.
        reason: why it was taken.
        compute_capability: of an NVIDIA GPU, (9, 0); None otherwise.
    """

    kind: str
    name: str
    reason: str
    compute_capability: tuple[int, int] | None = None


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
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    set_here = tf.config.threading  # 0: it is TensorFlow's to choose
    return Threads(
        set_here.get_intra_op_parallelism_threads() or cores, set_here.get_inter_op_parallelism_threads() or cores
    )


def choose(wanted: str, *, cpu_name: str) -> Device:
    """Take the device that a recipe or the command line asks for, before TensorFlow uses any.

    Args:
        wanted: `auto`, `cpu` or `gpu`. `auto` is the first GPU when there is one.
        cpu_name: what to call the processor.

    Raises:
        ResourceError: `gpu` without one; says what is missing.
    """
    gpus = tf.config.list_physical_devices("GPU")
    if wanted == "cpu":
        tf.config.set_visible_devices([], "GPU")
        return Device("cpu", cpu_name, "requested")
    if gpus:
        # One process trains on one GPU; taking all of its memory at once would lock out whoever shares it.
        tf.config.set_visible_devices(gpus[0], "GPU")
        tf.config.experimental.set_memory_growth(gpus[0], True)
        details = tf.config.experimental.get_device_details(gpus[0])
        reason = "requested" if wanted == "gpu" else "the first GPU found" if len(gpus) > 1 else "the GPU found"
        return Device("gpu", details.get("device_name", "GPU"), reason, details.get("compute_capability"))
    missing = why_no_gpu()
    if wanted == "gpu":
        raise ResourceError(
            Problem(
                f"no GPU can be used: {missing[0]}",
                f"{missing[1]}, or train with --device cpu",
                path=("train", "device"),
            )
        )
    return Device("cpu", cpu_name, "no GPU found")


def why_no_gpu() -> tuple[str, str]:
    """What is missing for a GPU, and what to do."""
    driver = Path("/proc/driver/nvidia/version").exists() or shutil.which("nvidia-smi") is not None
    if not driver:
        return "there is no NVIDIA driver on this machine", "if there is an NVIDIA GPU, install its driver"
    if not tf.test.is_built_with_cuda():
        return "this TensorFlow is built without CUDA", 'install it with: pip install "tensorflow[and-cuda]"'
    return "TensorFlow does not find the CUDA libraries", 'install them with: pip install "tensorflow[and-cuda]"'
