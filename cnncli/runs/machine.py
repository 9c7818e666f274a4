"""Describe the machine of a run: versions, processor, memory, nothing personal."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from functools import cache
from importlib import metadata
from typing import Any

from cnncli import __version__, system_memory
from cnncli.system_memory import control_groups, field_in, number_in, text_of

_NO_LIMIT = 1 << 60  # version 1 of control groups writes a huge number

_PACKAGES: dict[str, tuple[str, ...]] = {
    "keras": ("keras",),
    "tensorflow": ("tensorflow", "tensorflow-cpu", "tf-nightly"),
    "numpy": ("numpy",),
}
# What decides speed, and the last bits of a result. x86, then ARM.
_FLAGS = (
    *("sse4_2", "avx", "avx2", "fma", "avx512f", "avx512_vnni", "avx512_bf16", "avx512_fp16", "avx_vnni"),
    *("amx_tile", "amx_int8", "amx_bf16"),
    *("asimd", "sve", "sve2", "bf16", "i8mm"),
)


def environment() -> dict[str, Any]:
    """Describe the program and the machine for a run's record.

    Left out on purpose: the host's name, the user's name, environment variables.

    Returns:
        `versions`, `os`, `machine`, `cpu` (`model`, `flags`), `cores` (`machine`, `allowed`, `quota`), `memory_bytes`
        (of the machine, or of its control group where that is less), `gpus` (those of NVIDIA: `name`, `driver`,
        `memory_bytes`). What cannot be found out is None.
    """
    return {
        "versions": versions(),
        "os": platform.platform(),
        "machine": platform.machine(),
        "cpu": processor(),
        "cores": {"machine": os.cpu_count(), "allowed": allowed_cores(), "quota": core_quota()},
        "memory_bytes": _memory_bytes(),
        "gpus": _gpus(),
    }


def versions() -> dict[str, str | None]:
    """The versions of cnncli, Python and the packages that compute, without importing them."""
    return {
        "cnncli": __version__,
        "python": platform.python_version(),
        **{name: _installed(candidates) for name, candidates in _PACKAGES.items()},
    }


def _installed(candidates: tuple[str, ...]) -> str | None:
    for name in candidates:
        try:
            return metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return None


def processor() -> dict[str, Any]:
    """The model of the processor and those of its flags that decide speed and last bits: `model`, `flags`."""
    said: dict[str, str] = {}
    for line in text_of(system_memory.PROC / "cpuinfo").splitlines():
        key, _, value = line.partition(":")
        said.setdefault(key.strip(), value.strip())  # the first core stands for all
    model = said.get("model name") or said.get("Model") or platform.processor() or None
    flags = set((said.get("flags") or said.get("Features") or "").split())
    return {"model": model, "flags": [flag for flag in _FLAGS if flag in flags]}


def allowed_cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def core_quota() -> float | None:
    """How many cores' worth of time the control group may use; None without a limit."""
    quotas = []
    for group in control_groups("cpu"):
        quota, _, period = (
            text_of(group / "cpu.max").strip().partition(" ")
        )  # version 2: "150000 100000" or "max 100000"
        if not period:
            quota, period = text_of(group / "cpu.cfs_quota_us").strip(), text_of(group / "cpu.cfs_period_us").strip()
        if quota.isdigit() and period.isdigit() and int(period):  # version 1 writes -1 for no limit
            quotas.append(int(quota) / int(period))
    return min(quotas, default=None)


def _memory_bytes() -> int | None:
    limits = [_physical_bytes()]
    for group in control_groups("memory"):
        limits += [number_in(group / name) for name in ("memory.max", "memory.limit_in_bytes")]
    return min((limit for limit in limits if limit and limit < _NO_LIMIT), default=None)


def _physical_bytes() -> int | None:
    if (total := field_in(system_memory.PROC / "meminfo", "MemTotal:")) is not None:
        return total * 1024
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return None


def gpu_properties(*names: str) -> list[str]:
    """What NVIDIA's tool says of each GPU of the machine, in a line of CSV without units; nothing where it does not work.

    Args:
        names: of properties, as `nvidia-smi --help-query-gpu` lists them.
    """
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return []
    query = [tool, f"--query-gpu={','.join(names)}", "--format=csv,noheader,nounits"]
    try:
        return subprocess.run(query, capture_output=True, text=True, timeout=20, check=True).stdout.splitlines()
    except (OSError, subprocess.SubprocessError):
        return []


@cache
def _gpus() -> list[dict[str, Any]]:
    """What the driver's own tool says; it is asked once, as it takes up to a second."""
    said = gpu_properties("name", "driver_version", "memory.total")
    rows = [[field.strip() for field in line.rsplit(",", 2)] for line in said if line.count(",") >= 2]
    return [
        {"name": name, "driver": driver, "memory_bytes": int(mebibytes) * 2**20 if mebibytes.isdigit() else None}
        for name, driver, mebibytes in rows
    ]
