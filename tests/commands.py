"""The command line as a user calls it, in this process or in one of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cnncli.cli import live
from cnncli.cli.app import app
from cnncli.data.sources import download


@dataclass(frozen=True)
class Result:
    """What a command did."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        return json.loads(self.stdout)


def call(*arguments: object, exit_code: int | None = 0, stdin: bytes | None = None) -> Result:
    """What a command answers in this process and folder; any exit code will do where None is expected."""
    done = CliRunner().invoke(app, [str(argument) for argument in arguments], input=stdin)
    if exit_code is not None:
        assert done.exit_code == exit_code, (done.stdout, done.stderr, done.exception)
    return Result(done.exit_code, done.stdout, done.stderr)


def cut_off(patch: pytest.MonkeyPatch) -> None:
    """Let every download fail as without a network, whatever this machine has or could get."""

    def unreachable(*_: object, **__: object) -> None:
        raise download.DownloadFailed("no answer from the network", offline=True)

    def no_weights(*_: object, **__: object) -> None:
        raise Exception("URL fetch failure: Name or service not known")

    patch.setattr(download, "_opened", unreachable)
    patch.setattr("keras.src.utils.file_utils.get_file", no_weights)


def draw_nothing(patch: pytest.MonkeyPatch, *names: str) -> None:
    """Let a run draw no pictures but those that `visualize` asks for; they take a third of a short training."""
    for name in names or ("_curves", "draw_training_examples", "draw_evaluation", "draw_layers"):
        patch.setattr(f"cnncli.plots.run_figures.{name}", lambda *_, **__: [])


def stop_after_the_first_epoch(patch: pytest.MonkeyPatch, number: int) -> None:
    """Let a training in this process get a signal, as from outside."""
    epoch_ended = live.Lines.epoch_ended

    def stopped(lines: live.Lines, epoch: int, row: Mapping[str, Any]) -> None:
        epoch_ended(lines, epoch, row)
        if epoch == 1:
            signal.raise_signal(number)

    patch.setattr(live.Lines, "epoch_ended", stopped)


@contextmanager
def without_graphs() -> Iterator[None]:
    """Let TensorFlow run functions eagerly, but for those of data: to trace a graph takes longer than a few small steps."""
    import tensorflow as tf

    tf.config.run_functions_eagerly(True)
    try:
        yield
    finally:
        tf.config.run_functions_eagerly(False)


@dataclass(frozen=True)
class CommandLine:
    """Runs commands in a folder of their own: called, within this process; else in a process of their own.

    Without a home, the data sets that this machine may have cached are not there: every machine does the same.
    """

    folder: Path

    def __call__(self, *arguments: str, **environment: str) -> Result:
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(self.folder)
            for name, value in {**self._environment, **environment}.items():
                patch.setenv(name, value)
            return call(*arguments, exit_code=None)

    def process(self, *arguments: str, **options: Any) -> Result:
        """What the command answers in a process of its own, which `options` of `subprocess.Popen` may change."""
        with self.start(*arguments, **options) as process:
            try:
                stdout, stderr = process.communicate(timeout=300)
            finally:
                process.kill()  # where it hangs
        return Result(process.returncode, stdout, stderr)

    def start(self, *arguments: str, **options: Any) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "cnncli", *arguments],
            cwd=self.folder,
            env={**os.environ, **self._environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **options,
        )

    @property
    def _environment(self) -> dict[str, str]:
        home = self.folder / "home"
        return {"HOME": str(home), "KERAS_HOME": str(home / ".keras"), "NO_COLOR": "1"}
