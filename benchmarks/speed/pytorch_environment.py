"""PyTorch, in a virtual environment of its own: cnncli does not need it."""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path

_PACKAGES = ("torch", "torchvision", "numpy")


def python_of(folder: Path) -> Path:
    """The Python of the environment in a folder, which is made there, with PyTorch, if there is none."""
    python = folder.resolve() / "bin" / "python"
    if not python.exists():
        print(f"installing {', '.join(_PACKAGES)} into {folder}", file=sys.stderr, flush=True)
        venv.create(folder, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *_PACKAGES], check=True, stdout=sys.stderr)
    return python


def version_of(python: Path) -> str:
    """The version of PyTorch, without importing it."""
    code = "from importlib.metadata import version; print(version('torch'))"
    return subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
