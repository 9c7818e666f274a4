"""Describe this machine for cnncli: versions, devices, precision, folders, cached data."""

from __future__ import annotations

import os
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

import tensorflow as tf

from cnncli import runs
from cnncli.data import cache
from cnncli.data.sources.builtin import on_this_machine
from cnncli.runs import onednn
from cnncli.system_memory import available_bytes
from cnncli.training import devices, precision


def examine(outputs: Path) -> dict[str, Any]:
    """Look at the machine; nothing is written.

    Args:
        outputs: the folder of all runs.

    Returns:
        `environment` (`runs.environment`), `memory_available_bytes`, `devices` (name and compute capability of each GPU),
        `no_gpu` (what is missing and what to do; None where there is one), `device` and `precision` that `auto` takes,
        `onednn` (whether TensorFlow computes with it, and why),
        `folders` (path, whether it can be written, bytes free, bytes used by cnncli's cache), `data` (the folder of each
        built-in data set, None where it would be downloaded).
    """
    environment = runs.environment()
    cpu = environment["cpu"]
    gpus = tf.config.list_physical_devices("GPU")
    details = [tf.config.experimental.get_device_details(gpu) for gpu in gpus]
    device = devices.choose("auto", cpu_name=cpu.get("model") or "CPU")
    chosen = precision.choose("auto", device, cpu_flags=cpu.get("flags") or ())
    missing, way_out = devices.why_no_gpu() if not gpus else ("", "")
    count, size = cache.sizes()
    return {
        "environment": environment,
        "memory_available_bytes": available_bytes(),
        "devices": [
            {"name": each.get("device_name", "GPU"), "compute_capability": each.get("compute_capability")}
            for each in details
        ],
        "no_gpu": None if gpus else {"reason": missing, "hint": way_out},
        "device": asdict(device),
        "precision": {"policy": chosen.policy, "reason": chosen.reason},
        "onednn": asdict(onednn.choose()),
        "folders": {
            "outputs": _folder(outputs),
            "cache": {**_folder(cache.folder()), "files": count, "used_bytes": size},
        },
        "data": {name: str(folder) if folder else None for name, folder in on_this_machine().items()},
    }


def _folder(path: Path) -> dict[str, Any]:
    """Of a folder, or of the one in which it would be made."""
    existing = next(folder for folder in (path, *path.absolute().parents) if os.path.exists(folder))
    return {
        "path": str(path),
        "exists": os.path.exists(path),
        "writable": os.path.isdir(existing) and os.access(existing, os.W_OK),
        "free_bytes": shutil.disk_usage(existing).free,
    }
