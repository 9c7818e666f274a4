"""Shared by all tests: the command line as a user calls it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On several cores the longest files begin first, so that none is alone at the end."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        items.sort(key=lambda item: "e2e" not in item.path.parts)


@dataclass(frozen=True)
class Result:
    """What a command did."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        return json.loads(self.stdout)


@dataclass(frozen=True)
class CommandLine:
    """Runs the real command in a folder of its own."""

    folder: Path

    def __call__(self, *arguments: str, timeout: float = 300, **environment: str) -> Result:
        # Without a home the data sets that this machine may have cached are not there: every machine does the same.
        own = {"HOME": str(self.folder / "home"), "KERAS_HOME": str(self.folder / "home" / ".keras"), "NO_COLOR": "1"}
        done = subprocess.run(
            [sys.executable, "-m", "cnncli", *arguments],
            cwd=self.folder,
            env={**os.environ, **own, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        return Result(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def cnncli(tmp_path: Path) -> CommandLine:
    return CommandLine(tmp_path)


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> CommandLine:
    """A folder in which a small network has been trained on the packaged digits, as `outputs/small/first`."""
    folder = tmp_path_factory.mktemp("trained")
    (folder / "small.yaml").write_text(SMALL_RECIPE, encoding="utf-8")
    command_line = CommandLine(folder)
    done = command_line("train", "small.yaml", "--run", "first")
    assert done.exit_code == 0, done.stderr
    return command_line


SMALL_RECIPE = """\
name: small
data:
  source: mnist-sample
  limit: 4000
  prepare: [Rescaling: {scale: $(1 / 255)}]
  augment: [RandomTranslation: {height_factor: 0.05, width_factor: 0.05}]
model:
  layers:
    - Conv2D: {name: first, filters: 8, kernel_size: 5, strides: 2, activation: relu}
    - Conv2D: {name: second, filters: 12, kernel_size: 3, strides: 2, activation: relu}
    - Flatten
    - Dropout: 0.1
    - Dense: {name: out, units: $classes, activation: softmax}
train:
  seed: 7
  epochs: 3
  batch_size: 64
  optimizer: {Adam: {learning_rate: 3e-3}}
visualize:
  - filters: {layers: [first, second]}
  - feature_maps: {samples: 1}
"""
