"""Let the training steps of several processes take turns: an epoch of each, and again."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.speed.child import ChildFailed
from benchmarks.speed.workloads import StepSide

_TURN = "turn "  # begins the line that a process prints after an epoch


@dataclass(frozen=True)
class Steps:
    """What a side took for a step, in milliseconds: a value for each round."""

    side: str
    milliseconds: list[float]


def take_turns(
    sides: Sequence[StepSide], folder: Path, *, rounds: int, tell: Callable[[list[Steps]], None] = lambda _: None
) -> list[Steps]:
    """Train an epoch of each side, then again of each.

    All wait while one computes: a machine that is slow for a while is slow for every side. The first epoch of a side, with
    its tracing, is not measured.

    Args:
        folder: where each process gets a folder of its own.
        rounds: measured epochs of each side.
        tell: called after each round with all that was measured so far.

    Raises:
        ChildFailed: a process ended with an error.
    """
    children: list[_Child] = []
    try:
        for number, side in enumerate(sides):
            own = folder / f"side-{number}"
            own.mkdir()
            children.append(_Child(side, own))
        taken = [Steps(side.name, []) for side in sides]
        for _ in range(rounds):
            for child, steps in zip(children, taken, strict=True):
                steps.milliseconds.append(child.epoch())
            tell(taken)
    finally:
        for child in children:
            child.end()
    return taken


class _Child:
    """A process that trains an epoch for each line of its stdin."""

    def __init__(self, side: StepSide, folder: Path) -> None:
        self.command = side.command
        self.errors = folder / "stderr.txt"
        with self.errors.open("wb") as stderr:
            self.process = subprocess.Popen(
                side.command,
                cwd=folder,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
                env={**os.environ, **side.environment},
            )
        with self._ended_if_it_fails():
            self._read()  # the first epoch

    def epoch(self) -> float:
        """Milliseconds a step of one more epoch."""
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return self._read()

    def _read(self) -> float:
        assert self.process.stdout is not None
        printed = ""
        for line in self.process.stdout:
            if line.startswith(_TURN):
                seconds, steps = line.removeprefix(_TURN).split()
                return float(seconds) / int(steps) * 1e3
            printed = (printed + line)[-2000:]
        said = self.errors.read_text(encoding="utf-8", errors="replace")
        raise ChildFailed(f"{' '.join(self.command)}\nexit code {self.process.wait()}\n{printed}\n{said[-4000:]}")

    @contextmanager
    def _ended_if_it_fails(self) -> Iterator[None]:
        try:
            yield
        except BaseException:
            self.end()
            raise

    def end(self) -> None:
        self.process.kill()
        self.process.communicate()
