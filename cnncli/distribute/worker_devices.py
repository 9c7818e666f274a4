"""Which GPU each of several processes that train different networks uses, where there are several GPUs."""

from __future__ import annotations

import os

from cnncli.runs.machine import gpu_properties

_VARIABLE = "CUDA_VISIBLE_DEVICES"


def worker_environments(workers: int, device: str | None) -> list[dict[str, str]]:
    """The variables that each process gets beside those of this process: its GPU, in turns.

    Args:
        device: `auto`, `cpu` or `gpu`; None: `auto`.
    """
    gpus = _gpus() if workers > 1 and device != "cpu" else []
    if len(gpus) < 2:
        return [{} for _ in range(workers)]
    return [{_VARIABLE: gpus[index % len(gpus)]} for index in range(workers)]


def _gpus() -> list[str]:
    """The GPUs that this process may use, as CUDA names them; TensorFlow, which knows them too, is not imported here."""
    if (chosen := os.environ.get(_VARIABLE)) is not None:
        return [name.strip() for name in chosen.split(",") if name.strip()]
    return [line.strip() for line in gpu_properties("index") if line.strip().isdecimal()]
