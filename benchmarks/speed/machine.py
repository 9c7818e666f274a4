"""What is worth knowing about the machine and its software beside a time."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_PACKAGES = ("cnncli", "tensorflow", "keras", "numpy")


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
    fields = dict[str, str]()
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        name, _, value = line.partition(":")
        fields.setdefault(name.strip(), value.strip())
    # What multiplies bfloat16, which decides about mixed precision.
    extensions = [name for name in ("amx_bf16", "avx512_bf16") if name in fields.get("flags", "").split()]
    model = fields.get("model name") or platform.processor() or platform.machine()
    return ", ".join([model, *extensions])


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
