"""Which device trains, and why."""

from __future__ import annotations

import shutil
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
        return Device("cpu", cpu_name, "asked for")
    if gpus:
        # One process trains on one GPU; taking all of its memory at once would lock out whoever shares it.
        tf.config.set_visible_devices(gpus[0], "GPU")
        tf.config.experimental.set_memory_growth(gpus[0], True)
        details = tf.config.experimental.get_device_details(gpus[0])
        reason = "asked for" if wanted == "gpu" else "the first GPU found" if len(gpus) > 1 else "the GPU found"
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
        return "there is no NVIDIA driver on this machine", "install the driver of the GPU"
    if not tf.test.is_built_with_cuda():
        return "this TensorFlow is built without CUDA", 'install it with: pip install "cnncli[gpu]"'
    return "TensorFlow does not find the CUDA libraries", 'install them with: pip install "cnncli[gpu]"'
