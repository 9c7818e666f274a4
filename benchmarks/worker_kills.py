"""Kill the chief or a worker of `cnncli train --workers 2` at random moments, resume, and compare the ends.

    python -m benchmarks.worker_kills                 # 20 kills, about half an hour on two cores
    python -m benchmarks.worker_kills --kills 4 --seed 7

Each round is one run: one of its two processes is killed with SIGKILL, the run is resumed, and killed again, until it has
had its share of kills; then it ends by itself. The recipe has BatchNormalization, Dropout, augmentation, frozen features, a
schedule and a moving average of the weights. Weights, history without its seconds and predictions must be equal to those of a
run with two workers that nobody stopped, to the last bit.
What else counts as a failure: a process that is left over 30 seconds after the kill, an exit code of the chief other than 8 after
the kill of a worker, a commit that is not whole, a command that ends by itself with another exit code than 0.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.kills import broken, different, outcome
from cnncli import runs
from cnncli.runs import checkpoints

NAME = "workers"
RECIPE = f"""\
name: {NAME}
data:
  source: mnist-sample
  limit: 160
  split: {{validation: 32}}
  prepare: [Rescaling: {{scale: $(1 / 255)}}]
  augment: [RandomTranslation: {{height_factor: 0.1, width_factor: 0.1}}]
model:
  layers:
    - Conv2D: {{name: conv, filters: 4, kernel_size: 5, strides: 3, activation: relu}}
    - BatchNormalization: {{momentum: 0.8}}
    - Flatten
    - Dropout: {{rate: 0.2}}
    - Dense: {{units: $classes, activation: softmax}}
train:
  seed: 7
  batch_size: 16
  checkpoint: {{every_steps: 3}}
  phases:
    - {{name: head, epochs: 1, freeze: [conv], optimizer: {{SGD: {{learning_rate: 0.1, momentum: 0.9}}}}}}
    - {{name: all, epochs: 2, optimizer: {{Adam: {{learning_rate: 1e-2, use_ema: true, ema_momentum: 0.9}}}}}}
