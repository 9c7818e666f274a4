"""What is worth knowing about the machine and its software beside a time."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from datetime import date
from importlib.metadata import PackageNotFoundError, version

from cnncli.runs.machine import processor

AS_AVX2 = {"ONEDNN_MAX_CPU_ISA": "AVX2", "ATEN_CPU_CAPABILITY": "avx2"}
"""What lets TensorFlow's oneDNN and PyTorch compute as on a processor that has AVX2 alone."""

_PACKAGES = ("cnncli", "tensorflow", "keras", "numpy")
# What decides whether TensorFlow uses oneDNN by itself, and whether bfloat16 pays.
_TOLD = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "avx_vnni", "amx_bf16", "amx_int8", "asimd", "sve", "bf16")


def describe() -> dict[str, str]:
    """The processor, cores, memory, GPU, versions and the date, each as a short text."""
    described = {
        "processor": _processor(),
        "cores": str(len(os.sched_getaffinity(0))),
        "memory": f"{os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') / 2**30:.0f} GiB",
        "GPU": _gpu(),
        "system": f"{platform.system()} {platform.release()}",
        "Python": platform.python_version(),
    }
    return {**described, **{name: _version(name) for name in _PACKAGES}, "date": date.today().isoformat()}


def _processor() -> str:
    found = processor()
    flags = [flag for flag in found["flags"] if flag in _TOLD]
    limited = ["limited to AVX2"] if AS_AVX2.items() <= os.environ.items() else []
    return ", ".join([found["model"] or platform.machine(), *flags, *limited])


def _gpu() -> str:
    if not shutil.which("nvidia-smi"):
        return "none"
    asked = ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    return ", ".join(done.stdout.split("\n")).strip(", ") if done.returncode == 0 else "none"


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:  # such as tensorflow, installed as tensorflow-cpu
        return "unknown"