evaluate: {{split: validation}}
visualize: []
"""
LONGEST = 300.0  # seconds for one process
_SECONDS_TO_END = 30.0
_LOOK_SECONDS = 0.005


@dataclass
class Done:
    """What happened to a run.

    Attributes:
        kills: how many.
        failures: what must not be.
    """

    kills: int = 0
    failures: list[str] = field(default_factory=list)


def equal(first: Path, second: Path) -> bool:
    """Whether two runs ended alike, to the last bit."""
    return not different(outcome(second), outcome(first))


def worker_of(chief: int, run: Path, commits: int) -> int:
    """The process of worker 1, once there are so many commits.

    Args:
        chief: the process that started it.
        run: the folder of the run.
    """
    until = time.monotonic() + LONGEST
    while checkpoints.newest(run / checkpoints.FOLDER).number < commits:
        if time.monotonic() > until or not _lives(chief):
            raise TimeoutError(f"{run} did not come to commit {commits}")
        time.sleep(_LOOK_SECONDS)
    [worker] = _workers(chief)
    return worker


def kill_and_resume(folder: Path, run: str, kills: Sequence[tuple[int, int]]) -> Done:
    """Train, kill a process, resume, kill again, and resume to the end.

    Args:
        kills: the rank that is killed each time, and after how many further commits.
    """
    done = Done()
    arguments = ["train", "recipe.yaml", "--workers", "2", "--run", run]
    for rank, after_commit in kills:
        _train(folder, arguments, done, kill=(rank, after_commit, 0.0, run))
        arguments = ["train", "--resume", f"outputs/{NAME}/{run}"]
    _train(folder, arguments, done)
    return done


def _train(folder: Path, arguments: Sequence[str], done: Done, kill: tuple[int, int, float, str] | None = None) -> bool:
    """Run the command; kill one of its processes if it lives so long.

    Args:
        kill: the rank, after how many commits, seconds after that, and the name of the run.

    Returns:
        Whether it was killed.
    """
    with open(folder / "said", "wb") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "cnncli", *arguments, "--quiet"], cwd=folder, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=said,
        )  # fmt: skip
    try:
        if kill is None or not _kill(process, folder, kill, done):
            if code := process.wait(LONGEST):
                done.failures.append(f"exit {code} of {' '.join(arguments)}\n{_said(folder)}")
            return False
        return True
    finally:
        for worker in _workers(process.pid):
            os.kill(worker, signal.SIGKILL)
        process.kill()
        process.wait()


def _kill(process: subprocess.Popen[bytes], folder: Path, kill: tuple[int, int, float, str], done: Done) -> bool:
    rank, after_commit, seconds, name = kill
    run = folder / "outputs" / NAME / name
    before = checkpoints.newest(run / checkpoints.FOLDER).number
    while checkpoints.newest(run / checkpoints.FOLDER).number < before + after_commit:
        if process.poll() is not None:
            return False
        time.sleep(_LOOK_SECONDS)
    try:
        process.wait(seconds)
        return False
    except subprocess.TimeoutExpired:
        workers = _workers(process.pid)
    if not workers:  # they have not been started, or have ended
        return False
    killed, other = (process.pid, workers[0]) if rank == 0 else (workers[0], process.pid)
    os.kill(killed, signal.SIGKILL)
    at = time.monotonic()
    if rank == 0:
        process.wait()
    while _lives(other) and time.monotonic() - at < _SECONDS_TO_END:
        process.poll()
        time.sleep(_LOOK_SECONDS)
    if _lives(other):
        done.failures.append(f"{name}: a process lives {_SECONDS_TO_END:.0f} s after the kill of rank {rank}")
        os.kill(other, signal.SIGKILL)
    if rank and (code := process.wait()) not in (0, 8):
        done.failures.append(f"{name}: exit {code} after the kill of a worker\n{_said(folder)}")
    done.kills += 1
    done.failures += [f"{name}: {each}" for each in broken(run, before)]
    return True


def _workers(chief: int) -> list[int]:
    """The processes that the chief has started for its workers."""
    found = []
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            parent = int(Path("/proc", entry, "stat").read_text().rpartition(")")[2].split()[1])
            words = Path("/proc", entry, "cmdline").read_bytes().split(b"\0")
        except (OSError, IndexError):
            continue
        if parent == chief and b"--rank" in words:
            found.append(int(entry))
    return found


def _lives(process: int) -> bool:
    try:
        state = Path("/proc", str(process), "stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def _said(folder: Path) -> str:
    return "\n".join((folder / "said").read_text(errors="replace").splitlines()[-10:])


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="an empty folder that is kept; left out: a temporary one")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="worker-kills-") as temporary:
        folder = (options.folder or Path(temporary)).absolute()
        folder.mkdir(parents=True, exist_ok=True)
        return _kill_all(folder, options.kills, random.Random(options.seed))


def _kill_all(folder: Path, kills: int, generator: random.Random) -> int:
    (folder / "recipe.yaml").write_text(RECIPE, encoding="utf-8")
    started, whole = time.monotonic(), Done()
    _train(folder, ["train", "recipe.yaml", "--workers", "2", "--run", "whole"], whole)
    if whole.failures:
        print(whole.failures[0])
        return 1
    expected = outcome(folder / "outputs" / NAME / "whole")
    total, unequal, failures, number = 0, 0, 0, 0
    while total < kills:
        number += 1
        name, done = f"round-{number}", Done()
        path = folder / "outputs" / NAME / name
        arguments = ["train", "recipe.yaml", "--workers", "2", "--run", name]
        ranks = []
        for _ in range(min(3, kills - total)):
            aim = (generator.randint(0, 1), generator.randint(0, 3), generator.uniform(0, 3), name)
            if not _train(folder, arguments, done, kill=aim):
                break
            ranks.append(aim[0])
            if (path / runs.RECORD).exists():
                arguments = ["train", "--resume", f"outputs/{NAME}/{name}"]
        else:
            _train(folder, arguments, done)
        total, failures = total + done.kills, failures + len(done.failures)
        wrong = [] if done.failures else different(outcome(path), expected)
        unequal += bool(wrong)
        killed = ", ".join("chief" if rank == 0 else "worker" for rank in ranks) or "nobody"
        verdict = f"DIFFERENT {', '.join(wrong)}" if wrong else "FAILED" if done.failures else "equal"
        print(f"round {number}: killed {killed}; {verdict}")
        print(*done.failures, sep="\n", end="", flush=True)
    print(
        f"\n{total} kills in {number} rounds, {unequal} different, {failures} failures, {time.monotonic() - started:,.0f} s"
    )
    return 1 if unequal or failures else 0


if __name__ == "__main__":
    sys.exit(main())
